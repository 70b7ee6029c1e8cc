"""When each step of a simulated run began and ended: read from the histories, as that of a real session is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from bunsui.compile.states import state_name
from bunsui.interpreter import Execution
from bunsui.session.decided import decided_runs
from bunsui.session.failure import explain
from bunsui.session.history import operation_runs
from bunsui.session.model import JobRun, OperationRun, Status
from bunsui.session.operations import complete
from bunsui.session.staying import stay_runs


class Event(NamedTuple):
    """An event of an execution's history."""

    id: int
    previous: int
    type: str
    time: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One step of a run.

    Attributes:
        began, ended: seconds since the run began.
        told: what a session's report would tell; None of a step that went well and is no Task, Map or Choice.
    """

    began: float
    ended: float
    told: OperationRun | None = None

    @property
    def status(self) -> Status:
        """What became of it.

        A history tells of a try that failed in a parallel branch that it was given up, for then the branch is.
        """
        if self.told is None:
            return Status.SUCCEEDED
        if self.told.status is Status.ABORTED and self.told.error:
            return Status.TIMED_OUT if self.told.kind == "timeout" else Status.FAILED
        return self.told.status

    @property
    def wrong(self) -> bool:
        """Whether it has an error that nothing took care of."""
        return self.told is not None and bool(self.told.error) and not self.told.handled

    def around(self, parts: Sequence[Run]) -> Run:
        """The same with the time of the steps within it."""
        began, ended = min(one.began for one in (self, *parts)), max(one.ended for one in (self, *parts))
        return replace(self, began=began, ended=ended)


def runs(executions: Sequence[Execution], steps: Sequence[str]) -> dict[str, Run]:
    """The steps that were reached or skipped, by name; one that ran several times is told once.

    Args:
        executions: of the pipeline's state machine, and behind it those of its jobs.
        steps: their names.
    """
    found: dict[str, Run] = {}
    execution, *children = executions
    for child in children:
        events = [_event(told) for told in child.history]
        spans, open_ = _spans(events, {state_name(name): name for name in steps})
        history = [one for read in (operation_runs, stay_runs, decided_runs) for one in read(events, steps)]
        known = {one.operation for one in history}
        history += [
            OperationRun(operation=name, status=Status.ABORTED, started=spans[name][0]) for name in open_ - known
        ]
        for one in complete(_job_run(child), history).operations:
            times = [time for time in (*spans.get(one.operation, ()), one.started, one.finished) if time is not None]
            spans[one.operation] = min(times), max(times)
            found[one.operation] = Run(0.0, 0.0, one)
        for name, (first, last) in spans.items():
            began, ended = ((time - execution.started).total_seconds() for time in (first, last))
            found[name] = replace(found.get(name, Run(began, ended)), began=began, ended=ended)
    return found


def _spans(events: Iterable[Event], names: Mapping[str, str]) -> tuple[dict[str, tuple[datetime, datetime]], set[str]]:
    """First and last time of the states of each step, and the steps that were not left."""
    found: dict[str, tuple[datetime, datetime]] = {}
    inside: Counter[str] = Counter()
    last = None
    for event in events:
        last = event.time
        name = names.get(str(event.details.get("name")))
        if name is not None and event.type.endswith(("StateEntered", "StateExited")):
            found[name] = found.get(name, (event.time,))[0], event.time
            inside[name] += 1 if event.type.endswith("StateEntered") else -1
    open_ = {name for name, count in inside.items() if count > 0}
    if last is not None:
        found |= {name: (found[name][0], last) for name in open_}
    return found, open_


def _job_run(child: Execution) -> JobRun:
    """An execution as its record would tell it; an error that comes from an execution below has been told there."""
    told = explain(child.error, child.cause)
    own = child.error is not None and not told.execution
    why = {"kind": told.kind, "error": told.error, "cause": told.message} if own else {}
    return JobRun(job=child.name, status=Status(child.status), **why)


def _event(told: Mapping[str, Any]) -> Event:
    details: Mapping[str, Any] = next((value for name, value in told.items() if name.endswith("EventDetails")), {})
    return Event(told["id"], told["previousEventId"], told["type"], told["timestamp"], details)
