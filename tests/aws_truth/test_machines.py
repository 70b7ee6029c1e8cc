"""What Step Functions does where the emulator never comes to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from bunsui import Approval, Bucket, Fallback, Job, Lambda, Map, Objects, Operation, Pipeline
from bunsui.compile.joins import COMPLETE, GONE
from bunsui.compile.stack import machine_title
from bunsui.compile.steps.failing import named
from bunsui.compile.steps.operation import retriers
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.retry import Retry
from tests.compile.assemblies import root
from tests.compile.pipelines import compiled, operation, pipeline, states


def test_throttled_starts_of_jobs_are_tried_again() -> None:
    machine = compiled(pipeline({"work": []}, {"ingest": ["work"]})).machine.definition
    run = machine["States"]["Run jobs"]["Branches"][0]["States"]["ingest"]
    (retrier,) = run["Retry"]
    assert "StepFunctions.AWSStepFunctionsException" in retrier["ErrorEquals"]
    assert "States.TaskFailed" not in retrier["ErrorEquals"]
    assert run["Arguments"]["Name"].count("session") == 1


def test_a_timeout_is_that_of_the_function_too() -> None:
    """The function's comes first, and Lambda calls it Sandbox.Timedout."""
    own, _ = retriers(Retry(on=["States.Timeout", ValueError]), ["Lambda.SdkClientException"])
    assert own["ErrorEquals"] == ["States.Timeout", "ValueError", "Sandbox.Timedout"]
    assert named(("States.Timeout", "Sandbox.Timedout")) == ["States.Timeout", "Sandbox.Timedout"]
    assert named(("ValueError",)) == ["ValueError"]


def test_a_fallback_for_timeouts_is_for_those_of_functions_too() -> None:
    work = Operation("work", handler="json:dumps", runs=Lambda(), on_error=Fallback(0, on="States.Timeout"))
    work._signature = operation("work")._signature
    (catcher,) = states_of(Pipeline("p", operations=[work]))["work"]["Catch"]
    assert catcher["ErrorEquals"] == ["States.Timeout", "Sandbox.Timedout"]


def states_of(declared: Pipeline) -> dict[str, Any]:
    return dict(states(compiled(declared).jobs["main"].definition))


def test_errors_of_sdk_integrations_have_the_names_of_the_sdk() -> None:
    """The API's TaskTimedOut is Sfn.TaskTimedOutException, and botocore's DynamoDB is DynamoDb."""
    import boto3

    dynamodb = boto3.client("dynamodb", region_name="eu-west-1").meta.service_model
    sfn = boto3.client("stepfunctions", region_name="eu-west-1").meta.service_model
    assert {COMPLETE} <= raised(dynamodb.operation_model("UpdateItem"), "DynamoDb")
    assert set(GONE) <= raised(sfn.operation_model("SendTaskSuccess"), "Sfn")
    ask = states_of(Pipeline("p", operations=[Approval("ask", message="Go on?")]))["ask"]
    transient = raised(dynamodb.operation_model("UpdateItem"), "DynamoDb") & set(ask["Retry"][0]["ErrorEquals"])
    assert {"DynamoDb.ThrottlingException", "DynamoDb.ProvisionedThroughputExceededException"} <= transient


def raised(model: Any, service: str) -> set[str]:
    return {f"{service}.{shape.name.removesuffix('Exception')}Exception" for shape in model.error_shapes}


def test_an_iteration_knows_its_element_by_its_input() -> None:
    """The context object tells it in the Map state itself, for ItemSelector ("input-output-contextobject")."""
    needs: dict[str, list[str]] = {"a": [], "b": ["a"]}
    for number in range(6):
        needs |= {f"own{number}": [], f"out{number}": ["a", f"own{number}"]}
    definition = compiled(pipeline(needs)).jobs["main"].definition
    (arrive,) = (state for _, state in states(definition) if state["Type"] == "Map")
    assert "$states.input.join" in json.dumps(arrive["ItemProcessor"])
    assert "Map.Item" not in json.dumps(arrive)


def objects() -> Pipeline:
    lake = Bucket("lake")
    each = Map("all", operation("each", ("one",)), over=Objects(lake / "raw"), item="one")
    return Pipeline("p", jobs=[Job("main", each), Job("other", operation("work"))])


def test_a_listing_without_settings_has_no_reader_config() -> None:
    reader = states_of(objects())["all"]["ItemReader"]
    assert reader.keys() == {"Resource", "Arguments"}


def test_executions_of_a_distributed_map_assume_the_role_too() -> None:
    """They belong to the state machine `name/label` (AWS Step Functions API reference, StartExecution)."""
    resources = root(objects())["Resources"]
    for job, endings in {"main": ("", "/*"), "other": ("",)}.items():
        (statement,) = resources[f"{machine_title(job)}Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        arn = f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:p-{job}"
        wanted = [{"Fn::Sub": f"{arn}{end}"} for end in endings]
        assert statement["Condition"]["ArnLike"]["aws:SourceArn"] == (wanted if len(wanted) > 1 else wanted[0])


def test_regions_of_every_partition() -> None:
    import boto3

    session = boto3.Session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition_name=partition)
    }
    assert "eusc-de-east-1" in regions
    for region in regions:
        assert Environment(region=region).region == region
        bucket = Names("p" * 40, "q" * 16).bucket("r" * 30, "1" * 12, region)
        assert len(bucket) <= 63


@pytest.mark.parametrize("region", ["Ireland", "x", "eu-west-", "eu_west_1"])
def test_what_is_no_region(region: str) -> None:
    with pytest.raises(ValidationError):
        Environment(region=region)
