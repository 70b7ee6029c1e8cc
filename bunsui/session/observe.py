"""What is known about a session: the record, completed by executions, their histories and the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from bunsui.errors import UsageError
from bunsui.session import lines as log
from bunsui.session.arns import Place, job_execution, machine_of
from bunsui.session.decided import decided_runs
from bunsui.session.history import ENDED, operation_runs
from bunsui.session.ids import PATTERN, utc_now
from bunsui.session.logs import LogReader
from bunsui.session.model import Failure, JobRun, LogLine, OperationRun, Session, SessionReport, Status
from bunsui.session.operations import WRONG, complete
from bunsui.session.reconcile import Reconciler
from bunsui.session.segments import segment_executions
from bunsui.session.staying import stay_runs
from bunsui.session.store import Store

if TYPE_CHECKING:
    from bunsui.aws import Aws

READERS = 8
"""Histories read at once; boto3's clients keep 10 connections."""

Which = str | Session
"""A session by its id, or as starting it gave it."""

Jobs = Mapping[str, Sequence[str]]
"""Job -> its operations, as declared."""

_Run = TypeVar("_Run", JobRun, OperationRun)
_T = TypeVar("_T")
_FAR = datetime.max.replace(tzinfo=UTC)


class _History(NamedTuple):
    """What one execution's history tells.

    Attributes:
        runs: of operations.
        segments: executions that it has begun.
    """

    runs: tuple[OperationRun, ...]
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at sessions by way of a connection; every method raises AwsError.

    Attributes:
        prefix: the environment's.
        pipelines: where to look for a session that has no record yet.
    """

    aws: Aws
    prefix: str = ""
    pipelines: Sequence[str] = ()
    clock: Callable[[], datetime] = utc_now
    _histories: dict[str, _History] = field(default_factory=dict, repr=False, compare=False)
    """Of finished executions, which never change."""

    def session(self, which: Which) -> Session:
        """The session, settled if its execution is over.

        Args:
            which: its id, or what starting it gave: AWS may take a moment to know what it has just started.

        Raises:
            UsageError: BUN701, there is no such session.
        """
        id = which if isinstance(which, str) else which.id
        allowed = PATTERN.fullmatch(id) is not None
        found = Store(self.aws).session(id) if allowed else None
        if found is None and allowed and self.pipelines:
            place = Place.of(self.aws)
            looked = (self._reconciler.unrecorded(id, pipeline, place) for pipeline in self.pipelines)
            found = next((session for session in looked if session is not None), None)
        if found is None and isinstance(which, Session):
            found = which
        if found is None:
            raise UsageError("BUN701", f"there is no session {id!r}", hint="`bunsui list` shows the sessions there are")
        return self._reconciler.session(found)

    def report(self, which: Which, *, jobs: Jobs | None = None, log_lines: bool = True) -> SessionReport:
        """The session with its job runs and their operations.

        Args:
            which: the session's id, or what starting it gave.
            jobs: of the pipeline, so that what has not started is told as well, and names are the full ones.
            log_lines: also read the log: memory, tracebacks, the line that tells a failure.

        Raises:
            UsageError: BUN701, there is no such session.
        """
        session = self.session(which)
        runs = self._reconciler.job_runs(session, Store(self.aws).job_runs(session.id, session.attempt))
        declared, notes = jobs or {}, Notes()
        lines = notes.unless_refused("the log", lambda: self._operation_lines(session)) if log_lines else ()

        def history(run: JobRun) -> tuple[OperationRun, ...]:
            return notes.unless_refused("histories", lambda: self._history(session, run, declared.get(run.job, ())))

        with ThreadPoolExecutor(READERS) as readers:
            histories = list(readers.map(history, runs))
        told = [
            complete(run, found, lines, declared.get(run.job, ())) for run, found in zip(runs, histories, strict=True)
        ]
        if any(one.nested for run in told for one in run.operations):
            told = _with_children(
                told, notes.unless_refused("nested sessions", lambda: Store(self.aws).children(session))
            )
        # What was declared since has no part in a session that went well.
        waiting = () if session.status is Status.SUCCEEDED else _waiting(declared, told, session.attempt)
        report = SessionReport(session=session, jobs=(*told, *waiting))
        failure = failure_of(report)
        if failure is not None and failure.log is None and lines:
            failure = self._with_platform_line(session, failure, lines)
        return report.model_copy(update={"failure": failure, "notes": notes.told()})

    def _history(self, session: Session, run: JobRun, declared: Sequence[str]) -> tuple[OperationRun, ...]:
        """The operations of a job run from its execution's history, and from those of its segments."""
        executions, found = [job_execution(session, run, self.prefix)], list[OperationRun]()
        for execution in filter(None, executions):
            history = self._histories.get(execution) or self._read(session, run, execution, declared)
            found += history.runs
            executions += history.segments
        cut = len(executions) > 1
        return tuple(sorted(found, key=lambda one: one.started or _FAR) if cut else found)

    def _read(self, session: Session, run: JobRun, execution: str, declared: Sequence[str]) -> _History:
        from bunsui.aws import ServiceError
        from bunsui.aws.stepfunctions import StepFunctions

        states = StepFunctions(self.aws)
        try:
            events = tuple(states.history(execution, data=False))
            decided = decided_runs(events, declared)
            if any(one.status is Status.SKIPPED for one in decided):
                decided = decided_runs(states.history(execution), declared)
        except ServiceError as error:
            if error.aws_code == "ExecutionDoesNotExist" and "_" in machine_of(execution):
                return _History((), ())
            raise
        found = (*operation_runs(events, declared), *stay_runs(events, declared), *decided)
        history = _History(found, tuple(segment_executions(session, run.job, execution, events, self.prefix)))
        if run.status.finished or any(event.type in ENDED for event in events):
            self._histories[execution] = history
        return history

    def _operation_lines(self, session: Session) -> tuple[LogLine, ...]:
        reader = LogReader(self.aws, self.prefix)
        return tuple(reader.lines(session, events=log.OF_OPERATIONS))

    def _with_platform_line(self, session: Session, failure: Failure, lines: Sequence[LogLine]) -> Failure:
        """A function that was killed could not log its failure; Lambda's own words on it then tell it."""
        begun = [
            line
            for line in lines
            if line.event == log.STARTED and (line.job, line.operation) == (failure.job, failure.operation)
        ]
        if not begun:
            return failure
        said = LogReader(self.aws, self.prefix).platform(session, begun[-1])
        return failure.model_copy(update={"log": next(filter(log.tells_end, said), None)})

    @property
    def _reconciler(self) -> Reconciler:
        return Reconciler(self.aws, self.prefix, self.clock)


