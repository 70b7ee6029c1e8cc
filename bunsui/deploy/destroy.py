"""A stack taken down; what its template says to keep stays."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bunsui.aws.cloudformation import STACK_TYPE, CloudFormation
from bunsui.aws.connection import Aws
from bunsui.aws.s3 import S3
from bunsui.aws.sts import Sts
from bunsui.deploy import standing
from bunsui.deploy.approvals import ask
from bunsui.deploy.bootstrap import PACE
from bunsui.deploy.events import Note, Notify, ignore
from bunsui.deploy.models import Change, Destruction, Plan
from bunsui.deploy.plan import deployed
from bunsui.deploy.protocols import Approve, Pace
from bunsui.deploy.render import RETAINING
from bunsui.deploy.watch import Watch, failure, until_still

_BUCKET = "AWS::S3::Bucket"


def destroy(
    aws: Aws, stack: str, *, approve: Approve | None, notify: Notify = ignore, pace: Pace = PACE
) -> Destruction:
    """Delete a stack; what its template retains stays in the account. A bucket that goes is emptied first.

    Args:
        aws: where.
        stack: its name.
        approve: is shown what is deleted and what is retained, and agrees or not; None when there is nobody to ask.
        notify: is told what happens.
        pace: of looking.

    Raises:
        ApprovalError: BUN603 nobody to ask, BUN604 declined; nothing was changed.
        DeploymentError: BUN602 a resource could not be deleted.
        AwsError: AWS refused or could not be reached.
        KeyboardInterrupt: as it came; AWS goes on with what was begun.
    """
    began = time.monotonic()
    client = CloudFormation(aws)
    found = standing.at_rest(client, stack, notify, pace)
    if found is None:
        return Destruction(stack=stack, status="ABSENT", duration_s=round(time.monotonic() - began, 3))
    plan = Plan(stack=stack, operation="delete", changes=tuple(_fates(client, found.id)), stack_id=found.id)
    ask(approve, plan)
    _empty_buckets(aws, stack, plan.changes, notify)
    watch = Watch.begin(client, found.id)
    client.delete_stack(found.id)
    try:
        gone, told = until_still(watch, stack, notify, pace, begun=False)
    except KeyboardInterrupt:
        notify(Note(stack=stack, text="AWS goes on deleting the stack; destroy again to go on watching"))
        raise
    if gone is not None and gone.status != "DELETE_COMPLETE":
        raise failure(client, stack, gone, told)
    kept = {(event.path, event.logical_id) for event in told if event.status == "DELETE_SKIPPED"}
    fates = [_as_it_went(change, kept) for change in plan.changes]
    return Destruction(
        stack=stack,
        status="DELETE_COMPLETE",
        deleted=tuple(change for change in fates if change.action == "removed"),
        retained=tuple(change for change in fates if change.action == "retained"),
        duration_s=round(time.monotonic() - began, 3),
    )


def _fates(client: CloudFormation, stack_id: str) -> Iterator[Change]:
    """What becomes of each resource, by the deployed templates' deletion policies."""
    templates = deployed(client, stack_id)
    waiting = [("", stack_id, False)]
    while waiting:
        path, id, above_kept = waiting.pop(0)
        declared: Mapping[str, Any] = templates.get(path, {}).get("Resources", {})
        for resource in client.resources(id):
            if resource.status == "DELETE_COMPLETE":
                continue
            policy = declared.get(resource.logical_id, {}).get("DeletionPolicy", "Delete")
            kept = above_kept or policy in RETAINING
            if resource.type == STACK_TYPE and resource.physical_id:
                below = f"{path}/{resource.logical_id}" if path else resource.logical_id
                waiting.append((below, resource.physical_id, kept))
            yield Change(
                action="retained" if kept else "removed",
                logical_id=resource.logical_id,
                type=resource.type,
                physical_id=resource.physical_id,
                path=path,
            )


def _empty_buckets(aws: Aws, stack: str, changes: Iterable[Change], notify: Notify) -> None:
    """CloudFormation deletes empty buckets only."""
    buckets = [change.physical_id for change in changes if change.type == _BUCKET and change.action == "removed"]
    if not any(buckets):
        return
    s3 = S3(aws, Sts(aws).identity().account)
    for bucket in filter(None, buckets):
        if s3.head_bucket(bucket):
            notify(Note(stack=stack, text=f"emptying bucket {bucket}"))
            s3.delete_all(bucket)


def _as_it_went(change: Change, kept: set[tuple[str, str]]) -> Change:
    if (change.path, change.logical_id) in kept and change.action == "removed":
        return change.model_copy(update={"action": "retained"})
    return change
