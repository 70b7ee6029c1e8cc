"""CloudFormation refuses to replace what has a name of its own; the emulator does it."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui.deploy import plan
from bunsui.deploy.models import Change, Plan
from bunsui.errors import DeploymentError


def changed(type: str, *what: str, **more: Any) -> Plan:
    told: dict[str, Any] = {"action": "replaced", "replacement": "yes", "physical_id": "p-days", **more}
    change = Change(logical_id="DaysTable", type=type, what=what, **told)
    return Plan(stack="p", operation="update", changes=(change,))


def test_a_table_cannot_be_replaced_under_its_name() -> None:
    with pytest.raises(DeploymentError) as raised:
        plan.check_possible(changed("AWS::DynamoDB::Table", "AttributeDefinitions", "KeySchema"))
    assert raised.value.code == "BUN601"
    assert "DaysTable (AWS::DynamoDB::Table)" in raised.value.message
    assert "KeySchema" in raised.value.message
    assert "p-days" in raised.value.message
    assert "another id" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "possible",
    [
        changed("AWS::DynamoDB::Table", "KeySchema", "TableName"),
        changed("AWS::IAM::Role", "Path"),
        changed("AWS::DynamoDB::Table", "SSESpecification", action="changed", replacement="conditional"),
        changed("AWS::DynamoDB::Table", "Tags", action="changed", replacement="no"),
        changed("AWS::DynamoDB::Table", action="added", replacement="no"),
    ],
)
def test_everything_else_is_possible(possible: Plan) -> None:
    plan.check_possible(possible)
