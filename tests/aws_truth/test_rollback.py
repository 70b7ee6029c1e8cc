"""A rollback cannot delete a table that is protected against deletion, and would be stuck in ROLLBACK_FAILED."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bunsui.aws import Aws, Credentials
from bunsui.aws.cloudformation import CloudFormation
from bunsui.deploy import apply, control
from bunsui.deploy.models import Action, Change, Plan
from bunsui.deploy.protocols import Pace
from bunsui.deploy.render import Rendered

STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/flights/1"
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/bunsui-1/1"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = "AWS::DynamoDB::Table"


@pytest.fixture
def client() -> Iterator[CloudFormation]:
    aws = Aws(region="eu-west-1", credentials=Credentials("AKIDEXAMPLE", "secret"))
    yield CloudFormation(aws)
    aws.close()


def rendered(properties: dict[str, Any]) -> Rendered:
    table = {"Type": TABLE, "DeletionPolicy": "Retain", "Properties": properties}
    return Rendered(json.dumps({"Resources": {"T": table}}), {})


def event(number: int, status: str) -> dict[str, Any]:
    about = {"StackId": STACK, "StackName": "flights", "LogicalResourceId": "flights", "PhysicalResourceId": STACK}
    more = {"ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": status, "Timestamp": THEN}
    return {"EventId": f"e{number}", **about, **more}


def carried_out(client: CloudFormation, change: Change, templates: Rendered, *, delete_new: bool) -> str:
    """Carry a plan out against an AWS that expects it with this RetainExceptOnCreate."""
    stack = {"StackId": STACK, "StackName": "flights", "StackStatus": "CREATE_COMPLETE", "CreationTime": THEN}
    expected = {"ChangeSetName": CHANGE_SET, "DisableRollback": False, "RetainExceptOnCreate": delete_new}
    with Stubber(client.aws.client("cloudformation")) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": []})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": []})
        stub.add_response("execute_change_set", {}, expected)
        stub.add_response("describe_stacks", {"Stacks": [stack]})
        stub.add_response("describe_stack_events", {"StackEvents": [event(1, "CREATE_COMPLETE")]})
        plan = Plan(stack="flights", operation="create", changes=(change,), change_set=CHANGE_SET, stack_id=STACK)
        done = apply.carry_out(client, plan, templates, print, Pace(sleep=lambda seconds: None), began=0.0)
        stub.assert_no_pending_responses()
    return done.status


def table(action: Action) -> Change:
    return Change(action=action, logical_id="T", type=TABLE)


@pytest.mark.parametrize("written", [True, "true"])
def test_a_new_table_that_is_protected_stays(client: CloudFormation, written: object) -> None:
    templates = rendered({"DeletionProtectionEnabled": written})
    assert carried_out(client, table("added"), templates, delete_new=False) == "CREATE_COMPLETE"


@pytest.mark.parametrize("properties", [{}, {"DeletionProtectionEnabled": False}])
def test_another_new_table_goes(client: CloudFormation, properties: dict[str, Any]) -> None:
    assert carried_out(client, table("added"), rendered(properties), delete_new=True) == "CREATE_COMPLETE"


def test_a_protected_table_that_only_changes_keeps_nothing_else(client: CloudFormation) -> None:
    templates = rendered({"DeletionProtectionEnabled": True})
    assert carried_out(client, table("changed"), templates, delete_new=True) == "CREATE_COMPLETE"


def test_the_session_tables_stay(client: CloudFormation) -> None:
    change = Change(action="added", logical_id=control.SESSIONS, type=TABLE)
    templates = Rendered(control.template(), {})
    assert carried_out(client, change, templates, delete_new=False) == "CREATE_COMPLETE"
