"""Task tokens: kept in a table, answered from another branch, and what AWS says when nobody waits any more."""

import pytest

from bunsui.interpreter import DynamoDB, TaskFailed, execute, start


def task(resource, arguments, **fields):
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, **fields}


def waiting(**fields):
    """A machine that stores its token in a table and waits."""
    given = {
        "TableName": "t",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET #token = :token",
        "ExpressionAttributeNames": {"#token": "token"},
        "ExpressionAttributeValues": {":token": {"S": "{% $states.context.Task.Token %}"}},
    }
    return machine(W=task("aws-sdk:dynamodb:updateItem.waitForTaskToken", given, End=True, **fields))


def machine(**states):
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def answering(action, **given):
    """A machine that looks the token up and answers it."""
    return machine(
        G=task(
            "aws-sdk:dynamodb:getItem",
            {"TableName": "t", "Key": {"pk": {"S": "a"}}},
            Assign={"token": "{% $states.result.Item.token.S %}"},
            Next="A",
        ),
        A=task(f"aws-sdk:sfn:{action}", {"TaskToken": "{% $token %}", **given}, End=True),
    )


def beside(other, **fields):
    """The waiting machine, and after a minute another one next to it."""
    later = {**other, "StartAt": "L", "States": {"L": pause(60, other["StartAt"]), **other["States"]}}
    branches = [{key: part[key] for key in ("StartAt", "States")} for part in (waiting(**fields), later)]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    return execute(machine(P=both), services={"dynamodb": DynamoDB({"t": "pk"})})


def pause(seconds, following):
    return {"Type": "Wait", "Seconds": seconds, "Next": following}


def test_success_from_another_branch():
    execution = beside(answering("sendTaskSuccess", Output="{% $string({'a': 1}) %}"))
    assert execution.output == [{"a": 1}, {}]
    assert execution.duration == 60


def test_failure_from_another_branch():
    execution = beside(answering("sendTaskFailure", Error="Broken", Cause="why"))
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Broken", "why")


def test_a_heartbeat_keeps_the_task_alive():
    other = answering("sendTaskHeartbeat")
    other["States"]["A"] |= {"Next": "B"}
    del other["States"]["A"]["End"]
    other["States"]["B"] = pause(70, "C")
    other["States"]["C"] = task("aws-sdk:sfn:sendTaskSuccess", {"TaskToken": "{% $token %}", "Output": "1"}, End=True)
    assert beside(other, HeartbeatSeconds=80).output == [1, {}]
    assert beside(other, HeartbeatSeconds=65).error == "States.Timeout"


def test_a_condition_that_fails_before_the_token_is_stored():
    definition = waiting()
    definition["States"]["W"]["Arguments"]["ConditionExpression"] = "attribute_exists(pk)"
    execution = execute(definition, services={"dynamodb": DynamoDB({"t": "pk"})})
    assert execution.error == "DynamoDb.ConditionalCheckFailedException"
    assert "TaskSubmitted" not in execution.event_types


@pytest.mark.parametrize("action", ["sendTaskSuccess", "sendTaskFailure", "sendTaskHeartbeat"])
def test_a_task_that_has_ended(action):
    given = {"Output": "1"} if action == "sendTaskSuccess" else {}
    refused = {"ErrorEquals": ["Sfn.TaskTimedOutException"], "Output": "{% $states.errorOutput.Cause %}", "Next": "X"}
    other = answering(action, **given)
    other["States"]["A"]["Catch"] = [refused]
    other["States"]["X"] = {"Type": "Succeed"}
    late = waiting(TimeoutSeconds=30, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "T"}])
    late["States"]["T"] = {"Type": "Wait", "Seconds": 100, "Next": other["StartAt"]}
    late["States"] |= other["States"]
    execution = execute(late, services={"dynamodb": DynamoDB({"t": "pk"})})
    assert execution.output.startswith("Task Timed Out: 'Provided task does not exist anymore' (Service: Sfn, ")


def test_a_token_that_never_was():
    sending = machine(A=task("aws-sdk:sfn:sendTaskSuccess", {"TaskToken": "x", "Output": "1"}, End=True))
    assert execute(sending).error == "Sfn.InvalidTokenException"


def test_answers_from_outside():
    handle = start(waiting(), services={"dynamodb": DynamoDB({"t": "pk"})})
    (token,) = handle.tokens
    handle.send_task_heartbeat(token)
    handle.send_task_success(token, {"b": 2})
    assert handle.execution.output == {"b": 2}
    with pytest.raises(TaskFailed, match="TaskTimedOut"):
        handle.send_task_success(token, {})
    with pytest.raises(TaskFailed, match="InvalidToken"):
        handle.send_task_heartbeat("x")
