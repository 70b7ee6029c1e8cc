import json
from random import Random

import pytest

from bunsui.errors import BunsuiError, UsageError
from bunsui.model.names import Names
from bunsui.session.model import Status
from bunsui.session.start import Starter

from .fakes import START, Answers, FakeAws, refusal

IDENTITY = {"Account": "123456789012", "Arn": "arn:aws-cn:iam::123456789012:user/kay"}
EXECUTION = "arn:aws-cn:states:eu-west-1:123456789012:execution:dev-flights:night-1"


def description(parameters, session="night", status="RUNNING", **more):
    given = {"session": session, "attempt": 1, "parameters": parameters}
    return {
        "executionArn": EXECUTION,
        "stateMachineArn": "arn:x",
        "status": status,
        "startDate": START,
        "input": json.dumps(given),
        **more,
    }


def starter(start=None, describe=None, item=None):
    """A starter whose AWS answers so, and the requests that it got."""
    executions = Answers(
        {"start_execution": [start or {"executionArn": EXECUTION}], "describe_execution": [describe or description({})]}
    )
    found = {"Item": {name: {"S": value} for name, value in item.items()}} if item else {}
    tables = Answers({"get_item": [found]})
    clients = {"stepfunctions": executions, "sts": Answers({"get_caller_identity": [IDENTITY]}), "dynamodb": tables}
    return Starter(FakeAws(clients), Names("flights", "dev-"), lambda: START, Random(1)), executions


def record(**more):
    return {"session": "night", "pipeline": "flights", "status": "SUCCEEDED", "execution": EXECUTION, **more}


def test_what_is_started():
    one, executions = starter(describe=description({"month": 1}))
    session = one.start({"month": 1}, "night")
    request = executions.asked[0][1]
    assert request["stateMachineArn"] == "arn:aws-cn:states:eu-west-1:123456789012:stateMachine:dev-flights"
    assert request["name"] == "night-1"
    assert json.loads(request["input"]) == {"session": "night", "attempt": 1, "parameters": {"month": 1}}
    assert (session.id, session.status, session.started) == ("night", Status.RUNNING, START)
    assert (session.pipeline, session.parameters, session.execution) == ("flights", {"month": 1}, EXECUTION)


def test_a_new_id_is_made_where_none_is_given():
    one, executions = starter(describe=description({}, session="20261121-101530-e52h"))
    assert one.start({}).id == "20261121-101530-e52h"
    assert executions.asked[0][1]["name"] == "20261121-101530-e52h-1"


def test_an_interrupted_start_is_found_again():
    one, _ = starter(start=refusal("ExecutionAlreadyExists"), describe=description({"month": 1}))
    assert one.start({"month": 1}, "night").execution == EXECUTION


def test_an_interrupted_start_with_other_parameters_is_refused():
    one, _ = starter(start=refusal("ExecutionAlreadyExists"), describe=description({"month": 2}))
    with pytest.raises(UsageError, match="with other parameters") as caught:
        one.start({"month": 1}, "night")
    assert caught.value.code == "BUN702"


def test_a_recorded_session_is_not_started_again():
    one, executions = starter(describe=description({"month": 1}, status="SUCCEEDED"), item=record())
    assert one.start({"month": 1}, "night").status is Status.SUCCEEDED
    assert [method for method, _ in executions.asked] == ["describe_execution"]
    with pytest.raises(UsageError, match="with other parameters"):
        one.start({"month": 2}, "night")


def test_the_record_decides_when_aws_has_forgotten_the_execution():
    item = record(parameters='{"month": 1}')
    one, executions = starter(describe=refusal("ExecutionDoesNotExist"), item=item)
    assert one.start({"month": 1}, "night").status is Status.SUCCEEDED
    with pytest.raises(UsageError, match="with other parameters"):
        one.start({"month": 2}, "night")
    assert "start_execution" not in [method for method, _ in executions.asked]


@pytest.mark.parametrize("machine", ["ships", "flights", "prod-flights"])
def test_an_id_of_another_pipeline_or_environment_is_refused(machine):
    item = record(execution=EXECUTION.replace("dev-flights", machine), pipeline=machine.removeprefix("prod-"))
    one, _ = starter(item=item)
    with pytest.raises(UsageError, match="another environment") as caught:
        one.start({}, "night")
    assert caught.value.code == "BUN702"


@pytest.mark.parametrize("code", ["StateMachineDoesNotExist", "StateMachineDeleting"])
def test_a_pipeline_that_is_not_deployed(code):
    one, _ = starter(start=refusal(code))
    with pytest.raises(BunsuiError) as caught:
        one.start({}, "night")
    assert (caught.value.code, caught.value.hint) == ("BUN605", "run `bunsui deploy flights`")


def test_other_refusals_pass():
    one, _ = starter(start=refusal("ExecutionLimitExceeded"))
    with pytest.raises(BunsuiError) as caught:
        one.start({}, "night")
    assert caught.value.code == "BUN503"


def test_the_input_has_a_limit_in_bytes():
    one, executions = starter()
    with pytest.raises(UsageError, match="too large: 26") as caught:
        one.start({"text": "é" * 131_072}, "night")
    assert caught.value.code == "BUN405"
    assert executions.asked == []


def test_missing_tables_mean_a_missing_control_stack():
    one, _ = starter()
    one.aws.clients["dynamodb"] = Answers({"get_item": [refusal("ResourceNotFoundException")]})
    with pytest.raises(BunsuiError) as caught:
        one.start({}, "night")
    assert caught.value.code == "BUN504"
    assert "`bunsui deploy`" in caught.value.hint
    assert "`bunsui bootstrap`" in caught.value.hint
