from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local.conftest import Machines, task

SYNC = "arn:aws:states:::states:startExecution.sync:2"
NAME = "{% $states.context.Execution.Name & '-job' %}"


def sync(machine: str, **more: Any) -> dict[str, Any]:
    arguments = {"StateMachineArn": machine, "Name": NAME, "Input": "{% $states.input %}"}
    return {"Type": "Task", "Resource": SYNC, "Arguments": arguments, **more}


@pytest.fixture(scope="module")
def waiting(machines: Machines) -> str:
    return machines.make("waiting", "Wait", {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}})


@pytest.fixture(scope="module")
def failing(machines: Machines) -> str:
    return machines.make("failing", "Fail", {"Fail": {"Type": "Fail", "Error": "ValueError", "Cause": "month 13"}})


def test_parallel_assigns_and_has_an_output(machines: Machines) -> None:
    branch = {"Type": "Pass", "Assign": {"outer": "changed"}, "Output": "{% $outer & '!' %}", "End": True}
    states = {
        "Start": {"Type": "Pass", "Assign": {"outer": "{% $states.input.word %}"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Arguments": {"word": "{% $outer %}"},
            "Branches": [
                {"StartAt": "A", "States": {"A": branch}},
                {"StartAt": "B", "States": {"B": {"Type": "Succeed", "Output": "{% $states.input %}"}}},
            ],
            "Assign": {"first": "{% $states.result[0] %}"},
            "Output": "{% {'all': $states.result} %}",
            "Next": "End",
        },
        "End": {"Type": "Succeed", "Output": "{% {'in': $states.input, 'first': $first, 'outer': $outer} %}"},
    }
    done = machines.run(machines.make("both", "Start", states), {"word": "hello"})
    assert json.loads(done["output"]) == {
        "in": {"all": ["hello!", {"word": "hello"}]},
        "first": "hello!",
        "outer": "hello",
    }


def test_the_first_failing_branch_ends_the_others(machines: Machines) -> None:
    slow = {"Wait": {"Type": "Wait", "Seconds": 4, "Next": "After"}, "After": {"Type": "Pass", "End": True}}
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Bad", "Cause": "so it is"}}},
                {"StartAt": "Wait", "States": slow},
            ],
            "Catch": [{"ErrorEquals": ["Bad"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Pass", "End": True},
    }
    began = time.monotonic()
    done = machines.run(machines.make("one-fails", "Both", states))
    assert time.monotonic() - began < 3
    assert json.loads(done["output"]) == {"Error": "Bad", "Cause": "so it is"}
    history = machines.states.get_execution_history(executionArn=done["executionArn"])["events"]
    names = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    assert {"Both", "Fail", "Caught"} <= set(names)
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))


def test_branches_wait_for_tokens_of_their_own(clients: Callable[[str], Any], machines: Machines) -> None:
    clients("dynamodb").create_table(
        TableName="tokens",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )

    def branch(number: int) -> dict[str, Any]:
        register = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "Arguments": {
                "TableName": "tokens",
                "Key": {"id": {"S": str(number)}},
                "UpdateExpression": "SET task = :t",
                "ExpressionAttributeValues": {":t": {"S": "{% $states.context.Task.Token %}"}},
            },
            "End": True,
        }
        return {"StartAt": f"R{number}", "States": {f"R{number}": register}}

    states = {"All": {"Type": "Parallel", "Branches": [branch(number) for number in range(8)], "End": True}}
    machine = machines.make("joining", "All", states)
    execution = machines.states.start_execution(stateMachineArn=machine)["executionArn"]
    deadline = time.monotonic() + 5
    items: list[dict[str, Any]] = []
    while len(items) < 8 and time.monotonic() < deadline:
        items = clients("dynamodb").scan(TableName="tokens")["Items"]
    assert len({item["task"]["S"] for item in items}) == 8
    for item in items:
        machines.states.send_task_success(taskToken=item["task"]["S"], output=json.dumps(item["id"]["S"]))
    assert json.loads(machines.finish(execution)["output"]) == [str(number) for number in range(8)]


