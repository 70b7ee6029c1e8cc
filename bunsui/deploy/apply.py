"""A plan that was agreed to, carried out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bunsui.aws.cloudformation import CloudFormation, Stack
from bunsui.deploy import changeset
from bunsui.deploy.events import Note, Notify
from bunsui.deploy.models import Deployment, Plan
from bunsui.deploy.plan import templates
from bunsui.deploy.protocols import Pace
from bunsui.deploy.render import Rendered
from bunsui.deploy.standing import Standing
from bunsui.deploy.watch import Watch, failure, until_still
from bunsui.errors import DeploymentError

_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


def carry_out(
    client: CloudFormation,
    plan: Plan,
    rendered: Rendered,
    notify: Notify,
    pace: Pace,
    *,
    began: float,
    uploaded: tuple[str, ...] = (),
) -> Deployment:
    """Execute the plan's change set and tell what happens until it is done.

    A rollback takes what is new with it, so that nothing is left behind; not where data is adopted, for no rollback
    may touch that, nor where something new is protected against deletion, for the rollback itself would fail then.
    What such a rollback leaves is adopted by the next deployment.

    Args:
        client: CloudFormation.
        plan: with a change set.
        rendered: the templates of it.
        notify: is told.
        pace: of looking.
        began: `time.monotonic()` when the deployment began.
        uploaded: keys for the result.

    Raises:
        DeploymentError: BUN602 when the stack fails; names the resource that failed first.
        KeyboardInterrupt: as it came; AWS goes on, and a note says so.
    """
    watch = Watch.begin(client, plan.stack_id)
    client.execute_change_set(plan.change_set, delete_new=not _stays(plan, rendered))
    try:
        stack, told = until_still(watch, plan.stack, notify, pace, begun=False)
    except KeyboardInterrupt:
        words = f"AWS goes on with the {plan.operation} of the stack; deploy again to go on watching"
        notify(Note(stack=plan.stack, text=words))
        raise
    if stack is None or stack.status not in _DONE:
        raise failure(client, plan.stack, stack, told)
    return result(stack, plan, uploaded=uploaded, began=began)


def _stays(plan: Plan, rendered: Rendered) -> bool:
    """Whether anything is adopted or new that no rollback may or can delete."""
    declared = {
        (path, logical_id): resource
        for path, template in templates(rendered).items()
        for logical_id, resource in template.get("Resources", {}).items()
    }
    return any(
        change.action == "imported"
        or (change.action == "added" and _is_protected(declared.get((change.path, change.logical_id), {})))
        for change in plan.changes
    )


def _is_protected(resource: Mapping[str, Any]) -> bool:
    value = resource.get("Properties", {}).get("DeletionProtectionEnabled", False)
    return str(value).lower() == "true"


def result(stack: Stack, plan: Plan, *, began: float, uploaded: tuple[str, ...] = ()) -> Deployment:
    """What a deployment came to."""
    return Deployment(
        stack=plan.stack,
        stack_id=stack.id,
        status=stack.status,
        changed=not plan.empty,
        outputs=dict(sorted(stack.outputs.items())),
        changes=plan.changes,
        permission_widenings=plan.permission_widenings,
        uploaded=uploaded,
        duration_s=round(time.monotonic() - began, 3),
    )


def nothing_to_do(client: CloudFormation, plan: Plan, standing: Standing, notify: Notify, began: float) -> Deployment:
    """What a deployment without changes came to.

    Raises:
        DeploymentError: BUN601 for a stack that does not exist and would have nothing in it.
    """
    stack = client.describe_stack(standing.deployed) if standing.deployed else None
    if stack is None:
        raise DeploymentError("BUN601", f"stack {plan.stack} would be empty", hint="declare something to deploy")
    notify(Note(stack=plan.stack, text="nothing to change"))
    return result(stack, plan, began=began)


def withdraw(client: CloudFormation, plan: Plan, standing: Standing) -> None:
    """Throw a plan's change set away and leave nothing behind."""
    if plan.change_set:
        changeset.discard(client, plan.stack, plan.change_set, standing)
