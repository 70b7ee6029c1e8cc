"""The control stack, created or brought up to date."""

from __future__ import annotations

import json
import time

from bunsui.aws.cloudformation import CloudFormation, Stack
from bunsui.aws.connection import Aws
from bunsui.aws.sts import Sts
from bunsui.deploy import apply, changeset, control, plan, standing
from bunsui.deploy.approvals import able, ask
from bunsui.deploy.events import Note, Notify, ignore
from bunsui.deploy.models import Deployment
from bunsui.deploy.protocols import ROOT, Approve, Pace
from bunsui.deploy.render import Place, Rendered, render
from bunsui.errors import AwsError
from bunsui.model import names

PACE = Pace()


def bootstrap(aws: Aws, *, approve: Approve | None, notify: Notify = ignore, pace: Pace = PACE) -> Deployment:
    """Create the control stack, or bring it up to date; does nothing when it is.

    Args:
        aws: where.
        approve: is shown the plan and agrees or not; None when there is nobody to ask.
        notify: is told what happens.
        pace: of looking.

    Raises:
        ApprovalError: BUN603 nobody to ask, BUN604 declined.
        DeploymentError: BUN601 the change set failed, BUN602 the stack failed.
        AwsError: AWS refused or could not be reached.
    """
    began = time.monotonic()
    client, place = CloudFormation(aws), where(aws)
    rendered = render({ROOT: control.template()}, place)
    name = names.CONTROL_STACK
    stands = standing.look(client, name, notify, pace)
    if stands.next == "remove first" and stands.stack is not None:
        able(approve, name)
        standing.remove_failed(client, name, stands.stack, notify, pace)
        stands = standing.Standing("create")
    request = changeset.Request(name, body=rendered.root, tags={"bunsui:stack": "control"})
    made = plan.make(client, request, rendered, stands, pace)
    if made.empty:
        return apply.nothing_to_do(client, made, stands, notify, began)
    try:
        ask(approve, made)
    except BaseException:
        apply.withdraw(client, made, stands)
        raise
    return apply.carry_out(client, made, rendered, notify, pace, began=began)


def ensure(aws: Aws, place: Place, *, approve: Approve | None, notify: Notify, pace: Pace) -> None:
    """Bootstrap where there is no control stack; say so where it is not of this version."""
    client = CloudFormation(aws)
    if not _usable(standing.at_rest(client, names.CONTROL_STACK, notify, pace)):
        notify(Note(stack=names.CONTROL_STACK, text="this account and region have no control stack yet"))
        bootstrap(aws, approve=approve, notify=notify, pace=pace)
    elif client.get_template(names.CONTROL_STACK) != _wanted(place):
        words = "it was made by another version of bunsui; `bunsui bootstrap` brings it up to date"
        notify(Note(stack=names.CONTROL_STACK, text=words))


def require(client: CloudFormation) -> None:
    """Go on only with a control stack.

    Raises:
        AwsError: BUN504 when there is none.
    """
    if not _usable(client.describe_stack(names.CONTROL_STACK)):
        hint = "run `bunsui bootstrap`, or deploy, which offers to create it"
        raise AwsError(
            "BUN504", f"there is no control stack {names.CONTROL_STACK} in this account and region", hint=hint
        )


def _usable(stack: Stack | None) -> bool:
    """Whether the control stack was ever created, however its last update went."""
    return stack is not None and standing.NEXT.get(stack.status, "update") == "update"


def where(aws: Aws) -> Place:
    """The account, region and partition of a connection."""
    who = Sts(aws).identity()
    return Place(who.account, aws.region_name(), who.partition)


def _wanted(place: Place) -> object:
    rendered: Rendered = render({ROOT: control.template()}, place)
    return json.loads(rendered.root)
