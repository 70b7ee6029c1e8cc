"""What is told about sessions: frozen, and the same in Python as in `--json`.

Times are aware datetimes in UTC (ISO 8601 in JSON), durations are seconds.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from bunsui.errors import ExitCode


class Status(StrEnum):
    """Where a session, a job run or an operation is; Step Functions' words, and two for what has not begun."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    SKIPPED = "SKIPPED"

    @property
    def finished(self) -> bool:
        """Whether it is over and never changes again."""
        return self not in (Status.NOT_STARTED, Status.RUNNING)


EXIT_CODES = {
    Status.NOT_STARTED: ExitCode.RUNNING,
    Status.RUNNING: ExitCode.RUNNING,
    Status.SUCCEEDED: ExitCode.OK,
    Status.FAILED: ExitCode.FAILED,
    Status.TIMED_OUT: ExitCode.FAILED,
    Status.ABORTED: ExitCode.FAILED,
    Status.SKIPPED: ExitCode.OK,
}
"""What a command that asks for a session tells the shell."""

FailureKind = Literal["error", "timeout", "missing", "access", "memory", "cancelled"]
"""`missing` is an object, file or other resource that is not there; `access` is a refusal by IAM."""


class Told(BaseModel):
    """Base of all of them."""

    model_config = ConfigDict(frozen=True, defer_build=True, populate_by_name=True, serialize_by_alias=True)


class Timed(Told):
    """Something that starts and finishes.

    Attributes:
        kind: what sort of error ended it; None unless one did.
        error: class of that error, such as `ValueError` or `States.Timeout`; empty unless one did.
    """

    status: Status
    kind: FailureKind | None = None
    error: str = ""
    started: datetime | None = None
    finished: datetime | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def duration_s(self) -> float | None:
        """Seconds from start to finish, None until it is over."""
        if self.started is None or self.finished is None:
            return None
        return round((self.finished - self.started).total_seconds(), 3)


class LogLine(Told):
    """One line of a pipeline's function log (docs/architecture.md, "Log lines").

    Attributes:
        event: `operation.started`, `operation.finished`, `operation.failed`, `log`; `platform` for Lambda's own words.
        retry: 0 for the first try of an operation; `try` in JSON.
        duration_ms: of the operation's function, in milliseconds.
        memory_mb: the function's peak so far, in MiB.
        traceback: the lines of it, outermost call first.
        id: CloudWatch's, unique in the log group.
    """

    time: datetime
    event: str
    level: str = "INFO"
    message: str = ""
    pipeline: str = ""
    session: str = ""
    attempt: int = 1
    job: str = ""
    operation: str = ""
    retry: int = Field(default=0, alias="try")
    request_id: str = ""
    error: str = ""
    traceback: tuple[str, ...] = ()
    duration_ms: float | None = None
    memory_mb: float | None = None
    spilled_bytes: int | None = None
    stream: str = ""
    id: str = ""


class OperationRun(Timed):
    """One operation within a job run.

    Attributes:
        tries: how often it was begun; retries are the tries after the first.
        tried: when the last try began, where that is known.
        message: what the error of the last failed try said, or why it was skipped; empty when it went well.
        handled: it failed, and the pipeline went on as `on_error=` says.
        traceback: the function's frames, outermost call first.
        memory_mb: peak of the function in MiB, when the log tells.
        log: the line that tells the failure.
        nested: whether it runs another pipeline.
        session: the last session of that pipeline that it ran.
    """

    operation: str
    tries: int = 0
    tried: datetime | None = None
    message: str = ""
    handled: bool = False
    traceback: tuple[str, ...] = ()
    memory_mb: float | None = None
    log: LogLine | None = None
    nested: bool = False
    session: str = ""


class JobRun(Timed):
    """One execution of a job within an attempt.

    Attributes:
        outputs: operation -> envelope, for what others consume or nothing consumes.
        cause: what the error said, in readable words; or why the job was skipped.
        handled: it failed, and the session went on as `on_error=` of the job says.
        execution: ARN.
        operations: in order of their start, those not started last.
    """

    job: str
    attempt: int = 1
    outputs: Any = None
    cause: str = ""
    handled: bool = False
    execution: str = ""
    operations: tuple[OperationRun, ...] = ()


