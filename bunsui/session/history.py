"""Operations from the history of a job's execution.

A state's name is its operation's, shortened to 80 characters. Events of parallel branches are interleaved; each names
the event before it in its own branch (`previousEventId`, AWS API reference, HistoryEvent), which leads back to it.
Where there is no such id, an event belongs to the state entered last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from bunsui.model.names import segment_number, shorten
from bunsui.session.failure import TIMEOUT, explain
from bunsui.session.model import OperationRun, Status

STATE_NAME_LIMIT = 80

BEGUN = frozenset({"TaskScheduled", "LambdaFunctionScheduled"})
WENT_WELL = frozenset({"TaskSucceeded", "LambdaFunctionSucceeded"})
WENT_WRONG: Mapping[str, Status] = {
    "TaskFailed": Status.FAILED,
    "TaskStartFailed": Status.FAILED,
    "TaskSubmitFailed": Status.FAILED,
    "TaskTimedOut": Status.TIMED_OUT,
    "LambdaFunctionFailed": Status.FAILED,
    "LambdaFunctionScheduleFailed": Status.FAILED,
    "LambdaFunctionStartFailed": Status.FAILED,
    "LambdaFunctionTimedOut": Status.TIMED_OUT,
    "EvaluationFailed": Status.FAILED,
}
"""How a try ends badly, and what the operation is then when it was the last try."""
MACHINE = "startExecution"
"""Part of the resource of a Task that runs another state machine."""
NAMED = {"TaskStateExited": "name", "EvaluationFailed": "state"}
"""Events that say themselves which state they are about, and in which detail."""
ENDED: Mapping[str, Status] = {
    "ExecutionSucceeded": Status.SUCCEEDED,
    "ExecutionFailed": Status.FAILED,
    "ExecutionTimedOut": Status.TIMED_OUT,
    "ExecutionAborted": Status.ABORTED,
}


class Event(Protocol):
    """One event of a history, as `bunsui.aws.stepfunctions` gives it."""

    @property
    def id(self) -> int: ...  # noqa: D102 - GetExecutionHistory's words
    @property
    def previous(self) -> int: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def time(self) -> datetime: ...  # noqa: D102
    @property
    def details(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(slots=True)
class _State:
    """What is known of one Task state so far."""

    name: str
    entered: datetime
    lambda_task: bool = False
    nested: bool = False
    given_up: bool = False
    tries: int = 0
    tried: datetime | None = None
    timeout_s: int | None = None
    ended: datetime | None = None
    status: Status = Status.RUNNING
    exited: bool = False
    error: str = ""
    cause: str = ""
    wrong: Status | None = field(default=None)


def operation_runs(events: Iterable[Event], operations: Sequence[str] = ()) -> tuple[OperationRun, ...]:
    """The operations that a history tells of, in order of their start.

    Args:
        events: oldest first; inputs and outputs are not needed.
        operations: the job's operations; without them every Task state that invokes a function counts as one.
    """
    states, end = _read(events)
    names = {shorten(name, STATE_NAME_LIMIT): name for name in operations}
    return tuple(
        _told(state, names.get(state.name, state.name), end)
        for state in states
        if (
            state.name in names if names else state.lambda_task or (state.nested and segment_number(state.name) is None)
        )
    )


def _read(events: Iterable[Event]) -> tuple[list[_State], tuple[Status, datetime] | None]:
    """The Task states in order, and how and when the execution ended."""
    states: list[_State] = []
    of_event: dict[int, _State | None] = {}
    last: _State | None = None
    end: tuple[Status, datetime] | None = None
    for event in events:
        if event.type in ENDED:
            end = ENDED[event.type], event.time.astimezone(UTC)
        _settle(states, event)
        if event.type == "TaskStateEntered":
            last = _State(str(event.details.get("name", "")), event.time.astimezone(UTC))
            states.append(last)
            of_event[event.id] = last
            continue
        if event.type.endswith("StateEntered"):
            last = None
        state = of_event.get(event.previous) if event.previous else last
        told = event.details.get(NAMED[event.type]) if event.type in NAMED else None
        # Only the event before it tells which of the iterations that run at the same time it is about.
        if told is not None and (state is None or state.name != told or state.exited):
            state = next((one for one in reversed(states) if one.name == told and not one.exited), None)
        of_event[event.id] = state
        if state is not None:
            _apply(state, event)
    return states, end


def _settle(states: Iterable[_State], event: Event) -> None:
    """What the end of other states says of a caught failure: one that led to a Fail is handled only around that."""
    name = str(event.details.get("name", ""))
    for state in states if event.type in _SETTLES else ():
        if state.wrong and name in (shorten(f"{state.name}: {end}", STATE_NAME_LIMIT) for end in _SETTLES[event.type]):
            state.given_up = event.type == "FailStateEntered"


_SETTLES: Mapping[str, tuple[str, ...]] = {
    "FailStateEntered": ("failed", "unsuccessful"),
    "ParallelStateExited": ("whole",),
}
"""Events of states beside a step's own, and how they are called after it (bunsui.compile.steps)."""


def _apply(state: _State, event: Event) -> None:
    """What one event says about its state."""
    time = event.time.astimezone(UTC)
    if event.type in BEGUN:
        state.tries, state.tried = state.tries + 1, time
        state.lambda_task |= event.type.startswith("Lambda") or event.details.get("resourceType") == "lambda"
        state.nested |= MACHINE in str(event.details.get("resource", ""))
        state.timeout_s = event.details.get("timeoutInSeconds", state.timeout_s)
        state.ended = None
    elif event.type in WENT_WELL:
        state.ended, state.wrong, state.error, state.cause = time, None, "", ""
    elif event.type in WENT_WRONG:
        state.ended = time
        state.error = str(event.details.get("error") or "")
        state.cause = str(event.details.get("cause") or "")
        state.wrong = Status.TIMED_OUT if state.error == TIMEOUT else WENT_WRONG[event.type]
    elif event.type == "TaskStateAborted":
        state.ended, state.exited, state.status = time, True, Status.ABORTED
    elif event.type == "TaskStateExited":
        state.ended, state.exited, state.status = time, True, state.wrong or Status.SUCCEEDED


def _fate(state: _State, end: tuple[Status, datetime] | None) -> tuple[Status, datetime | None]:
    """Where a state is, and since when if it is over."""
    if state.exited:
        return state.status, state.ended
    if end is None:
        return Status.RUNNING, None
    over, at = end
    if state.wrong is not None and state.ended is not None:
        return state.wrong, state.ended
    return Status.TIMED_OUT if over is Status.TIMED_OUT else Status.ABORTED, state.ended or at


def _told(state: _State, operation: str, end: tuple[Status, datetime] | None) -> OperationRun:
    """The state as an operation; one that never exited shares the fate of its execution."""
    status, finished = _fate(state, end)
    told = explain(state.error, state.cause) if state.wrong else None
    message = told.message if told else ""
    if told and told.kind == "timeout":
        status = Status.TIMED_OUT if status is Status.FAILED else status
        message = f"timed out after {state.timeout_s} s" if state.timeout_s and message == "timed out" else message
    return OperationRun(
        operation=operation,
        status=status,
        started=state.entered,
        finished=finished,
        tries=state.tries,
        tried=state.tried,
        kind=told.kind if told else None,
        error=told.error if told else "",
        message=message,
        handled=told is not None and state.exited and state.status is not Status.ABORTED and not state.given_up,
        traceback=told.traceback if told else (),
        nested=state.nested,
    )
