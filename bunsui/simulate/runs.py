"""When each operation of a simulated run began and ended: read from the histories, as that of a real session is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bunsui.compile.states import state_name
from bunsui.interpreter import Execution
from bunsui.session.history import operation_runs
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
    """One operation of a run.

    Attributes:
        began, ended: seconds since the run began.
        last: the last that is known of its Task; None where it has none.
    """

    began: float
    ended: float
    tries: int = 0
    last: OperationRun | None = field(default=None)

    @property
    def status(self) -> Status:
        """That of its Task; what has none and was reached went well.

        A history tells of a try that failed in a parallel branch that it was given up, for then the branch is.
        """
        if self.last is None:
            return Status.SUCCEEDED
        if self.last.status is Status.ABORTED and self.last.error:
            return Status.TIMED_OUT if self.last.kind == "timeout" else Status.FAILED
        return self.last.status


def runs(execution: Execution, operations: Iterable[str]) -> dict[str, Run]:
    """The operations that were reached, by name; one that a map ran several times is told once."""
    names = {state_name(name): name for name in operations}
    found: dict[str, Run] = {}
    for child in execution.nested:
        events = [_event(told) for told in child.history]
        for event in events:
            name = names.get(str(event.details.get("name")))
            if name is not None and event.type.endswith(("StateEntered", "StateExited")):
                at = (event.time - execution.started).total_seconds()
                run = found.setdefault(name, Run(at, at))
                run.ended = max(run.ended, at)
        for one in operation_runs(events, tuple(names.values())):
            run = found[one.operation]
            run.tries += one.tries
            run.last = one
            if one.finished is not None:
                run.ended = max(run.ended, (one.finished - execution.started).total_seconds())
    return found


def _event(told: Mapping[str, Any]) -> Event:
    details: Mapping[str, Any] = next((value for name, value in told.items() if name.endswith("EventDetails")), {})
    return Event(told["id"], told["previousEventId"], told["type"], told["timestamp"], details)
