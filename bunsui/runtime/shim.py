"""The Lambda handler `bunsui.shim.handle`: event in, user's function called with typed values, envelope out.

Formats: docs/architecture.md: "Values between operations", "Environment variables of a function", "Log lines".
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import time
import types
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from . import hints, logs, store
from .decode import decode
from .encode import encode
from .failures import DecodeError, EncodeError, MissingInput, ResultTooLarge
from .invocation import IDS, running, subject

INLINE = 32 * 1024
"""Bytes of JSON that travel in the envelope where the event does not say."""

SMALL = 128
"""Bytes; a value that is no larger than a reference to it is never spilled."""


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Run the operation that the event names and return the envelope of its result.

    Raises:
        MissingInput, DecodeError, EncodeError, ResultTooLarge: the runtime's own.
        Exception: whatever the user's function raises, as it is.
    """
    logs.install()
    about = event.get("bunsui") if isinstance(event, Mapping) else None
    if about is None:
        raise MissingInput("the event has no field 'bunsui': this function is invoked by a state machine of bunsui")
    ids = {name: about.get(name) for name in IDS}
    with running({**ids, "request_id": getattr(context, "aws_request_id", None)}):
        return _logged(about, event.get("inputs") or {})


def _logged(about: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    logs.write("operation.started")
    try:
        with logs.printed():
            envelope, spilled = run(about, inputs)
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


def run(about: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Call the handler; gives the envelope of its result and how many bytes of it were spilled."""
    function = load(os.environ["BUNSUI_HANDLER"])
    result = function(**_arguments(function, inputs))
    if isinstance(result, types.CoroutineType):
        import asyncio

        result = asyncio.run(result)
    if result is None:
        _check_none(function)
    return enveloped(result, about)


def _check_none(function: Callable[..., Any]) -> None:
    """A function that falls off its end fails itself, rather than whoever takes its result."""
    promised = hints.of(_annotated(function)).get("return", Any)
    try:
        decode(None, promised, "result")
    except DecodeError:
        name = getattr(promised, "__name__", promised)
        raise EncodeError(
            f"{subject()} returned None, but its annotation says {name}; return one, or annotate it as optional"
        ) from None


def _annotated(function: Callable[..., Any]) -> Any:
    """Where a callable keeps its annotations."""
    return function if inspect.isroutine(function) or inspect.isclass(function) else type(function).__call__


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


def _arguments(function: Callable[..., Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    kinds = hints.of(_annotated(function))
    _check_complete(function, inputs)
    read: dict[str, Any] = {}
    return {
        name: decode(_value(name, envelope, read), kinds.get(name, Any), _parameter(name))
        for name, envelope in inputs.items()
    }


def _parameter(name: str) -> str:
    return f"{subject()}, parameter {name!r}"


def _check_complete(function: Callable[..., Any], inputs: Mapping[str, Any]) -> None:
    for name, parameter in inspect.signature(function).parameters.items():
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if named and parameter.default is parameter.empty and name not in inputs:
            raise MissingInput(f"{_parameter(name)}: the event has no value for it")


def _value(name: str, envelope: Mapping[str, Any], read: dict[str, Any]) -> Any:
    """The JSON value of an input; `read` keeps what came from S3 for the other inputs of this invocation."""
    if "pointer" in envelope:
        key = envelope["pointer"]
        if key not in read:
            read[key] = store.get(_artefacts(f"{_parameter(name)}: reading its value"), key)
        # Parsed for each input anew, so that no two inputs share a list that one of them changes.
        value = json.loads(read[key])
    elif "value" in envelope:
        value = envelope["value"]
    else:
        raise MissingInput(f"{_parameter(name)}: its envelope has neither 'value' nor 'pointer'")
    for depth, field in enumerate(path := envelope.get("path") or ()):
        if not isinstance(value, dict) or field not in value:
            raise MissingInput(f"{_parameter(name)}: the value has no field {'.'.join(path[: depth + 1])!r}")
        value = value[field]
    return value


def enveloped(result: Any, about: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The envelope of a result, and how many bytes of it were spilled."""
    value = encode(result, f"{subject()}: result")
    try:
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        raise EncodeError(f"{subject()}: result has text that is no valid Unicode (a lone surrogate)") from None
    if len(data) <= max(about.get("inline", INLINE), SMALL):
        return {"value": value}, 0
    bucket = _artefacts(f"{subject()}: keeping a result of {len(data)} bytes")
    place = [str(about[name]) for name in ("session", "attempt", "job", "operation")]
    key = "/".join([os.environ["BUNSUI_SPILL"], *place]) + ".json"
    store.put(bucket, key, data, "application/json")
    return {"pointer": key}, len(data)


def _artefacts(what: str) -> str:
    bucket = os.environ.get("BUNSUI_BUCKET")
    if not bucket:
        raise ResultTooLarge(
            f"{what} needs the artefact bucket, which this function may not use, since the declared types of its values"
            " are small; annotate the operation's result with the type that it returns"
        )
    return bucket


def _warm_up() -> None:
    """Import the user's module while Lambda starts the environment, when the CPU is at its fastest."""
    logs.install()
    # What goes wrong is raised, and logged with its ids, by the first invocation, which imports the module again.
    with contextlib.suppress(Exception):
        load(os.environ["BUNSUI_HANDLER"])


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "BUNSUI_HANDLER" in os.environ:
    _warm_up()
