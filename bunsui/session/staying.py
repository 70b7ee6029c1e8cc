"""Steps that are no Task, in a history: maps, waits and loops; and operations that ran several times within one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bunsui.model.names import shorten
from bunsui.session.history import ENDED, STATE_NAME_LIMIT, Event
from bunsui.session.model import OperationRun, Status

ENTERED = ("MapStateEntered", "ParallelStateEntered", "WaitStateEntered")
EXITED = ("MapStateExited", "ParallelStateExited", "WaitStateExited")
FAILED = ("MapIterationFailed", "MapRunFailed", "MapStateFailed", "ParallelStateFailed")
"""Events that tell that a state failed (AWS API reference, HistoryEvent)."""

_GRAVEST = (Status.FAILED, Status.TIMED_OUT, Status.RUNNING, Status.ABORTED, Status.SUCCEEDED)
"""What of several runs says how it went."""


@dataclass(slots=True)
class _Stay:
    """What is known of one state so far."""

    name: str
    entered: datetime
    left: datetime | None = None
    failed: bool = False


def stay_runs(events: Iterable[Event], operations: Sequence[str]) -> tuple[OperationRun, ...]:
    """The maps, waits and loops that a history tells of, in order of their start.

    Args:
        events: oldest first; each names the one before it in its own branch.
        operations: the job's steps, those within others included.
    """
    names = {shorten(name, STATE_NAME_LIMIT): name for name in operations}
    stays: list[_Stay] = []
    of_event: dict[int, _Stay | None] = {}
    end: tuple[Status, datetime] | None = None
    for event in events:
        time, name = event.time.astimezone(UTC), names.get(str(event.details.get("name", "")))
        if event.type in ENDED:
            end = ENDED[event.type], time
        if event.type in ENTERED and name is not None:
            stays.append(_Stay(name, time))
            of_event[event.id] = stays[-1]
            continue
        of_event[event.id] = found = of_event.get(event.previous)
        if event.type in EXITED:
            found = next((one for one in reversed(stays) if one.name == name and one.left is None), None)
            if found is not None:
                found.left = time
        elif found is not None and event.type in FAILED:
            found.failed = True
    return tuple(_told(one, end) for one in stays)


def _told(found: _Stay, end: tuple[Status, datetime] | None) -> OperationRun:
    """A state that was never left shares the fate of its execution, unless it is what failed."""
    finished = found.left or (end[1] if end is not None else None)
    if found.failed:
        status = Status.FAILED
    elif found.left is not None:
        status = Status.SUCCEEDED
    elif end is None:
        status = Status.RUNNING
    else:
        status = Status.TIMED_OUT if end[0] is Status.TIMED_OUT else Status.ABORTED
    handled = found.failed and (found.left is not None or (end is not None and end[0] is Status.SUCCEEDED))
    return OperationRun(operation=found.name, status=status, started=found.entered, finished=finished, handled=handled)


def together(runs: Iterable[OperationRun]) -> dict[str, OperationRun]:
    """Each operation once: of one that ran several times, the gravest run with the time and tries of all."""
    groups: dict[str, list[OperationRun]] = {}
    for run in runs:
        groups.setdefault(run.operation, []).append(run)
    return {name: _one(group) for name, group in groups.items()}


def _one(runs: Sequence[OperationRun]) -> OperationRun:
    if len(runs) == 1:
        return runs[0]
    told = min(runs, key=lambda run: _GRAVEST.index(run.status) if run.status in _GRAVEST else len(_GRAVEST))
    ends = [run.finished for run in runs]
    return told.model_copy(
        update={
            "started": min((run.started for run in runs if run.started is not None), default=None),
            "finished": None if None in ends else max(end for end in ends if end is not None),
            "tries": sum(run.tries for run in runs),
            "tried": max((run.tried for run in runs if run.tried is not None), default=None),
        }
    )