def test_a_token_of_no_task_is_an_error_by_the_name_of_the_java_sdk(machines: Machines) -> None:
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        "Arguments": {"TaskToken": "nothing", "Output": "{}"},
        "End": True,
    }
    assert machines.run(machines.make("sending", "Send", {"Send": send}))["error"] == "Sfn.InvalidTokenException"


def for_token(**more: Any) -> dict[str, Any]:
    """A task that writes its token and the number of its attempt into a table, and waits."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "Arguments": {
            "TableName": "attempts",
            "Key": {"id": {"S": "{% $string($states.context.State.RetryCount) %}"}},
            "UpdateExpression": "SET task = :t",
            "ExpressionAttributeValues": {":t": {"S": "{% $states.context.Task.Token %}"}},
        },
        "End": True,
        **more,
    }


@pytest.fixture
def tokens(clients: Callable[[str], Any]) -> Iterator[Callable[[int], str]]:
    """The token that the attempt of a number has written."""
    dynamodb = clients("dynamodb")
    dynamodb.create_table(
        TableName="attempts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )

    def token(attempt: int) -> str:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            item = dynamodb.get_item(TableName="attempts", Key={"id": {"S": str(attempt)}}).get("Item")
            if item:
                return str(item["task"]["S"])
            time.sleep(0.02)
        raise AssertionError(f"attempt {attempt} wrote no token")

    yield token
    dynamodb.delete_table(TableName="attempts")


def test_every_attempt_has_a_token_of_its_own(machines: Machines, tokens: Callable[[int], str]) -> None:
    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    machine = machines.make("again", "Wait", {"Wait": for_token(Retry=retry)})
    execution = machines.states.start_execution(stateMachineArn=machine)["executionArn"]
    first = tokens(0)
    machines.states.send_task_failure(taskToken=first, error="Again")
    second = tokens(1)
    assert first != second
    with pytest.raises(machines.states.exceptions.TaskTimedOut):
        machines.states.send_task_success(taskToken=first, output="1")
    machines.states.send_task_success(taskToken=second, output="2")
    assert json.loads(machines.finish(execution)["output"]) == 2
    with pytest.raises(machines.states.exceptions.TaskTimedOut):
        machines.states.send_task_success(taskToken=second, output="3")


def test_a_task_waits_no_longer_than_its_execution(machines: Machines, tokens: Callable[[int], str]) -> None:
    machine = machines.make("stopped-waiting", "Wait", {"Wait": for_token()})
    execution = machines.states.start_execution(stateMachineArn=machine)["executionArn"]
    token = tokens(0)
    machines.states.stop_execution(executionArn=execution)
    assert soon(lambda: closed(machines, token))


def closed(machines: Machines, token: str) -> bool:
    try:
        machines.states.send_task_heartbeat(taskToken=token)
    except machines.states.exceptions.TaskTimedOut:
        return True
    return False


def soon(happens: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not (happened := happens()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return happened


def test_a_child_that_succeeds(machines: Machines) -> None:
    child = machines.make("child", "Echo", {"Echo": {"Type": "Pass", "End": True}})
    parent = machines.make("parent", "Job", {"Job": sync(child, Output="{% $states.result %}", End=True)})
    done = machines.run(parent, {"month": 1})
    result = json.loads(done["output"])
    assert (result["Status"], result["Output"]) == ("SUCCEEDED", {"month": 1})
    assert result["Name"] == done["name"] + "-job"
    assert machines.states.describe_execution(executionArn=result["ExecutionArn"])["status"] == "SUCCEEDED"


def test_a_child_that_fails(machines: Machines, failing: str) -> None:
    done = machines.run(machines.make("parent-of-failing", "Job", {"Job": sync(failing, End=True)}))
    cause = json.loads(done["cause"])
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "ValueError", "month 13")


def test_a_child_whose_name_was_used(machines: Machines, failing: str) -> None:
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    done = machines.run(machines.make("parent-again", "Job", {"Job": sync(failing, Retry=retry, End=True)}))
    assert done["error"] == "StepFunctions.ExecutionAlreadyExistsException"


def test_a_child_stops_with_its_parent(machines: Machines, waiting: str) -> None:
    parent = machines.make("parent-of-waiting", "Job", {"Job": sync(waiting, End=True)})
    started = machines.states.start_execution(stateMachineArn=parent, name="stopped")["executionArn"]
    child = waiting.replace(":stateMachine:", ":execution:") + ":stopped-job"
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if machines.states.list_executions(stateMachineArn=waiting)["executions"]:
            break
    machines.states.stop_execution(executionArn=started, error="Cancelled", cause="by hand")
    done = machines.finish(started)
    assert (done["status"], done["error"], done["cause"]) == ("ABORTED", "Cancelled", "by hand")
    assert machines.finish(child)["status"] == "ABORTED"
    time.sleep(0.1)
    assert machines.finish(started)["status"] == "ABORTED"


def test_a_child_stops_when_its_task_times_out(machines: Machines, waiting: str) -> None:
    parent = machines.make("impatient", "Job", {"Job": sync(waiting, TimeoutSeconds=1, End=True)})
    done = machines.run(parent)
    assert (done["status"], done["error"]) == ("FAILED", "States.Timeout")
    child = waiting.replace(":stateMachine:", ":execution:") + f":{done['name']}-job"
    assert machines.finish(child)["status"] == "ABORTED"


def test_a_state_machine_times_out(machines: Machines) -> None:
    wait = {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}
    done = machines.run(machines.make("bounded", "Wait", wait, TimeoutSeconds=1))
    assert done["status"] == "TIMED_OUT"


def test_a_start_may_be_repeated(machines: Machines, waiting: str) -> None:
    def start(value: str) -> str:
        started = machines.states.start_execution(stateMachineArn=waiting, name="repeated", input=value)
        return str(started["executionArn"])

    first = start('{"month": 1}')
    assert start('{"month": 1}') == first
    with pytest.raises(machines.states.exceptions.ExecutionAlreadyExists):
        start('{"month": 2}')
    machines.states.stop_execution(executionArn=first)
    with pytest.raises(machines.states.exceptions.ExecutionAlreadyExists):
        start('{"month": 1}')


def test_a_large_result_is_refused(function: Callable[..., str], machines: Machines) -> None:
    large = function("large", "def main(event, context): return 'x' * event['size']")
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    short = "{% $length($states.result.Payload) %}"
    states = {"Call": task(large, Output=short, Catch=catch, End=True), "Caught": {"Type": "Succeed"}}
    machine = machines.make("large", "Call", states)
    assert machines.run(machine, {"size": 262_000})["output"] == "262000"
    assert machines.run(machine, {"size": 262_144})["error"] == "States.DataLimitExceeded"


def test_a_large_output_is_refused(machines: Machines) -> None:
    double = {"Type": "Pass", "Output": "{% [$states.input, $states.input] %}", "End": True}
    machine = machines.make("doubling", "Double", {"Double": double})
    value = {"text": "é" * 60_000}
    assert machines.run(machine, value)["status"] == "SUCCEEDED"
    assert machines.run(machine, {"text": "é" * 70_000})["error"] == "States.DataLimitExceeded"
    with pytest.raises(machines.states.exceptions.ClientError, match="262144"):
        machines.run(machine, {"text": "x" * 270_000})


def test_jsonpath_still_works(function: Callable[..., str], machines: Machines) -> None:
    echo = function("echo", "def main(event, context): return event['a'] + 1")
    call = {**task(echo), "Parameters": {"FunctionName": echo, "Payload.$": "$"}, "End": True}
    del call["Arguments"]
    parallel = {
        "Type": "Parallel",
        "Branches": [{"StartAt": "Call", "States": {"Call": {**call, "OutputPath": "$.Payload"}}}],
        "ResultPath": "$.all",
        "End": True,
    }
    machine = machines.make("old-style", "All", {"All": parallel}, QueryLanguage="JSONPath")
    assert json.loads(machines.run(machine, {"a": 1})["output"]) == {"a": 1, "all": [2]}
