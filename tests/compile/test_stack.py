"""Templates: valid, secure by default, keeping data, and named as docs/architecture.md says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bunsui import Bucket, Fallback, Lambda, Pipeline, Table
from bunsui.compile import cutting
from bunsui.compile.stack import DEFINITION_LIMIT
from bunsui.errors import DeclarationError
from bunsui.model.environment import Environment

from .assemblies import flights, linted, many, of_type, root
from .pipelines import operation, pipeline

DEVELOPMENT = Environment(
    name="dev", prefix="dev-", removal_policy="destroy", log_retention_days=7, tags={"cost": "42"}
)


def data_only() -> Pipeline:
    work = operation(
        "work", reads=[Bucket("a"), Bucket("b")], writes=[Table("t", partition_key="k", partition_type="binary")]
    )
    return Pipeline("data", operations=[work])


def awkward() -> Pipeline:
    names = ["x" * 128, "And", "a_b", "ab", "aB", "x_machine", "x_role"]
    jobs = {"session": names[:3], "x": names[3:5], "A-b-C": names[5:]}
    return pipeline({name: [] for name in names}, jobs)


PIPELINES: list[Callable[[], Pipeline]] = [
    flights,
    data_only,
    awkward,
    lambda: many(12),
    lambda: many(300, distinct=False),
    lambda: Pipeline("one", operations=[operation("only", on_error=Fallback(1))]),
]


@pytest.mark.parametrize("make", PIPELINES, ids=["flights", "data", "awkward", "twelve", "shared", "one"])
def test_cfn_lint_has_nothing_to_say(make: Callable[[], Pipeline]) -> None:
    assert linted(root(make(), Environment())) == []


def test_cfn_lint_has_nothing_to_say_about_another_environment() -> None:
    assert linted(root(flights(), DEVELOPMENT)) == []


def test_cfn_lint_would_say_something() -> None:
    template = root(flights())
    template["Resources"]["CleanFunction"]["Properties"]["Timeout"] = "long"
    assert linted(template)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return root(flights())


def only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = of_type(template, kind).values()
    return found


SECURE: list[tuple[str, str, Any]] = [
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls", True),
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", True),
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration.IgnorePublicAcls", True),
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration.RestrictPublicBuckets", True),
    ("AWS::S3::Bucket", "VersioningConfiguration.Status", "Enabled"),
    ("AWS::S3::Bucket", "LoggingConfiguration.LogFilePrefix", "flights/lake/"),
    (
        "AWS::S3::Bucket",
        "LoggingConfiguration.DestinationBucketName.Fn::Sub",
        "bunsui-logs-${AWS::AccountId}-${AWS::Region}",
    ),
    ("AWS::S3::Bucket", "OwnershipControls.Rules.0.ObjectOwnership", "BucketOwnerEnforced"),
    (
        "AWS::S3::Bucket",
        "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm",
        "aws:kms",
    ),
    ("AWS::S3::BucketPolicy", "PolicyDocument.Statement.0.Effect", "Deny"),
    ("AWS::S3::BucketPolicy", "PolicyDocument.Statement.0.Principal", "*"),
    ("AWS::S3::BucketPolicy", "PolicyDocument.Statement.0.Condition", {"Bool": {"aws:SecureTransport": "false"}}),
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", True),
    ("AWS::DynamoDB::Table", "SSESpecification.SSEEnabled", True),
    ("AWS::DynamoDB::Table", "DeletionProtectionEnabled", True),
    ("AWS::Logs::LogGroup", "RetentionInDays", 30),
    ("AWS::Lambda::Function", "TracingConfig.Mode", "Active"),
    ("AWS::Lambda::Function", "LoggingConfig.LogGroup", "/bunsui/flights/functions"),
    ("AWS::StepFunctions::StateMachine", "TracingConfiguration.Enabled", True),
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration.Level", "ALL"),
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration.IncludeExecutionData", False),
    ("AWS::StepFunctions::StateMachine", "StateMachineType", "STANDARD"),
]


@pytest.mark.parametrize(("kind", "path", "value"), SECURE, ids=[f"{kind} {path}" for kind, path, _ in SECURE])
def test_secure_by_default(kind: str, path: str, value: Any, template: dict[str, Any]) -> None:
    found = of_type(template, kind)
    assert found
    for resource in found.values():
        inner: Any = resource["Properties"]
        for part in path.split("."):
            inner = inner[int(part)] if part.isdigit() else inner[part]
        assert inner == value


def test_tls_covers_the_bucket_and_its_objects(template: dict[str, Any]) -> None:
    policy = only(template, "AWS::S3::BucketPolicy")["Properties"]
    assert policy["Bucket"] == {"Ref": "LakeBucket"}
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${LakeBucket}"},
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${LakeBucket}/*"},
    ]


DATA = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup")


@pytest.mark.parametrize(("policy", "word"), [("retain", "Retain"), ("destroy", "Delete")])
def test_data_is_kept_unless_the_environment_says_otherwise(policy: Any, word: str) -> None:
    template = root(flights(), Environment(removal_policy=policy))
    for kind in DATA:
        for resource in of_type(template, kind).values():
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == (word, word)
    assert only(template, "AWS::DynamoDB::Table")["Properties"]["DeletionProtectionEnabled"] is (policy == "retain")
    others = [one for one in template["Resources"].values() if one["Type"] not in DATA]
    assert not any("DeletionPolicy" in one for one in others)


def test_names_are_those_of_the_environment() -> None:
    template = root(flights(), DEVELOPMENT)
    names = {
        name: value
        for resource in template["Resources"].values()
        for name, value in resource["Properties"].items()
        if name in ("StateMachineName", "FunctionName", "TableName", "BucketName", "LogGroupName")
    }
    assert names["TableName"] == "dev-flights-delays"
    assert names["BucketName"] == {"Fn::Sub": "dev-flights-lake-${AWS::AccountId}-${AWS::Region}"}
    machines = of_type(template, "AWS::StepFunctions::StateMachine").values()
    assert {one["Properties"]["StateMachineName"] for one in machines} == {
        "dev-flights",
        "dev-flights-ingest",
        "dev-flights-publish",
    }
    functions = of_type(template, "AWS::Lambda::Function").values()
    assert {one["Properties"]["FunctionName"] for one in functions} == {
        "dev-flights-raw",
        "dev-flights-clean",
        "dev-flights-daily",
    }
    groups = of_type(template, "AWS::Logs::LogGroup").values()
    assert {one["Properties"]["LogGroupName"] for one in groups} == {
        "/bunsui/dev-flights/functions",
        "/aws/vendedlogs/states/dev-flights",
    }
    assert all(one["Properties"]["RetentionInDays"] == 7 for one in groups)


TAGGED = (
    "S3::Bucket",
    "DynamoDB::Table",
    "Logs::LogGroup",
    "IAM::Role",
    "Lambda::Function",
    "StepFunctions::StateMachine",
)


@pytest.mark.parametrize("kind", TAGGED)
def test_tags_are_on_everything(kind: str) -> None:
    found = of_type(root(flights(), DEVELOPMENT), f"AWS::{kind}")
    assert found
    for resource in found.values():
        tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
        assert tags == {"bunsui:pipeline": "flights", "cost": "42", "team": "data"}


def test_settings_of_a_function(template: dict[str, Any]) -> None:
    properties = template["Resources"]["CleanFunction"]["Properties"]
    assert properties["MemorySize"] == 1024
    assert properties["Timeout"] == 120
    assert properties["Architectures"] == ["arm64"]
    assert properties["ReservedConcurrentExecutions"] == 2
    assert properties["Role"] == {"Fn::GetAtt": ["CleanWorkerRole", "Arn"]}
    assert properties["Code"] == {
        "S3Bucket": {"Fn::Sub": "bunsui-${AWS::AccountId}-${AWS::Region}"},
        "S3Key": f"assets/{'a' * 64}.zip",
    }
    variables = properties["Environment"]["Variables"]
    assert variables["WORKERS"] == "4"
    assert variables["BUNSUI_HANDLER"] == "code:clean"
    assert variables["BUNSUI_BUCKET"] == {"Fn::Sub": "bunsui-${AWS::AccountId}-${AWS::Region}"}
    assert json.loads(variables["BUNSUI_RESOURCES"]["Fn::Sub"]) == {
        "lake": {
            "name": "flights-lake-${AWS::AccountId}-${AWS::Region}",
            "reads": ["raw"],
            "writes": ["clean", "rejected"],
        }
    }


def test_a_function_without_data_knows_no_bucket() -> None:
    template = root(Pipeline("p", operations=[operation("work", returns=int)]))
    variables = template["Resources"]["WorkFunction"]["Properties"]["Environment"]["Variables"]
    assert variables == {"BUNSUI_HANDLER": "code:work"}


def test_keys_of_a_table(template: dict[str, Any]) -> None:
    properties = only(template, "AWS::DynamoDB::Table")["Properties"]
    assert properties["KeySchema"] == [
        {"AttributeName": "day", "KeyType": "HASH"},
        {"AttributeName": "airline", "KeyType": "RANGE"},
    ]
    assert properties["AttributeDefinitions"] == [
        {"AttributeName": "day", "AttributeType": "S"},
        {"AttributeName": "airline", "AttributeType": "N"},
    ]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "gone", "Enabled": True}


def test_outputs(template: dict[str, Any]) -> None:
    assert {name: one["Value"] for name, one in template["Outputs"].items()} == {
        "SessionMachine": {"Ref": "SessionMachine"},
        "FunctionLogGroup": {"Ref": "FunctionLogs"},
        "DelaysTableName": "flights-delays",
        "LakeBucketName": {"Fn::Sub": "flights-lake-${AWS::AccountId}-${AWS::Region}"},
    }


def test_description(template: dict[str, Any]) -> None:
    assert template["Description"] == "Delays by day"


def test_machines_wait_for_the_log_group(template: dict[str, Any]) -> None:
    for machine in of_type(template, "AWS::StepFunctions::StateMachine").values():
        assert "MachineLogs" in machine["DependsOn"]


def test_names_that_look_alike_keep_their_own_resources() -> None:
    template = root(awkward())
    assert len(of_type(template, "AWS::Lambda::Function")) == 7
    assert len(of_type(template, "AWS::StepFunctions::StateMachine")) == 4
    assert len(of_type(template, "AWS::IAM::Role")) == 11
    for kind, name in (("Lambda::Function", "FunctionName"), ("StepFunctions::StateMachine", "StateMachineName")):
        found = [one["Properties"][name] for one in of_type(template, f"AWS::{kind}").values()]
        assert len(found) == len(set(found))


def test_a_definition_past_the_quota_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "LIMIT", cutting.Limit(10**9, 10**9, 10**9))
    big = [operation(f"n{number}", {"value": "x" * 60_000}) for number in range(DEFINITION_LIMIT // 60_000 + 1)]
    with pytest.raises(DeclarationError) as raised:
        root(Pipeline("p", operations=big))
    assert raised.value.code == "BUN301"


def test_variables_past_the_quota_are_an_error() -> None:
    work = operation("work", runs=Lambda(environment={"SETTINGS": "x" * 4096}))
    with pytest.raises(DeclarationError) as raised:
        root(Pipeline("p", operations=[work]))
    assert raised.value.code == "BUN301"
    assert "Lambda allows 4096" in raised.value.message
