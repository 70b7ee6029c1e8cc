"""256 KiB is the most that goes from state to state.

AWS: the input of an execution, the result of a task and the output of a state carry at most 262,144 bytes of JSON in
UTF-8; more is States.DataLimitExceeded, which `States.ALL` does not catch, nor does it catch States.Runtime.

MiniStack: has no limit, so a pipeline that passes large values works here and fails on AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bunsui.local.traits.anchor import wrap

MAX_BYTES = 262_144

_TERMINAL = ("States.DataLimitExceeded", "States.Runtime")


def apply() -> None:
    """Patch where outputs are recorded, where an execution starts, and what `States.ALL` means."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_add_event", _limited)
    wrap(stepfunctions, "_start_execution", _limited_input)
    wrap(stepfunctions, "_error_matches", _but_terminal)


def exceeds(text: str) -> bool:
    """Whether a JSON text is too large once it is written without needless spaces and escapes."""
    if len(text) <= MAX_BYTES // 6:
        return False
    compact = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    return len(compact.encode()) > MAX_BYTES


def _limited(add: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def add_event(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> Any:
        if kind == "TaskSucceeded" or kind.endswith("StateExited"):
            recorded: dict[str, Any] = next(iter((details or {}).values()), {})
            if exceeds(recorded.get("output") or ""):
                name = recorded.get("name") or recorded.get("resource")
                raise sfn._ExecutionError(
                    "States.DataLimitExceeded",
                    f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes "
                    "service limit.",
                )
        return add(execution, kind, details)

    return add_event


def _limited_input(start: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def start_execution(data: dict[str, Any]) -> Any:
        if len(str(data.get("input", "")).encode()) > MAX_BYTES:
            message = "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have "
            return sfn.error_response_json("ValidationException", f"{message}length less than or equal to 262144", 400)
        return start(data)

    return start_execution


def _but_terminal(matches: Callable[[Any, str], bool]) -> Callable[[Any, str], bool]:
    def error_matches(error_equals: list[str], error: str) -> bool:
        if error in _TERMINAL:
            return error in error_equals
        return matches(error_equals, error)

    return error_matches
