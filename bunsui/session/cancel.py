"""Cancelling a session: its execution first, so that nothing new begins, then what it had running.

Step Functions stops the executions that a stopped one waits for only as well as it can (AWS, connect-to-resource:
"best-effort attempt to cancel the task"), so they are stopped here as well. A Lambda function that runs cannot be
stopped by anybody; it goes on to its end, and its result is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bunsui.session.arns import job_execution
from bunsui.session.failure import CANCELLED
from bunsui.session.ids import utc_now
from bunsui.session.model import Cancellation, Session, Status
from bunsui.session.reconcile import Reconciler
from bunsui.session.store import Store

if TYPE_CHECKING:
    from bunsui.aws import Aws
    from bunsui.aws.stepfunctions import StepFunctions

CAUSE_LIMIT = 32_768
"""Characters of a cause (AWS API reference, StopExecution)."""


@dataclass(frozen=True, slots=True)
class Canceller:
    """Stops sessions by way of a connection; every method raises AwsError."""

    aws: Aws
    prefix: str = ""
    clock: Callable[[], datetime] = utc_now

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
        stopped = tuple(self._stop(session, cause))
        reconciler = Reconciler(self.aws, self.prefix, self.clock)
        after = reconciler.session(session)
        reconciler.job_runs(after, Store(self.aws).job_runs(session.id, session.attempt))
        if after.status is not Status.ABORTED:
            return _over(after)
        return Cancellation(
            session=after, stopped=True, executions=stopped, message=f"session {session.id} is cancelled"
        )

    def _stop(self, session: Session, cause: str) -> Iterator[str]:
        """Stop the session's execution, then those of its jobs, and yield what was running."""
        executions = self._executions
        if _stop_one(executions, session.execution, cause):
            yield session.execution
        for run in Store(self.aws).job_runs(session.id, session.attempt):
            if not run.status.finished:
                execution = job_execution(session, run, self.prefix)
                if _stop_one(executions, execution, cause):
                    yield execution

    @property
    def _executions(self) -> StepFunctions:
        from bunsui.aws.stepfunctions import StepFunctions

        return StepFunctions(self.aws)


def _stop_one(executions: StepFunctions, execution: str, cause: str) -> bool:
    """Whether the execution was running until now."""
    from bunsui.aws import ServiceError

    detail = executions.describe_execution(execution)
    if detail is None or not detail.running:
        return False
    try:
        executions.stop_execution(execution, error=CANCELLED, cause=cause)
    except ServiceError:
        after = executions.describe_execution(execution)
        if after is not None and after.running:
            raise
        return False
    return True


def _over(session: Session) -> Cancellation:
    words = session.status.value.lower().replace("_", " ")
    return Cancellation(
        session=session, stopped=False, message=f"session {session.id} is over already ({words}); nothing was stopped"
    )
