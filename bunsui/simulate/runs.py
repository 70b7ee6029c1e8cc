"""When each step of a simulated run began and ended: read from the histories, as that of a real session is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bunsui.compile.states import state_name
from bunsui.interpreter import Execution
from bunsui.session.decided import decided_runs
from bunsui.session.history import operation_runs
from bunsui.session.mapped import mapped_runs
from bunsui.session.model import OperationRun, Status


class Event(NamedTuple):
    """An event of an execution's history."""

    id: int
    previous: int
    type: str
    time: datetime
    details: Mapping[str, Any]


@dataclass(slots=True)
class Run:
    """One step of a run.

    Attributes:
        began, ended: seconds since the run began.
        last: the last that the history of a real session would tell; None of a step that is no Task, Map or Choice.
    """

    began: float
    ended: float
    tries: int = 0
    last: OperationRun | None = field(default=None)

    @property
    def status(self) -> Status:
        """That of its Task; a step that has none and was reached went well.

        A history tells of a try that failed in a parallel branch that it was given up, for then the branch is.
        """
        if self.last is None:
            return Status.SUCCEEDED
        if self.last.status is Status.ABORTED and self.last.error:
            return Status.TIMED_OUT if self.last.kind == "timeout" else Status.FAILED
        return self.last.status


def runs(execution: Execution, steps: Sequence[str]) -> dict[str, Run]:
    """The steps that were reached or skipped, by name; one that a map ran several times is told once."""
    names = {state_name(name): name for name in steps}
    found: dict[str, Run] = {}
    for child in execution.nested:
        events = [_event(told) for told in child.history]
        for event in events:
            name = names.get(str(event.details.get("name")))
            if name is not None and event.type.endswith(("StateEntered", "StateExited")):
                _spans(found, name, event.time, execution.started)
        for read in (operation_runs, mapped_runs, decided_runs):
            for one in read(events, steps):
                run = _spans(found, one.operation, one.finished or one.started or execution.started, execution.started)
                run.tries += one.tries
                run.last = one
    return found


def _spans(found: dict[str, Run], name: str, time: datetime, started: datetime) -> Run:
    at = (time - started).total_seconds()
    run = found.setdefault(name, Run(at, at))
    run.ended = max(run.ended, at)
    return run


def _event(told: Mapping[str, Any]) -> Event:
    details: Mapping[str, Any] = next((value for name, value in told.items() if name.endswith("EventDetails")), {})
    return Event(told["id"], told["previousEventId"], told["type"], told["timestamp"], details)
