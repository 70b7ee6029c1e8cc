from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bunsui.aws import Aws
from bunsui.aws.errors import ServiceError
from bunsui.aws.stepfunctions import ExecutionExistsError, StepFunctions

SERVICE = "stepfunctions"
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:flights"
EXECUTION = "arn:aws:states:eu-west-1:111122223333:execution:flights:s-1"
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def test_start(aws: Aws, stub: Stubber) -> None:
    stub.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": THEN},
        {"stateMachineArn": MACHINE, "name": "s-1", "input": '{"month":1,"carrier":"é"}'},
    )
    assert StepFunctions(aws).start_execution(MACHINE, "s-1", {"month": 1, "carrier": "é"}) == EXECUTION


def test_start_under_a_used_name(aws: Aws, stub: Stubber) -> None:
    stub.add_client_error("start_execution", "ExecutionAlreadyExists", f"Execution Already Exists: '{EXECUTION}'")
    with pytest.raises(ExecutionExistsError) as caught:
        StepFunctions(aws).start_execution(MACHINE, "s-1", {})
    assert caught.value.code == "BUN503"
    assert EXECUTION in caught.value.aws_message


def test_start_of_what_is_not_there(aws: Aws, stub: Stubber) -> None:
    stub.add_client_error("start_execution", "StateMachineDoesNotExist", "State Machine Does Not Exist")
    with pytest.raises(ServiceError) as caught:
        StepFunctions(aws).start_execution(MACHINE, "s-1", {})
    assert not isinstance(caught.value, ExecutionExistsError)
    assert caught.value.aws_code == "StateMachineDoesNotExist"


def test_describe(aws: Aws, stub: Stubber) -> None:
    found = {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "name": "s-1",
        "status": "FAILED",
        "startDate": THEN,
    }
    stub.add_response("describe_execution", {**found, "stopDate": THEN, "error": "ValueError", "cause": "bad"})
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
    described = StepFunctions(aws).describe_execution(EXECUTION)
    assert described is not None
    assert (described.status, described.error, described.cause, described.running) == (
        "FAILED",
        "ValueError",
        "bad",
        False,
    )
    assert StepFunctions(aws).describe_execution(EXECUTION) is None


def test_stop(aws: Aws, stub: Stubber) -> None:
    stub.add_response("stop_execution", {"stopDate": THEN}, {"executionArn": EXECUTION, "cause": "by hand"})
    assert StepFunctions(aws).stop_execution(EXECUTION, cause="by hand") == THEN


def test_history_goes_through_all_pages(aws: Aws, stub: Stubber) -> None:
    def event(id: int, **more: Any) -> dict[str, Any]:
        return {"id": id, "previousEventId": id - 1, "type": "TaskStateEntered", "timestamp": THEN, **more}

    wanted = {"executionArn": EXECUTION, "reverseOrder": True, "includeExecutionData": True, "maxResults": 1000}
    details = {"stateEnteredEventDetails": {"name": "Clean"}}
    stub.add_response("get_execution_history", {"events": [event(2, **details)], "nextToken": "more"}, wanted)
    stub.add_response("get_execution_history", {"events": [event(1)]}, {**wanted, "nextToken": "more"})
    events = list(StepFunctions(aws).history(EXECUTION, newest_first=True))
    assert [(one.id, one.previous, dict(one.details)) for one in events] == [(2, 1, {"name": "Clean"}), (1, 0, {})]


def test_list_goes_through_all_pages(aws: Aws, stub: Stubber) -> None:
    def one(name: str) -> dict[str, Any]:
        arn = f"{EXECUTION}-{name}"
        return {"executionArn": arn, "stateMachineArn": MACHINE, "name": name, "status": "RUNNING", "startDate": THEN}

    wanted = {"stateMachineArn": MACHINE, "maxResults": 100, "statusFilter": "RUNNING"}
    stub.add_response("list_executions", {"executions": [one("a")], "nextToken": "t"}, wanted)
    stub.add_response("list_executions", {"executions": [one("b")]}, {**wanted, "nextToken": "t"})
    found = list(StepFunctions(aws).list_executions(MACHINE, status="RUNNING"))
    assert [execution.name for execution in found] == ["a", "b"]
    assert all(execution.running for execution in found)
