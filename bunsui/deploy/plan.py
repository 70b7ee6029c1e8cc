"""What a deployment will do, found out by CloudFormation itself: a change set, read into a `Plan`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bunsui.aws.cloudformation import STACK_TYPE, ChangeSet, CloudFormation
from bunsui.deploy import changeset
from bunsui.deploy.grants import Templates, widenings
from bunsui.deploy.models import Change, Plan
from bunsui.deploy.protocols import Pace
from bunsui.deploy.render import Rendered
from bunsui.deploy.standing import Standing
from bunsui.errors import DeploymentError

_NAMED = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""Types that get their names from us, and the property that names them."""


def make(
    client: CloudFormation, request: changeset.Request, rendered: Rendered, standing: Standing, pace: Pace
) -> Plan:
    """A plan with its change set; an empty plan has none, and leaves nothing behind.

    Raises:
        DeploymentError: BUN601 when CloudFormation could not make the change set.
    """
    made = changeset.create(client, request, standing, pace)
    try:
        plan = Plan(
            stack=request.stack,
            operation="create" if standing.next == "create" else "update",
            stack_id=made.stack_id,
        )
        if not changeset.is_empty(made):
            plan = _read(client, plan, made, deployed(client, standing.deployed), templates(rendered))
    except BaseException:
        changeset.discard(client, request.stack, made.id, standing)
        raise
    if plan.empty:
        changeset.discard(client, request.stack, made.id, standing)
    return plan


def _read(client: CloudFormation, plan: Plan, made: ChangeSet, before: Templates, after: Templates) -> Plan:
    found = _sorted(changeset.changes(client, made))
    outputs_change = before.get("", {}).get("Outputs", {}) != after[""].get("Outputs", {})
    if not found and not outputs_change:
        return plan
    return plan.model_copy(
        update={
            "changes": found,
            "outputs_change": outputs_change,
            "permission_widenings": widenings(before, after),
            "change_set": made.id,
        }
    )


def check_possible(plan: Plan) -> None:
    """See that CloudFormation can do what the plan says.

    Raises:
        DeploymentError: BUN601 when something would be replaced under the name that it has: "You can't perform an
            update that causes a custom-named resource to be replaced" (AWS, CloudFormation, "Name type").
    """
    for change in plan.changes:
        named_by = _NAMED.get(change.type)
        if named_by is None or change.replacement != "yes" or named_by in change.what:
            continue
        raise DeploymentError(
            "BUN601",
            f"{change.logical_id} ({change.type}) of stack {plan.stack} would be replaced for its "
            f"{', '.join(change.what)}, but {change.physical_id or 'its name'} is taken by the one that is there",
            hint="declare it under another id, which makes a new one; the old one goes as the environment's "
            "removal_policy says",
        )


def from_scratch(stack: str, rendered: Rendered) -> Plan:
    """The plan for a stack of which nothing is there, without asking CloudFormation."""
    all_templates = templates(rendered)
    found = (
        Change(action="added", logical_id=logical_id, type=resource["Type"], path=path)
        for path, template in all_templates.items()
        for logical_id, resource in template["Resources"].items()
    )
    return Plan(
        stack=stack, operation="create", changes=_sorted(found), permission_widenings=widenings({}, all_templates)
    )


def templates(rendered: Rendered) -> Templates:
    """The rendered templates by the path of their stacks."""
    found: dict[str, Mapping[str, Any]] = {"": json.loads(rendered.root)}
    waiting = [""]
    while waiting:
        path = waiting.pop()
        for logical_id, resource in found[path].get("Resources", {}).items():
            if resource["Type"] != STACK_TYPE:
                continue
            url = json.dumps(resource["Properties"]["TemplateURL"])
            text = next((text for key, text in rendered.nested.items() if key in url), None)
            if text is not None:
                below = f"{path}/{logical_id}" if path else logical_id
                found[below] = json.loads(text)
                waiting.append(below)
    return found


def deployed(client: CloudFormation, stack_id: str) -> Templates:
    """The deployed templates by the path of their stacks; empty for an empty id."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [("", stack_id)] if stack_id else []
    while waiting:
        path, id = waiting.pop()
        found[path] = client.get_template(id)
        if not any(one.get("Type") == STACK_TYPE for one in found[path].get("Resources", {}).values()):
            continue
        for resource in client.resources(id):
            if resource.type == STACK_TYPE and resource.physical_id:
                below = f"{path}/{resource.logical_id}" if path else resource.logical_id
                waiting.append((below, resource.physical_id))
    return found


def _sorted(found: Any) -> tuple[Change, ...]:
    return tuple(sorted(found, key=lambda change: (change.path, change.logical_id)))
