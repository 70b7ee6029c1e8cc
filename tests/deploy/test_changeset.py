from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from bunsui.aws import Aws, Credentials
from bunsui.aws.cloudformation import CloudFormation, Stack
from bunsui.deploy import changeset
from bunsui.deploy.changeset import Request
from bunsui.deploy.protocols import Pace
from bunsui.deploy.standing import Standing
from bunsui.errors import AwsError, DeploymentError

THEN = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/bunsui-1/root"
CHILD = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/bunsui-1-Part/child"
STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/flights/1"
QUICK = Pace(sleep=lambda seconds: None)
ABSENT, THERE = Standing("create"), Standing("update", Stack(STACK_ID, "flights", "CREATE_COMPLETE"))


@pytest.fixture
def client() -> Iterator[CloudFormation]:
    aws = Aws(region="eu-west-1", credentials=Credentials("AKIDEXAMPLE", "secret"))
    yield CloudFormation(aws)
    aws.close()


@pytest.fixture
def stub(client: CloudFormation) -> Iterator[Stubber]:
    with Stubber(client.aws.client("cloudformation")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def described(
    id: str = ROOT, *changes: dict[str, Any], status: str = "CREATE_COMPLETE", reason: str = ""
) -> dict[str, Any]:
    return {
        "ChangeSetId": id,
        "ChangeSetName": "bunsui-1",
        "StackId": STACK_ID,
        "StackName": "flights" if id == ROOT else "flights-Part-X",
        "Status": status,
        "StatusReason": reason,
        "ExecutionStatus": "AVAILABLE" if status == "CREATE_COMPLETE" else "UNAVAILABLE",
        "Changes": [{"Type": "Resource", "ResourceChange": change} for change in changes],
    }


def change(action: str, logical_id: str, type: str = "AWS::S3::Bucket", **more: Any) -> dict[str, Any]:
    return {"Action": action, "LogicalResourceId": logical_id, "ResourceType": type, **more}


def detail(name: str, evaluation: str = "Static", attribute: str = "Properties", **more: Any) -> dict[str, Any]:
    target = {"Attribute": attribute, "Name": name, **more.pop("Target", {})}
    return {"Target": target, "Evaluation": evaluation, **more}


def read(client: CloudFormation, stub: Stubber, *changes: dict[str, Any]) -> list[Any]:
    stub.add_response("describe_change_set", described(ROOT, *changes), {"ChangeSetName": ROOT})
    return list(changeset.changes(client, client.describe_change_set(ROOT)))


def test_actions(client: CloudFormation, stub: Stubber) -> None:
    found = read(
        client,
        stub,
        change("Add", "A"),
        change("Modify", "B", Replacement="False", PhysicalResourceId="b", Details=[detail("Tags", attribute="Tags")]),
        change("Modify", "C", Replacement="True", PolicyAction="ReplaceAndRetain", Details=[detail("BucketName")]),
        change("Modify", "D", Replacement="Conditional"),
        change("Remove", "E", PolicyAction="Delete"),
        change("Remove", "F", PolicyAction="Retain", PhysicalResourceId="f"),
        change("Import", "G", PhysicalResourceId="lake"),
    )
    assert [(one.action, one.logical_id, one.replacement) for one in found] == [
        ("added", "A", "no"),
        ("changed", "B", "no"),
        ("replaced", "C", "yes"),
        ("changed", "D", "conditional"),
        ("removed", "E", "no"),
        ("retained", "F", "no"),
        ("imported", "G", "no"),
    ]
    assert [one.physical_id for one in found] == ["", "b", "", "", "", "f", "lake"]


def test_what_changes(client: CloudFormation, stub: Stubber) -> None:
    details = [
        detail("Code", Target={"Path": "/Properties/Code/S3Key"}),
        detail("MemorySize"),
        detail("Role", "Dynamic", CausingEntity="Role.Arn"),
        detail("", attribute="Metadata"),
    ]
    (found,) = read(client, stub, change("Modify", "F", Replacement="False", Scope=["Properties"], Details=details))
    assert found.what == ("Code.S3Key", "MemorySize", "Metadata", "Role (follows Role.Arn)")


def test_nested_change_sets_are_read_too(client: CloudFormation, stub: Stubber) -> None:
    nested = change("Modify", "Part", "AWS::CloudFormation::Stack", ChangeSetId=CHILD, Replacement="Conditional")
    stub.add_response("describe_change_set", described(ROOT, nested, change("Add", "A")))
    stub.add_response("describe_change_set", described(CHILD, change("Add", "B")), {"ChangeSetName": CHILD})
    found = list(changeset.changes(client, client.describe_change_set(ROOT)))
    assert [(one.path, one.logical_id, one.replacement) for one in found] == [
        ("", "Part", "no"),
        ("Part", "B", "no"),
        ("", "A", "no"),
    ]


def test_a_nested_stack_in_which_nothing_changes_is_not_a_change(client: CloudFormation, stub: Stubber) -> None:
    automatic = {"Target": {"Attribute": "Properties"}, "Evaluation": "Dynamic", "ChangeSource": "Automatic"}
    nested = change("Modify", "Part", "AWS::CloudFormation::Stack", ChangeSetId=CHILD, Details=[automatic])
    stub.add_response("describe_change_set", described(ROOT, nested))
    stub.add_response("describe_change_set", described(CHILD, status="FAILED", reason="didn't contain changes"))
    assert list(changeset.changes(client, client.describe_change_set(ROOT))) == []


def create(client: CloudFormation, standing: Standing) -> Any:
    return changeset.create(client, Request("flights", body="{}", nested=True), standing, QUICK)


def begun(stub: Stubber, kind: str) -> None:
    wanted = {
        "StackName": "flights",
        "ChangeSetName": ANY,
        "ChangeSetType": kind,
        "TemplateBody": "{}",
        "Tags": [],
        "Capabilities": ["CAPABILITY_IAM"],
        "ImportExistingResources": True,
        "IncludeNestedStacks": True,
        "Description": ANY,
    }
    stub.add_response("create_change_set", {"Id": ROOT, "StackId": STACK_ID}, wanted)


def stack(status: str) -> dict[str, Any]:
    found = {"StackId": STACK_ID, "StackName": "flights", "StackStatus": status, "CreationTime": THEN}
    return {"Stacks": [found]}


def test_waits_until_it_is_made(client: CloudFormation, stub: Stubber) -> None:
    begun(stub, "UPDATE")
    for status in ("CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        stub.add_response("describe_change_set", described(status=status))
    assert create(client, THERE).executable


def test_a_failed_one_leaves_no_empty_stack(client: CloudFormation, stub: Stubber) -> None:
    begun(stub, "CREATE")
    reason = "flights-lake already exists in stack arn:aws:cloudformation:eu-west-1:111122223333:stack/other/1"
    stub.add_response("describe_change_set", described(status="FAILED", reason=reason))
    stub.add_response("delete_change_set", {}, {"ChangeSetName": ROOT})
    stub.add_response("describe_stacks", stack("REVIEW_IN_PROGRESS"))
    stub.add_response("delete_stack", {}, {"StackName": STACK_ID})
    with pytest.raises(DeploymentError, match="already exists in stack") as caught:
        create(client, ABSENT)
    assert caught.value.code == "BUN601"


def test_a_failed_one_leaves_the_stack_that_was_there(client: CloudFormation, stub: Stubber) -> None:
    begun(stub, "UPDATE")
    stub.add_response("describe_change_set", described(status="FAILED", reason="Template error"))
    stub.add_response("delete_change_set", {})
    with pytest.raises(DeploymentError, match="Template error"):
        create(client, THERE)


def test_interrupted_while_it_is_made(client: CloudFormation, stub: Stubber) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    begun(stub, "UPDATE")
    stub.add_response("describe_change_set", described(status="CREATE_PENDING"))
    stub.add_response("delete_change_set", {}, {"ChangeSetName": ROOT})
    with pytest.raises(KeyboardInterrupt):
        changeset.create(client, Request("flights", body="{}", nested=True), THERE, Pace(sleep=interrupt))


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_empty(client: CloudFormation, stub: Stubber, reason: str) -> None:
    begun(stub, "UPDATE")
    stub.add_response("describe_change_set", described(status="FAILED", reason=reason))
    assert changeset.is_empty(create(client, THERE))


def test_the_reason_of_a_nested_one_is_told(client: CloudFormation, stub: Stubber) -> None:
    begun(stub, "UPDATE")
    outer = f"Nested change set {CHILD} was not successfully created: Currently in FAILED."
    stub.add_response("describe_change_set", described(status="FAILED", reason=outer))
    inner = described(CHILD, status="FAILED", reason="Template format error: Unresolved resource dependencies [X]")
    stub.add_response("describe_change_set", inner, {"ChangeSetName": CHILD})
    stub.add_response("delete_change_set", {})
    with pytest.raises(DeploymentError, match=r"stack flights-Part-X failed: .*dependencies \[X\]"):
        create(client, THERE)


def test_what_early_validation_refused_is_told(client: CloudFormation, stub: Stubber) -> None:
    begun(stub, "UPDATE")
    reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot "
    more = "Early Validation errors, use the DescribeEvents API for detailed failure information."
    stub.add_response("describe_change_set", described(status="FAILED", reason=reason + more))
    event = {
        "EventId": "1",
        "Timestamp": THEN,
        "LogicalResourceId": "Lake",
        "ResourceType": "AWS::S3::Bucket",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "Resource of type 'AWS::S3::Bucket' with identifier 'lake' already exists.",
    }
    stub.add_response("describe_events", {"OperationEvents": [event]}, {"ChangeSetName": ROOT})
    stub.add_response("delete_change_set", {})
    with pytest.raises(DeploymentError, match=r"Lake \(AWS::S3::Bucket\): .*identifier 'lake' already exists"):
        create(client, THERE)


@pytest.mark.parametrize(
    ("aws_code", "code"),
    [("AccessDenied", "BUN501"), ("Throttling", "BUN503"), ("InsufficientCapabilitiesException", "BUN503")],
)
def test_a_refused_request(client: CloudFormation, stub: Stubber, aws_code: str, code: str) -> None:
    stub.add_client_error("create_change_set", aws_code, "no")
    with pytest.raises(AwsError) as caught:
        create(client, ABSENT)
    assert caught.value.code == code
