from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "Properties": {
        "TableName": "retained",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/beside"}}


@pytest.fixture
def deploy(clients: Callable[[str], Any]) -> Callable[..., str]:
    formation = clients("cloudformation")

    def run(stack: str, resources: dict[str, Any], **more: Any) -> str:
        formation.create_change_set(
            StackName=stack,
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps({"Resources": resources}),
            **more,
        )
        formation.execute_change_set(StackName=stack, ChangeSetName="first")
        while True:
            status = str(formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.02)

    return run


def reasons(clients: Callable[[str], Any], stack: str) -> dict[str, str]:
    events = clients("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return {event["LogicalResourceId"]: event["ResourceStatusReason"] for event in failed}


def test_a_retained_table_is_not_overwritten(clients: Callable[[str], Any], deploy: Callable[..., str]) -> None:
    dynamodb = clients("dynamodb")
    assert deploy("kept-1", {"Table": TABLE}) == "CREATE_COMPLETE"
    dynamodb.put_item(TableName="retained", Item={"id": {"S": "1"}})
    clients("cloudformation").delete_stack(StackName="kept-1")
    assert deploy("kept-2", {"Table": {**TABLE, "DependsOn": "Group"}, "Group": GROUP}) == "ROLLBACK_COMPLETE"
    assert reasons(clients, "kept-2")["Table"] == (
        "Resource of type 'AWS::DynamoDB::Table' with identifier 'retained' already exists."
    )
    assert dynamodb.scan(TableName="retained")["Count"] == 1
    assert deploy("kept-3", {"Table": TABLE}, ImportExistingResources=True) == "CREATE_COMPLETE"
    assert dynamodb.scan(TableName="retained")["Count"] == 1


def test_a_function_without_code_is_not_created(clients: Callable[[str], Any], deploy: Callable[..., str]) -> None:
    clients("s3").create_bucket(Bucket="assets")
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "app.main",
            "Role": "arn:aws:iam::000000000000:role/anything",
            "Code": {"S3Bucket": "assets", "S3Key": "absent.zip"},
        },
    }
    assert deploy("codeless", {"Function": function}) == "ROLLBACK_COMPLETE"
    assert "NoSuchKey" in reasons(clients, "codeless")["Function"]
