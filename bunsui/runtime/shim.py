"""The Lambda handler `bunsui.shim.handle`: event in, user's function called with typed values, envelope out.

Formats: docs/architecture.md: "Values between operations", "Environment variables of a function", "Log lines".
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time
import types
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from . import logs
from .call import call
from .failures import MissingInput
from .invocation import IDS, running
from .result import enveloped


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Run the operation that the event names and return the envelope of its result.

    Raises:
        RuntimeFailure: the runtime's own.
        Exception: whatever the user's function raises, as it is.
    """
    logs.install()
    about = event.get("bunsui") if isinstance(event, Mapping) else None
    if about is None:
        raise MissingInput("the event has no field 'bunsui': this function is invoked by a state machine of bunsui")
    ids = {name: about.get(name) for name in IDS}
    with running({**ids, "request_id": getattr(context, "aws_request_id", None)}):
        return _logged(event)


def _logged(event: Mapping[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    logs.write("operation.started")
    try:
        with logs.printed():
            envelope, spilled = run(event)
    except BaseException as error:
        logs.write(
            "operation.failed",
            "ERROR",
            error=type(error).__name__,
            message=logs.shortened(str(error)),
            traceback=logs.shortened(logs.trace(error)),
            **_measured(started),
        )
        # Lambda reports the frames in the cause, where Step Functions has little room.
        raise error.with_traceback(logs.beyond_ours(error.__traceback__))  # noqa: B904 - the same error
    logs.write("operation.finished", **_measured(started), spilled_bytes=spilled)
    return envelope


def _measured(started: float) -> dict[str, Any]:
    found: dict[str, Any] = {"duration_ms": round((time.monotonic() - started) * 1000, 1)}
    peak = _peak_mb()
    return found if peak is None else {**found, "memory_mb": peak}


def _peak_mb() -> float | None:
    """Largest resident size of this process; getrusage would count that of the process which started it, too."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib costs a cold start
            line = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):  # not Linux, where only tests run
        return None
    return round(int(line.split()[1]) / 1024, 1)


def run(event: Mapping[str, Any], function: Callable[..., Any] | None = None) -> tuple[dict[str, Any], int]:
    """Call the handler, or what stands for it; gives the envelope of its result, and how many bytes went into S3."""
    return enveloped(call(function or load(os.environ["BUNSUI_HANDLER"]), event), event["bunsui"])


@lru_cache(maxsize=8)
def load(handler: str) -> Callable[..., Any]:
    """The function `package.module:function`; a declared operation's own function.

    Raises:
        Exception: whatever importing the module raises.
        AttributeError: the module has no such function.
    """
    module, _, name = handler.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    for wrapped in ("function", "_function"):
        inner = getattr(found, wrapped, None) if not isinstance(found, types.FunctionType) else None
        if callable(inner):
            return inner  # type: ignore[no-any-return]
    return found  # type: ignore[no-any-return]


def _warm_up() -> None:
    """Import the user's module while Lambda starts the environment, when the CPU is at its fastest."""
    logs.install()
    # What goes wrong is raised, and logged with its ids, by the first invocation, which imports the module again.
    with contextlib.suppress(Exception):
        load(os.environ["BUNSUI_HANDLER"])


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "BUNSUI_HANDLER" in os.environ:
    _warm_up()