class Notes:
    """What AWS refused to tell: the record alone is worth a report."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def unless_refused(self, what: str, read: Callable[[], tuple[_T, ...]]) -> tuple[_T, ...]:
        """What `read` finds; nothing and a note when AWS refuses, nothing when AWS has forgotten the execution."""
        from bunsui.aws import ServiceError

        try:
            return read()
        except ServiceError as error:
            if error.aws_code != "ExecutionDoesNotExist":
                self._told[f"{what} could not be read: {error.message}"] = None
            return ()

    def told(self) -> tuple[str, ...]:
        """Each note once."""
        return tuple(self._told)


def failure_of(report: SessionReport) -> Failure | None:
    """The first thing that went wrong; None unless the session ended badly."""
    session = report.session
    if not session.status.finished or session.status is Status.SUCCEEDED:
        return None
    run = _first([run for run in report.jobs if run.status in WRONG and not run.handled])
    if run is None or session.kind == "cancelled":
        return Failure(kind=session.kind or "error", error=session.error, message=session.cause)
    wrong = [one for one in run.operations if one.status in WRONG and not one.handled]
    # A map or loop fails with what is in it, and has no error of its own.
    operation = _first([one for one in wrong if one.error] or wrong)
    if operation is None or not operation.error:
        return Failure(kind=run.kind or "error", error=run.error, message=run.cause, job=run.job)
    return Failure(
        kind=operation.kind or "error",
        error=operation.error,
        message=operation.message,
        job=run.job,
        operation=operation.operation,
        traceback=operation.traceback,
        log=operation.log,
        session=operation.session,
    )


def _with_children(runs: Iterable[JobRun], children: Iterable[Session]) -> list[JobRun]:
    """The job runs with the sessions that their steps ran, the last of each."""
    of_step = {child.step: child.id for child in children}

    def told(run: JobRun) -> JobRun:
        operations = tuple(
            one.model_copy(update={"session": of_step.get(f"{run.job}/{one.operation}", "")}) if one.nested else one
            for one in run.operations
        )
        return run.model_copy(update={"operations": operations})

    return [told(run) for run in runs]


def _first(runs: Sequence[_Run]) -> _Run | None:
    return min(runs, key=lambda run: run.finished or _FAR, default=None)


def _waiting(declared: Jobs, told: Sequence[JobRun], attempt: int) -> Iterator[JobRun]:
    """Declared jobs that have no run yet."""
    known = {run.job for run in told}
    for job, operations in declared.items():
        if job not in known:
            waiting = tuple(OperationRun(operation=name, status=Status.NOT_STARTED) for name in operations)
            yield JobRun(job=job, attempt=attempt, status=Status.NOT_STARTED, operations=waiting)
