from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bunsui.aws import Aws
from bunsui.aws.cloudformation import CloudFormation, Failure
from bunsui.aws.errors import ServiceError

SERVICE = "cloudformation"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/flights/1"
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/bunsui-1/2"


def test_absent_stack(aws: Aws, stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id flights does not exist")
    stub.add_client_error("describe_stacks", "ValidationError", "1 validation error detected: Value '!'")
    assert CloudFormation(aws).describe_stack("flights") is None
    with pytest.raises(ServiceError):
        CloudFormation(aws).describe_stack("!")


def test_stack(aws: Aws, stub: Stubber) -> None:
    outputs = [{"OutputKey": "A", "OutputValue": "a"}]
    found = {"StackId": STACK, "StackName": "flights", "StackStatus": "CREATE_COMPLETE", "CreationTime": THEN}
    tags = [{"Key": "k", "Value": "v"}]
    stub.add_response("describe_stacks", {"Stacks": [{**found, "Outputs": outputs, "Tags": tags}]})
    stack = CloudFormation(aws).describe_stack("flights")
    assert stack is not None
    assert (stack.id, stack.status, dict(stack.outputs), dict(stack.tags)) == (
        STACK,
        "CREATE_COMPLETE",
        {"A": "a"},
        {"k": "v"},
    )


@pytest.mark.parametrize(
    ("body", "template"),
    [('{"Resources":{}}', {"Resources": {}}), ("Resources:\n  A: 1\n", {}), ('"text"', {})],
)
def test_template(aws: Aws, stub: Stubber, body: str, template: dict[str, Any]) -> None:
    stub.add_response("get_template", {"TemplateBody": body}, {"StackName": STACK, "TemplateStage": "Original"})
    assert CloudFormation(aws).get_template(STACK) == template


def test_change_set_of_several_pages(aws: Aws, stub: Stubber) -> None:
    def page(logical_id: str, **more: Any) -> dict[str, Any]:
        return {
            "ChangeSetId": CHANGE_SET,
            "ChangeSetName": "bunsui-1",
            "StackId": STACK,
            "StackName": "flights",
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": "AVAILABLE",
            "Changes": [{"Type": "Resource", "ResourceChange": {"Action": "Add", "LogicalResourceId": logical_id}}],
            **more,
        }

    stub.add_response("describe_change_set", page("A", NextToken="t"), {"ChangeSetName": CHANGE_SET})
    stub.add_response("describe_change_set", page("B"), {"ChangeSetName": CHANGE_SET, "NextToken": "t"})
    made = CloudFormation(aws).describe_change_set(CHANGE_SET)
    assert made.executable
    assert [change["LogicalResourceId"] for change in made.changes] == ["A", "B"]


def test_what_a_change_set_is_asked_for(aws: Aws, stub: Stubber) -> None:
    wanted = {
        "StackName": "flights",
        "ChangeSetName": "bunsui-1",
        "ChangeSetType": "CREATE",
        "TemplateURL": "https://s3.eu-west-1.amazonaws.com/b/k",
        "Tags": [{"Key": "a", "Value": "b"}],
        "Capabilities": ["CAPABILITY_IAM"],
        "ImportExistingResources": True,
        "IncludeNestedStacks": True,
    }
    stub.add_response("create_change_set", {"Id": CHANGE_SET, "StackId": STACK}, wanted)
    made = CloudFormation(aws).create_change_set(
        "flights",
        "bunsui-1",
        "CREATE",
        url="https://s3.eu-west-1.amazonaws.com/b/k",
        tags={"a": "b"},
        capabilities=("CAPABILITY_IAM",),
        import_existing=True,
        nested=True,
    )
    assert made == CHANGE_SET


@pytest.mark.parametrize("delete_new", [True, False])
def test_an_execution_rolls_back(aws: Aws, stub: Stubber, delete_new: bool) -> None:
    wanted = {"ChangeSetName": CHANGE_SET, "DisableRollback": False, "RetainExceptOnCreate": delete_new}
    stub.add_response("execute_change_set", {}, wanted)
    CloudFormation(aws).execute_change_set(CHANGE_SET, delete_new=delete_new)


def test_a_change_set_that_is_gone(aws: Aws, stub: Stubber) -> None:
    stub.add_client_error("delete_change_set", "ChangeSetNotFound")
    stub.add_client_error("delete_change_set", "InvalidChangeSetStatus")
    CloudFormation(aws).delete_change_set(CHANGE_SET)
    with pytest.raises(ServiceError):
        CloudFormation(aws).delete_change_set(CHANGE_SET)


def test_validation_failures(aws: Aws, stub: Stubber) -> None:
    def event(**more: Any) -> dict[str, Any]:
        return {
            "EventId": "1",
            "Timestamp": THEN,
            "LogicalResourceId": "Lake",
            "ResourceType": "AWS::S3::Bucket",
            **more,
        }

    failed = event(ValidationStatus="FAILED", ValidationStatusReason="taken")
    stub.add_response(
        "describe_events", {"OperationEvents": [event()], "NextToken": "t"}, {"ChangeSetName": CHANGE_SET}
    )
    stub.add_response("describe_events", {"OperationEvents": [failed]}, {"ChangeSetName": CHANGE_SET, "NextToken": "t"})
    assert CloudFormation(aws).validation_failures(change_set=CHANGE_SET) == (
        Failure("Lake", "AWS::S3::Bucket", "taken"),
    )


def test_resources_and_events_of_several_pages(aws: Aws, stub: Stubber) -> None:
    def resource(id: str) -> dict[str, Any]:
        known = {"ResourceType": "AWS::S3::Bucket", "ResourceStatus": "CREATE_COMPLETE", "LastUpdatedTimestamp": THEN}
        return {"LogicalResourceId": id, **known}

    def event(id: str) -> dict[str, Any]:
        return {"EventId": id, "StackId": STACK, "StackName": "flights", "Timestamp": THEN}

    stub.add_response("list_stack_resources", {"StackResourceSummaries": [resource("A")], "NextToken": "t"})
    stub.add_response("list_stack_resources", {"StackResourceSummaries": [resource("B")]})
    stub.add_response("describe_stack_events", {"StackEvents": [event("2")], "NextToken": "t"})
    stub.add_response("describe_stack_events", {"StackEvents": [event("1")]})
    client = CloudFormation(aws)
    assert [one.logical_id for one in client.resources(STACK)] == ["A", "B"]
    assert [one.id for one in client.events(STACK)] == ["2", "1"]
