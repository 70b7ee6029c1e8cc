"""AWS Step Functions: executions and their history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from bunsui.aws.connection import Aws
from bunsui.aws.errors import ServiceError, translated

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

SERVICE = "stepfunctions"
ExecutionStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]


class ExecutionExistsError(ServiceError):
    """An execution of that name ran within the last 90 days, or runs with another input."""


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution, as listed.

    Attributes:
        started: in UTC, as is `stopped`.
        stopped: None while it runs.
    """

    arn: str
    name: str
    machine: str
    status: ExecutionStatus
    started: datetime
    stopped: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it may still change by itself."""
        return self.status == "RUNNING"


@dataclass(frozen=True, slots=True)
class ExecutionDetail(Execution):
    """An execution with what went in and came out.

    Attributes:
        input: JSON text, None when AWS holds it back.
        output: JSON text once it succeeded.
        error: the error's name, such as `States.Timeout`, once it failed, timed out or was aborted.
        cause: AWS's or the task's own words on it.
    """

    input: str | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of an execution's history.

    Attributes:
        id: counts from 1.
        previous: the id of the event that led here; 0 for the first.
        type: such as `TaskStateEntered`.
        details: the one `…EventDetails` object of the event, or empty.
    """

    id: int
    previous: int
    type: str
    time: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepFunctions:
    """Step Functions by way of a connection; every method raises AwsError."""

    aws: Aws

    @property
    def _client(self) -> SFNClient:
        client: SFNClient = self.aws.client(SERVICE)
        return client

    def start_execution(self, machine: str, name: str, input: object) -> str:
        """Start an execution and return its ARN: that of the running one when name and input are the same (AWS API).

        Args:
            machine: ARN of the state machine.
            name: at most 80 characters, unique for 90 days.
            input: anything `json.dumps` takes.

        Raises:
            ExecutionExistsError: the name was used before and that execution is over or got another input.
        """
        text = json.dumps(input, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        try:
            with translated(SERVICE):
                return self._client.start_execution(stateMachineArn=machine, name=name, input=text)["executionArn"]
        except ServiceError as error:
            if error.aws_code != "ExecutionAlreadyExists":
                raise
            raise error.narrowed(ExecutionExistsError, "look at that execution, or start under another name") from error

    def describe_execution(self, arn: str) -> ExecutionDetail | None:
        """The execution, or None when AWS knows no such one (any more)."""
        try:
            with translated(SERVICE):
                found = self._client.describe_execution(executionArn=arn)
        except ServiceError as error:
            if error.aws_code == "ExecutionDoesNotExist":
                return None
            raise
        return ExecutionDetail(
            arn=found["executionArn"],
            name=found.get("name") or arn.rpartition(":")[2],
            machine=found["stateMachineArn"],
            status=found["status"],
            started=found["startDate"].astimezone(UTC),
            stopped=_utc(found.get("stopDate")),
            input=found.get("input"),
            output=found.get("output"),
            error=found.get("error"),
            cause=found.get("cause"),
        )

    def stop_execution(self, arn: str, *, error: str = "", cause: str = "") -> datetime:
        """Abort an execution and what it runs by `.sync`; returns when. One that is over stays as it is."""
        with translated(SERVICE):
            words = {key: value for key, value in (("error", error), ("cause", cause)) if value}
            return self._client.stop_execution(executionArn=arn, **words)["stopDate"].astimezone(UTC)

    def send_task_success(self, token: str, output: object) -> None:
        """Give a waiting task its result, as anything `json.dumps` takes."""
        with translated(SERVICE):
            self._client.send_task_success(taskToken=token, output=json.dumps(output, ensure_ascii=False))

    def send_task_failure(self, token: str, error: str, cause: str) -> None:
        """Fail a waiting task; `error` has at most 256 characters, `cause` 32,768."""
        with translated(SERVICE):
            self._client.send_task_failure(taskToken=token, error=error, cause=cause)

    def history(self, arn: str, *, newest_first: bool = False, data: bool = True) -> Iterator[HistoryEvent]:
        """The execution's events, fetched page by page as they are consumed.

        Args:
            arn: of a standard execution.
            newest_first: reverse order.
            data: with inputs and outputs in the details.
        """
        token: dict[str, Any] = {}
        while True:
            with translated(SERVICE):
                page = self._client.get_execution_history(
                    executionArn=arn, reverseOrder=newest_first, includeExecutionData=data, maxResults=1000, **token
                )
            yield from (_event(event) for event in page["events"])
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    def list_executions(self, machine: str, *, status: ExecutionStatus | None = None) -> Iterator[Execution]:
        """Executions of a state machine, newest first, fetched page by page as they are consumed."""
        token: dict[str, Any] = {"statusFilter": status} if status else {}
        while True:
            with translated(SERVICE):
                page = self._client.list_executions(stateMachineArn=machine, maxResults=100, **token)
            for found in page["executions"]:
                yield Execution(
                    arn=found["executionArn"],
                    name=found["name"],
                    machine=found["stateMachineArn"],
                    status=found["status"],
                    started=found["startDate"].astimezone(UTC),
                    stopped=_utc(found.get("stopDate")),
                )
            if not page.get("nextToken"):
                return
            token["nextToken"] = page["nextToken"]


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.astimezone(UTC)


def _event(event: Any) -> HistoryEvent:
    details: Mapping[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return HistoryEvent(
        id=event["id"],
        previous=event.get("previousEventId", 0),
        type=event["type"],
        time=event["timestamp"].astimezone(UTC),
        details=details,
    )
