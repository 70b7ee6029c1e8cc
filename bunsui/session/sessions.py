"""Everything one can do with sessions, in one place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any

from bunsui.errors import AwsError, UsageError
from bunsui.model.names import Names
from bunsui.session.approvals import Approvals
from bunsui.session.arns import machine_of
from bunsui.session.cancel import Canceller
from bunsui.session.ids import utc_now
from bunsui.session.logs import DRAIN_S, LogReader
from bunsui.session.model import (
    Answer,
    Cancellation,
    LogLine,
    Question,
    Questions,
    Session,
    SessionPage,
    SessionReport,
    Snapshot,
    Status,
)
from bunsui.session.observe import Jobs, Observer, Which
from bunsui.session.outputs import Artefacts, output
from bunsui.session.parameters import resolve
from bunsui.session.reconcile import Reconciler
from bunsui.session.start import Starter
from bunsui.session.store import PAGE, Store
from bunsui.session.watch import Pace, watch

if TYPE_CHECKING:
    from bunsui.aws import Aws

LOG_WAITS_S = (1.0, 2.0)
"""How long the line that tells a failure may take into CloudWatch before the last snapshot is given without it."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of an environment.

    Every method raises AwsError: BUN501 to BUN503 for AWS, BUN504 when the control stack is missing. Those that take
    a session raise UsageError BUN701 when there is none.

    Attributes:
        aws: the connection.
        prefix: the environment's.
        pipelines: the project's; where to look for a session that has no record yet.
        clock: aware time.
        sleep: waits so many seconds.
        random: of new ids; the system's when None.
    """

    aws: Aws
    prefix: str = ""
    pipelines: Sequence[str] = ()
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    random: Random | None = None

    def start(
        self,
        pipeline: str,
        types: Mapping[str, Any],
        *,
        texts: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        id: str | None = None,
    ) -> Session:
        """Start a session of a pipeline.

        Args:
            pipeline: its name.
            types: parameter -> declared type.
            texts: parameter -> text from a command line.
            values: parameter -> Python value.
            defaults: parameter -> value of those not given.
            id: of the session; starting it again with the same id and parameters starts nothing new.

        Raises:
            UsageError, BunsuiErrors: BUN405, parameters are wrong; BUN702, the id is not allowed or was used otherwise.
            DeploymentError: BUN605, the pipeline is not deployed.
        """
        parameters = resolve(types, texts=texts, values=values, defaults=defaults)
        return Starter(self.aws, Names(pipeline, self.prefix), self.clock, self.random).start(parameters, id)

    def get(self, which: Which) -> Session:
        """The session alone."""
        return self._observer.session(which)

    def report(self, which: Which, *, jobs: Jobs | None = None, log_lines: bool = True) -> SessionReport:
        """The session with its job runs and operations.

        Args:
            which: the session's id, or what starting it gave.
            jobs: job -> operations, as declared, so that what has not started is told as well.
            log_lines: also read the log for memory, tracebacks and the line that tells a failure.
        """
        found = self._observer.report(which, jobs=jobs, log_lines=log_lines)
        if found.session.status.finished:
            return found
        return found.model_copy(update={"questions": self._asked(found.session.id)})

    def _asked(self, session: str) -> tuple[Question, ...]:
        """What a session asks; a control stack from before there were questions has none."""
        try:
            return self._approvals.pending(session)
        except AwsError as error:
            if error.code != "BUN504":
                raise
            return ()

    def list(
        self,
        *,
        pipeline: str | None = None,
        status: Status | None = None,
        since: datetime | None = None,
        limit: int = PAGE,
        token: str | None = None,
        outermost: bool = False,
    ) -> SessionPage:
        """Sessions of the environment, newest first; those recorded as running are settled if they are over.

        A session that could not record its end is found under its real status once anybody has looked at it.

        Args:
            pipeline: only its sessions.
            status: only those with that status.
            since: only those started then or later.
            limit: at most so many.
            token: `next` of the page before.
            outermost: only those that no other session runs.

        Raises:
            UsageError: BUN406, the token is not one of ours, or the limit is below 1.
        """
        wanted = (lambda one: self._ours(one) and not one.parent) if outermost else self._ours
        page = Store(self.aws).page(
            pipeline=pipeline, status=status, since=since, limit=limit, token=token, wanted=wanted
        )
        reconciler = Reconciler(self.aws, self.prefix, self.clock)
        settled = (reconciler.session(session) for session in page.sessions)
        kept = tuple(session for session in settled if status in (None, session.status))
        return page.model_copy(update={"sessions": kept})

    def logs(
        self,
        which: Which,
        *,
        job: str | None = None,
        operation: str | None = None,
        failed: bool = False,
        follow: bool = False,
        since: datetime | None = None,
        jobs: Jobs | None = None,
        drain_s: float = DRAIN_S,
    ) -> Iterator[LogLine]:
        """Log lines of the session by time, each once.

        Args:
            which: the session's id, or what starting it gave.
            job: only its lines.
            operation: only its lines.
            failed: only lines of invocations that failed or never came to an end.
            follow: go on until the session is over and `drain_s` seconds more.
            since: only lines written then or later.
            jobs: job -> operations, as declared, against which `job` and `operation` are checked where there is no
                line: an older session may have run what is declared no longer.
            drain_s: how long lines may be late, in seconds.

        Raises:
            UsageError: BUN703, there is no such job or operation.
        """
        if follow and jobs is not None:
            check_place(jobs, job, operation)
        session = self.get(which)
        reader = LogReader(self.aws, self.prefix, self.clock, self.sleep, drain_s=drain_s)
        if not follow:
            lines = reader.lines(session, job=job, operation=operation, failed=failed, since=since)
            return lines if jobs is None else _or_wrong_place(lines, jobs, job, operation)
        over = lambda: self.get(which).status.finished  # noqa: E731 - a method would need a class
        return reader.follow(session, over, job=job, operation=operation, failed=failed, since=since)

    def watch(self, which: Which, *, jobs: Jobs | None = None, pace: Pace | None = None) -> Iterator[Snapshot]:
        """Snapshots of the session whenever something happened, until it is over; the last has the log lines too.

        Args:
            which: the session's id, or what starting it gave.
            jobs: job -> operations, as declared.
            pace: how often to look.
        """
        observer = self._observer

        def look() -> SessionReport:
            report = observer.report(which, jobs=jobs, log_lines=False)
            if not report.session.status.finished:
                return report
            for wait in LOG_WAITS_S:
                report = observer.report(which, jobs=jobs)
                if report.failure is None or not report.failure.operation or report.failure.log or report.notes:
                    return report
                self.sleep(wait)
            return observer.report(which, jobs=jobs)

        return watch(look, pace=pace, sleep=self.sleep)

    def output(self, which: Which, job: str, operation: str) -> Any:
        """The JSON value of a result that nothing consumes, wherever it lies.

        Raises:
            UsageError: BUN703, the session has no such output, or it was deleted.
        """
        session = self.get(which)
        return output(session, job, operation, Names(session.pipeline, self.prefix).stack, Artefacts.of(self.aws))

    def questions(self, which: Which | None = None) -> Questions:
        """What waits for an answer, the oldest first: of one session, or of all of the environment."""
        session = None if which is None else self.get(which).id
        return Questions(questions=self._approvals.pending(session))

    def answer(self, which: Which, answer: str, operation: str | None = None, comment: str = "") -> Answer:
        """Answer what a session asks.

        Raises:
            UsageError: BUN704 nothing waits for this answer, BUN705 the caller is not among the approvers.
        """
        return self._approvals.answer(self.get(which).id, operation, answer, comment)

    def cancel(self, which: Which, *, who: str = "", why: str = "") -> Cancellation:
        """Stop the session and what it runs; one that is over stays as it is, and the result says so.

        Args:
            which: the session's id, or what starting it gave.
            who: for the record.
            why: for the record.
        """
        canceller = Canceller(self.aws, self.prefix, self.clock, self.sleep)
        return canceller.cancel(self.get(which), who=who, why=why)

    def _ours(self, session: Session) -> bool:
        """Whether the session belongs to this environment: several share the tables of an account."""
        return machine_of(session.execution) == Names(session.pipeline, self.prefix).machine

    @property
    def _approvals(self) -> Approvals:
        return Approvals(self.aws, self.prefix, self.clock)

    @property
    def _observer(self) -> Observer:
        return Observer(self.aws, self.prefix, self.pipelines, self.clock)


def _or_wrong_place(lines: Iterator[LogLine], jobs: Jobs, job: str | None, operation: str | None) -> Iterator[LogLine]:
    """The lines; BUN703 where there are none and nothing is declared that could have written any."""
    line = None
    for line in lines:
        yield line
    if line is None:
        check_place(jobs, job, operation)


def check_place(jobs: Jobs, job: str | None, operation: str | None) -> None:
    """See that the pipeline has that job and, in it or anywhere, that operation.

    Raises:
        UsageError: BUN703, it has not.
    """
    import difflib

    within = jobs if job is None or job not in jobs else {job: jobs[job]}
    known = {"job": list(jobs), "operation": [name for names in within.values() for name in names]}
    for what, name in (("job", job), ("operation", operation)):
        if name is not None and name not in known[what]:
            near = difflib.get_close_matches(name, known[what], n=3) or known[what]
            raise UsageError("BUN703", f"the pipeline has no {what} {name!r}", hint=f"there is: {', '.join(near)}")
