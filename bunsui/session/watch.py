"""Watching a session: a snapshot whenever something happened, until the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bunsui.session.model import Change, SessionReport, Snapshot, Status, Timed


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, in seconds: `first` after something happened, then `factor` times longer up to `longest`."""

    first: float = 1.0
    factor: float = 1.5
    longest: float = 10.0

    def after(self, wait: float) -> float:
        """The wait after one that brought nothing new."""
        return min(wait * self.factor, self.longest)


def watch(
    look: Callable[[], SessionReport],
    *,
    pace: Pace | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Snapshot]:
    """Snapshots: the first at once, then one for each look that shows a change; the last one shows the session over.

    Leaving the iteration, by Ctrl-C for example, only stops watching.

    Args:
        look: makes a report.
        pace: of the looks.
        sleep: waits so many seconds.
    """
    pace = pace or Pace()
    before: SessionReport | None = None
    wait = pace.first
    while True:
        report = look()
        changes = changes_between(before, report)
        over = report.session.status.finished
        if changes or before is None or over:
            yield Snapshot(report=report, changes=changes)
        if over:
            return
        wait = pace.first if changes else pace.after(wait)
        before = report
        sleep(wait)


def changes_between(before: SessionReport | None, after: SessionReport) -> tuple[Change, ...]:
    """What happened from one report to the next, by time; for the first report all that has happened so far."""
    known = {_key(change): change for change in _states(before)} if before else {}
    found = []
    for change in _states(after):
        past = known.get(_key(change))
        if past is None and change.status is Status.NOT_STARTED:
            continue
        if past is None or (past.status, past.tries) != (change.status, change.tries):
            found.append(change.model_copy(update={"before": past.status if past else None}))
    return tuple(sorted(found, key=_order))


def _key(change: Change) -> tuple[str, str]:
    return change.job, change.operation


def _order(change: Change) -> tuple[float, int]:
    """By time; of one moment what begins comes from the outside in, and what ends from the inside out."""
    depth = ("session", "job", "operation").index(change.what)
    return change.time.timestamp() if change.time else 0.0, 2 - depth if change.status.finished else 3 + depth


def _states(report: SessionReport) -> Iterator[Change]:
    """Where everything in a report is, told as if it had just come there."""
    session = report.session
    yield Change(what="session", **_told(session), message=session.cause)
    for run in report.jobs:
        yield Change(what="job", **_told(run), message=run.cause, job=run.job, handled=run.handled)
        for one in run.operations:
            told = {**_told(one), "message": one.message, "tries": one.tries, "handled": one.handled}
            if one.tries > 1 and not one.status.finished:
                told["time"] = one.tried or one.started
            yield Change(what="operation", job=run.job, operation=one.operation, **told)


def _told(thing: Timed) -> dict[str, Any]:
    time = thing.finished if thing.status.finished else thing.started
    return {"status": thing.status, "time": time, "error": thing.error}
