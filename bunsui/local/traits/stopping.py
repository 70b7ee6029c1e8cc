"""An execution that is stopped, failed or out of time does nothing more, and stays what it became.

AWS: StopExecution ends the execution at once, and the child executions that it waits for; the top-level TimeoutSeconds
of a state machine makes it TIMED_OUT; neither changes afterwards; a failed execution has no output.

MiniStack: a stopped execution's thread sleeps on in its Wait state, and may turn from ABORTED to FAILED later; the
top-level TimeoutSeconds is ignored; a failed execution shows its error as output.

Mended: every thread knows what can end its work (its execution, its branch, its task's timeout) and looks while it
waits. `nesting` and `parallel` build on it.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from bunsui.local.traits.anchor import wrap

_POLL_SECONDS = 0.02

Ended = Callable[[], bool]
_reasons: contextvars.ContextVar[tuple[Ended, ...]] = contextvars.ContextVar("reasons", default=())


class StoppedError(BaseException):
    """Leaves a thread whose work has ended; not an Exception, for neither Retry nor Catch may see it."""


def check() -> None:
    """Raise `StoppedError` when the work of this thread has ended."""
    if any(ended() for ended in _reasons.get()):
        raise StoppedError


def sleep(seconds: float) -> None:
    """Sleep, but not longer than there is work."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        check()
        time.sleep(min(left, _POLL_SECONDS))


@contextlib.contextmanager
def ending(ended: Ended) -> Iterator[None]:
    """Within the block, and in threads that copy its context, this too can end the work."""
    token = _reasons.set((*_reasons.get(), ended))
    try:
        yield
    finally:
        _reasons.reset(token)


def apply() -> None:
    """Patch how an execution runs, sleeps and fails."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_run_execution", _bounded)
    wrap(stepfunctions, "_fail_execution", _once)
    wrap(stepfunctions, "_invoke_resource_with_timeout", _abandoned)
    wrap(stepfunctions, "_scaled_sleep", lambda _: lambda seconds: sleep(seconds * stepfunctions._SFN_WAIT_SCALE))


def _bounded(run: Callable[[str], None]) -> Callable[[str], None]:
    from ministack.services import stepfunctions

    def run_execution(arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        if execution is None:
            return
        # A child's thread is started in its parent's context, but only its own status counts.
        _reasons.set((lambda: execution["status"] != "RUNNING",))
        seconds = _timeout(stepfunctions, execution)
        timer = threading.Timer(seconds or 0, contextvars.copy_context().run, (_time_out, execution))
        timer.daemon = True
        if seconds is not None:
            timer.start()
        try:
            with contextlib.suppress(StoppedError):
                run(arn)
        finally:
            timer.cancel()

    return run_execution


def _timeout(stepfunctions: Any, execution: dict[str, Any]) -> float | None:
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    try:
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
    except (KeyError, ValueError):
        return None
    return seconds * stepfunctions._SFN_WAIT_SCALE if isinstance(seconds, int) else None


def _time_out(execution: dict[str, Any]) -> None:
    from ministack.services import stepfunctions

    if execution["status"] == "RUNNING":
        execution.update(status="TIMED_OUT", error="States.Timeout", stopDate=stepfunctions.now_iso())
        stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
        stepfunctions._emit_execution_status_event(execution)


def _once(fail: Callable[..., None]) -> Callable[..., None]:
    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)
            execution["output"] = None

    return fail_execution


def _abandoned(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoke_with_timeout(resource: str, input_data: Any, timeout: float) -> Any:
        over = threading.Event()
        with ending(over.is_set):
            try:
                return invoke(resource, input_data, timeout)
            finally:
                over.set()

    return invoke_with_timeout
