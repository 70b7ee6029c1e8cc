"""What goes wrong while a state machine runs.

Fault            a States error inside the interpreter: Retry and Catch look at it
  TaskFailed     what a service raises, and the only one that users raise
StateMachineStopped   StopExecution or a timeout of the execution; nothing catches it
"""

from __future__ import annotations

from typing import Any

ALL = "States.ALL"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
EXCEED_TOLERATED_FAILURES = "States.ExceedToleratedFailureThreshold"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
ITEM_READER_FAILED = "States.ItemReaderFailed"
NO_CHOICE_MATCHED = "States.NoChoiceMatched"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"


class Fault(Exception):
    """A state failed.

    Attributes:
        error: the error name, or None where the failing state gave none.
        cause: the text for people, or None.
        location: the field at fault, such as `Output/total`, for errors of evaluation.
        told: whether the history already has an event that tells of it.
        timed_out: whether a timeout is what went wrong; AWS then gives no cause.
        missed_heartbeat: whether the timeout was one of HeartbeatSeconds.
        from_child: whether a branch or an iteration failed, not the state itself.
        located: whether the cause says in which state it happened.
    """

    def __init__(self, error: str | None, cause: str | None = None, *, location: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.location = location
        self.told = False
        self.timed_out = False
        self.missed_heartbeat = False
        self.located = False
        self.from_child = False

    def output(self) -> dict[str, Any]:
        """What a Catch passes on."""
        return {"Error": self.error, "Cause": "" if self.timed_out and self.cause is None else self.cause}


class TaskFailed(Fault):
    """A service refuses: raise it from a callable in `services`."""

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(error, cause)


class StateMachineStopped(Exception):
    """The execution ends from outside."""

    def __init__(self, status: str, error: str | None, cause: str | None) -> None:
        super().__init__(status, error, cause)
        self.status = status
        self.error = error
        self.cause = cause


def data_limit(what: str) -> Fault:
    """The output of a state, or the result of a task, is too large."""
    return Fault(
        DATA_LIMIT_EXCEEDED,
        f"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit.",
    )


def timeout(*, heartbeat: bool = False) -> Fault:
    """A task took too long, or showed no sign of life; AWS reports both alike and gives no cause."""
    fault = Fault(TIMEOUT)
    fault.timed_out = True
    fault.missed_heartbeat = heartbeat
    return fault
