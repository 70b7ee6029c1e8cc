"""Change sets: made, read with those of nested stacks, thrown away."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bunsui.aws.cloudformation import STACK_TYPE, ChangeSet, CloudFormation
from bunsui.deploy.models import Action, Change, Replacement
from bunsui.deploy.protocols import Pace
from bunsui.deploy.standing import Standing
from bunsui.errors import DeploymentError

CAPABILITIES = ("CAPABILITY_IAM",)
"""Roles are made, none has a name of its own."""
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_NESTED = re.compile(r"Nested change set (?P<id>\S+) was not successfully created")
_PENDING = frozenset({"CREATE_PENDING", "CREATE_IN_PROGRESS"})
_REPLACEMENTS: dict[str, Replacement] = {"True": "yes", "False": "no", "Conditional": "conditional"}


@dataclass(frozen=True, slots=True)
class Request:
    """What a stack shall be.

    Attributes:
        stack: its name.
        body: the root template, when no `url`.
        url: of the root template in S3.
        nested: whether there are nested stacks.
        tags: of the stack.
    """

    stack: str
    body: str = ""
    url: str = ""
    nested: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


def create(client: CloudFormation, request: Request, standing: Standing, pace: Pace) -> ChangeSet:
    """A change set, ready or empty; what was made for a failed one is gone again.

    Raises:
        DeploymentError: BUN601 when CloudFormation could not make it.
    """
    id = client.create_change_set(
        request.stack,
        f"bunsui-{uuid.uuid4().hex}",
        "CREATE" if standing.next == "create" else "UPDATE",
        body=request.body,
        url=request.url,
        tags=request.tags,
        capabilities=CAPABILITIES,
        import_existing=True,
        nested=request.nested,
        description="by bunsui",
    )
    try:
        made = client.describe_change_set(id)
        delay = pace.first_s
        while made.status in _PENDING:
            delay = pace.after(delay)
            made = client.describe_change_set(id)
        if made.status == "FAILED" and not is_empty(made):
            raise _failed(client, request.stack, made)
    except BaseException:
        discard(client, request.stack, id, standing)
        raise
    return made


def is_empty(made: ChangeSet) -> bool:
    """Whether CloudFormation found nothing to change."""
    return made.status == "FAILED" and any(words in made.reason for words in _NOTHING)


def discard(client: CloudFormation, stack: str, id: str, standing: Standing) -> None:
    """Throw a change set away, and the empty stack in review that only it had made."""
    client.delete_change_set(id)
    if standing.stack is None:
        left = client.describe_stack(stack)
        if left is not None and left.status == "REVIEW_IN_PROGRESS":
            client.delete_stack(left.id)


def changes(client: CloudFormation, made: ChangeSet, path: str = "") -> Iterator[Change]:
    """All changes of a change set, those of nested stacks after the nested stack."""
    for raw in made.changes:
        inner: tuple[Change, ...] = ()
        below = f"{path}/{raw['LogicalResourceId']}" if path else raw["LogicalResourceId"]
        if raw.get("ChangeSetId"):
            inner = tuple(changes(client, client.describe_change_set(raw["ChangeSetId"]), below))
            if not inner and not _decided(raw):
                continue
        yield _change(raw, path)
        yield from inner


def _decided(raw: Mapping[str, Any]) -> bool:
    """Whether more is known of a nested stack than that CloudFormation will look into it, as it always does."""
    return raw["Action"] != "Modify" or any(detail.get("Evaluation") == "Static" for detail in raw.get("Details", []))


def _change(raw: Mapping[str, Any], path: str) -> Change:
    replacement = _REPLACEMENTS[raw.get("Replacement", "False")]
    if raw["ResourceType"] == STACK_TYPE:
        replacement = "no"
    return Change(
        action=_action(raw, replacement),
        logical_id=raw["LogicalResourceId"],
        type=raw["ResourceType"],
        physical_id=raw.get("PhysicalResourceId", ""),
        replacement=replacement,
        what=tuple(sorted({_what(detail) for detail in raw.get("Details", [])} or raw.get("Scope", []))),
        path=path,
    )


def _action(raw: Mapping[str, Any], replacement: Replacement) -> Action:
    if raw["Action"] == "Remove":
        return "retained" if raw.get("PolicyAction") == "Retain" else "removed"
    if raw["Action"] == "Modify" and replacement == "yes":
        return "replaced"
    return _ACTIONS.get(raw["Action"], "changed")


_ACTIONS: dict[str, Action] = {"Add": "added", "Import": "imported", "Modify": "changed"}


def _what(detail: Mapping[str, Any]) -> str:
    """Such as `MemorySize`, `Code.S3Key`, `Tags`, or `Role (follows Role.Arn)`."""
    target = detail.get("Target", {})
    inner = target.get("Path", "").removeprefix("/Properties/").replace("/", ".") or target.get("Name", "")
    name = inner if target.get("Attribute") == "Properties" and inner else target.get("Attribute", "")
    follows = detail.get("CausingEntity") if detail.get("Evaluation") == "Dynamic" else None
    return f"{name} (follows {follows})" if follows else name


def _failed(client: CloudFormation, stack: str, made: ChangeSet) -> DeploymentError:
    reason, where = made.reason, stack
    nested = _NESTED.search(reason)
    while nested is not None:
        inner = client.describe_change_set(nested["id"])
        reason, where = inner.reason or reason, inner.stack
        made, nested = inner, _NESTED.search(inner.reason)
    if "DescribeEvents" in reason:
        refused = client.validation_failures(change_set=made.id)
        reason = "; ".join(f"{one.logical_id} ({one.type}): {one.reason}" for one in refused) or reason
    hint = "the words are CloudFormation's own; nothing was changed"
    return DeploymentError("BUN601", f"the change set for stack {where} failed: {reason}", hint=hint)