class Session(Timed):
    """One managed run of a pipeline.

    Attributes:
        attempt: the current one, from 1.
        parameters: name -> JSON value.
        outputs: job -> operation -> envelope, for what nothing consumes; None until it succeeded.
        cause: what the error said, in readable words.
        execution: ARN of the execution of the current attempt.
        parent: the session that runs it as a step; empty where nobody does.
        step: that step, as `job/operation`.
    """

    id: str
    pipeline: str
    attempt: int = 1
    parameters: dict[str, Any] = {}
    outputs: Any = None
    cause: str = ""
    execution: str = ""
    parent: str = ""
    step: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """0 succeeded, 1 failed, timed out or aborted, 8 still running."""
        return EXIT_CODES[self.status]


class Failure(Told):
    """Why a session did not succeed: the first thing that went wrong.

    Attributes:
        job: where it happened; empty when it happened to the session as a whole.
        operation: empty when no operation was at fault.
        error: class of the error, such as `ValueError` or `States.Timeout`.
        message: in readable words.
        traceback: the user's frames, outermost call first.
        log: the line that tells it, when the log holds one.
        session: the session of a nested pipeline that it happened in.
    """

    kind: FailureKind
    error: str
    message: str
    job: str = ""
    operation: str = ""
    traceback: tuple[str, ...] = ()
    log: LogLine | None = None
    session: str = ""


class Question(Told):
    """What a session asks people.

    Attributes:
        operation: the step that waits.
        message: what people are to read.
        answers: what they may answer.
        approvers: ARN patterns of who may; empty for everybody.
        until: when the step no longer waits.
    """

    session: str
    pipeline: str
    job: str
    operation: str
    attempt: int
    message: str
    answers: tuple[str, ...]
    approvers: tuple[str, ...] = ()
    requested: datetime
    until: datetime


class SessionReport(Told):
    """A session with its job runs: what `bunsui status --json` prints.

    Attributes:
        jobs: in order of their start, those not started last.
        failure: None unless the session failed, timed out or was aborted.
        questions: what it asks people.
        notes: what could not be found out, and why.
    """

    session: Session
    jobs: tuple[JobRun, ...] = ()
    failure: Failure | None = None
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """That of the session."""
        return self.session.exit_code


class SessionPage(Told):
    """Some sessions, newest first.

    Attributes:
        next: opaque; give it back to get the following page. None after the last.
    """

    sessions: tuple[Session, ...] = ()
    next: str | None = None


class Change(Told):
    """Something happened in a session.

    Attributes:
        what: what changed.
        job: empty for the session itself.
        operation: empty for a session or job run.
        before: None when it was not known before.
        time: of a try after the first, when that try began.
        tries: of an operation.
        handled: it failed, and the pipeline goes on with the fallback that was declared for it.
    """

    what: Literal["session", "job", "operation"]
    status: Status
    before: Status | None = None
    time: datetime | None = None
    job: str = ""
    operation: str = ""
    tries: int = 0
    error: str = ""
    message: str = ""
    handled: bool = False


class Snapshot(Told):
    """A session at one moment, and what happened since the snapshot before."""

    report: SessionReport
    changes: tuple[Change, ...] = ()


class Cancellation(Told):
    """What a request to cancel did.

    Attributes:
        session: afterwards.
        stopped: False when the session was over already and nothing was done.
        executions: ARNs of what was stopped, the session's own first.
        message: the same in words.
    """

    session: Session
    stopped: bool
    executions: tuple[str, ...] = ()
    message: str = ""


class Questions(Told):
    """What waits for an answer, the oldest first."""

    questions: tuple[Question, ...]


class Answer(Told):
    """An answer that was given.

    Attributes:
        by: ARN of who gave it.
    """

    question: Question
    answer: str
    by: str
    comment: str = ""
    at: datetime
