"""Cancelling a session: its execution first, so that nothing new begins, then what it had running.

Step Functions stops the executions that a stopped one waits for only as well as it can (AWS, connect-to-resource:
"best-effort attempt to cancel the task"), so they are stopped here as well. A Lambda function that runs cannot be
stopped by anybody; it goes on to its end, and its result is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bunsui.session.arns import job_execution
from bunsui.session.failure import CANCELLED
from bunsui.session.ids import utc_now
from bunsui.session.model import Cancellation, Session, Status
from bunsui.session.reconcile import Reconciler
from bunsui.session.segments import segment_executions
from bunsui.session.store import Ending, Store

if TYPE_CHECKING:
    from bunsui.aws import Aws
    from bunsui.aws.stepfunctions import StepFunctions

CAUSE_LIMIT = 32_768
"""Characters of a cause (AWS API reference, StopExecution)."""
WAITS_S = (0.2, 0.4, 0.8, 1.6)
"""How long a stop may take to be told: DescribeExecution is "eventually consistent" (AWS API reference)."""


@dataclass(frozen=True, slots=True)
class Canceller:
    """Stops sessions by way of a connection; every method raises AwsError."""

    aws: Aws
    prefix: str = ""
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep

    def cancel(self, session: Session, *, who: str = "", why: str = "") -> Cancellation:
        """Stop a session and record it as aborted; one that is over stays as it is, and that is said.

        Args:
            session: as observed.
            who: for the record.
            why: for the record.
        """
        if session.status.finished:
            return _over(session)
        cause = f"cancelled{f' by {who}' if who else ''}{f': {why}' if why else ''}"[:CAUSE_LIMIT]
        at = _stop(self._executions, session.execution, cause)
        after = self._settled(session, Ending(Status.ABORTED, at, CANCELLED, cause) if at else None)
        segments = self._stop_segments(after, None, after.execution, cause) if at is not None else ()
        jobs = (*segments, *self._stop_jobs(after, cause), *self._stop_nested(after, who=who, why=why))
        if at is None or after.status is not Status.ABORTED:
            return _over(after)
        message = f"session {session.id} is cancelled"
        return Cancellation(session=after, stopped=True, executions=(session.execution, *jobs), message=message)

    def _settled(self, session: Session, ending: Ending | None) -> Session:
        """The session as its execution says it ended, or as we ended it where AWS does not say so in time."""
        after = self._reconciler.session(session)
        for wait in WAITS_S:
            if after.status.finished:
                return after
            self.sleep(wait)
            after = self._reconciler.session(session)
        if not after.status.finished and ending is not None:
            store = Store(self.aws)
            store.settle_session(session, ending)
            after = store.session(session.id) or after
        return after

    def _stop_jobs(self, session: Session, cause: str) -> Iterator[str]:
        """Stop and settle the jobs of a stopped session, and yield the executions that were running."""
        store = Store(self.aws)
        for run in store.job_runs(session.id, session.attempt):
            execution = job_execution(session, run, self.prefix)
            at = None if run.status.finished else _stop(self._executions, execution, cause)
            if at is not None:
                store.settle_job_run(session.id, run, Ending(Status.ABORTED, at, CANCELLED, cause))
                yield execution
            if not run.status.finished:
                yield from self._stop_segments(session, run.job, execution, cause)
        self._reconciler.job_runs(session, store.job_runs(session.id, session.attempt))

    def _stop_segments(self, session: Session, job: str | None, execution: str, cause: str) -> Iterator[str]:
        """Stop what an execution's state machine was cut into, and yield the executions that were running."""
        from bunsui.aws import ServiceError

        if not execution:
            return
        try:
            events = tuple(self._executions.history(execution, data=False))
        except ServiceError:
            return  # What AWS does not tell was not begun, or Step Functions stops it alone.
        for segment in segment_executions(session, job, execution, events, self.prefix):
            if _stop(self._executions, segment, cause) is not None:
                yield segment
            yield from self._stop_segments(session, job, segment, cause)

    def _stop_nested(self, session: Session, *, who: str, why: str) -> Iterator[str]:
        """Cancel the sessions of nested pipelines that a stopped session had running, and yield what was stopped."""
        for child in Store(self.aws).children(session):
            yield from self.cancel(child, who=who, why=why).executions

    @property
    def _reconciler(self) -> Reconciler:
        return Reconciler(self.aws, self.prefix, self.clock)

    @property
    def _executions(self) -> StepFunctions:
        from bunsui.aws.stepfunctions import StepFunctions

        return StepFunctions(self.aws)


def _stop(executions: StepFunctions, execution: str, cause: str) -> datetime | None:
    """Stop an execution and tell when; None when it was over or never began."""
    from bunsui.aws import ServiceError

    detail = executions.describe_execution(execution) if execution else None
    if not execution or (detail is not None and not detail.running):
        return None
    try:
        return executions.stop_execution(execution, error=CANCELLED, cause=cause).astimezone(UTC)
    except ServiceError as error:
        if error.aws_code == "ExecutionDoesNotExist":
            return None
        after = executions.describe_execution(execution)
        if after is None or after.running:
            raise
        return None


def _over(session: Session) -> Cancellation:
    if session.status.finished:
        why = f"is over already ({session.status.value.lower().replace('_', ' ')})"
    else:
        why = "has no execution that AWS knows"
    return Cancellation(session=session, stopped=False, message=f"session {session.id} {why}; nothing was stopped")
