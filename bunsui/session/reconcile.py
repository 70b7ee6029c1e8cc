"""Where the record and the executions disagree: a state machine that was stopped or timed out could not write its end.

An end is taken from the execution only after the execution is over, and written only where the record still says
RUNNING, so that nothing the state machine wrote is ever lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bunsui.model.names import Names, execution_name
from bunsui.session.arns import Place, job_execution
from bunsui.session.ids import utc_now
from bunsui.session.model import JobRun, Session, Status
from bunsui.session.store import Ending, Store

if TYPE_CHECKING:
    from bunsui.aws import Aws
    from bunsui.aws.stepfunctions import ExecutionDetail

ENDINGS = {
    "SUCCEEDED": Status.SUCCEEDED,
    "FAILED": Status.FAILED,
    "TIMED_OUT": Status.TIMED_OUT,
    "ABORTED": Status.ABORTED,
}
"""The ends of an execution (AWS API reference, DescribeExecution)."""

FORGETS = timedelta(days=1)
"""AWS knows an execution for 90 days after its end, but may take a moment to know of its start (DescribeExecution is
"eventually consistent"): only an old one that it does not know is over."""
TIMED_OUT_CAUSE = "the execution took longer than its state machine allows"


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Settles records by way of a connection."""

    aws: Aws
    prefix: str = ""
    clock: Callable[[], datetime] = utc_now

    def session(self, session: Session) -> Session:
        """The session, settled if its execution is over and nobody recorded it."""
        if session.status.finished or not session.execution:
            return session
        detail, now = self._describe(session.execution), self.clock()
        if detail is None and session.started and now - session.started < FORGETS:
            return session
        ending = ending_of(detail, now)
        if ending is None:
            return session
        store = Store(self.aws)
        recorded = store.session(session.id)
        if recorded is None or not recorded.status.finished:
            store.settle_session(session, ending)
            recorded = store.session(session.id)
        return recorded or session

    def job_runs(self, session: Session, runs: tuple[JobRun, ...]) -> tuple[JobRun, ...]:
        """The job runs; those that a finished session left behind are settled.

        While the session runs nothing is settled: its state machine is about to write itself.
        """
        if not session.status.finished or all(run.status.finished for run in runs):
            return runs
        store = Store(self.aws)
        for run in runs:
            if not run.status.finished:
                detail = self._describe(job_execution(session, run, self.prefix))
                ending = ending_of(detail, self.clock()) if detail else _with_session(session, self.clock())
                if ending is not None:
                    store.settle_job_run(session.id, run, ending)
        return store.job_runs(session.id, session.attempt)

    def unrecorded(self, id: str, pipeline: str, place: Place, attempt: int = 1) -> Session | None:
        """A session that has just started, or never came to write its record, from its execution."""
        names = Names(pipeline, self.prefix)
        detail = self._describe(place.execution(names.machine, execution_name(id, attempt)))
        if detail is None:
            return None
        given = json.loads(detail.input) if detail.input else {}
        return Session(
            id=id,
            pipeline=pipeline,
            status=Status.RUNNING,
            attempt=attempt,
            started=detail.started.astimezone(UTC),
            parameters=given.get("parameters", {}),
            execution=detail.arn,
            parent=given.get("parent", {}).get("session", ""),
            step=given.get("parent", {}).get("step", ""),
        )

    def _describe(self, execution: str) -> ExecutionDetail | None:
        from bunsui.aws.stepfunctions import StepFunctions

        return StepFunctions(self.aws).describe_execution(execution) if execution else None


def ending_of(detail: ExecutionDetail | None, now: datetime) -> Ending | None:
    """How an execution ended; None while it runs. One that AWS no longer knows is over."""
    if detail is None:
        return Ending(Status.ABORTED, now, "ExecutionDoesNotExist", "AWS no longer knows the execution")
    status = ENDINGS.get(detail.status)
    if status is None:
        return None
    error, cause = detail.error or "", detail.cause or ""
    if status is Status.TIMED_OUT:
        error, cause = error or "States.Timeout", cause or TIMED_OUT_CAUSE
    if status is Status.ABORTED and not error:
        error, cause = "Aborted", cause or "it was stopped"
    outputs = (detail.output or "") if status is Status.SUCCEEDED else ""
    return Ending(status, (detail.stopped or now).astimezone(UTC), error, cause, outputs)


def _with_session(session: Session, now: datetime) -> Ending:
    """A job run whose execution never began ends with its session."""
    return Ending(
        Status.ABORTED, session.finished or now, session.error or "Aborted", session.cause or "it never began"
    )
