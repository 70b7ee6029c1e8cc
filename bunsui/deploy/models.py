"""What the verbs of this room return: all that a person or a program wants to know, and ready to print as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

Action = Literal["added", "changed", "replaced", "removed", "retained", "imported"]
Operation = Literal["create", "update", "delete"]
Replacement = Literal["no", "conditional", "yes"]
WideningKind = Literal["grant", "trust", "managed policy", "resource policy", "lifted denial"]


class Frozen(BaseModel):
    """A value."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Change(Frozen):
    """One resource that a plan touches.

    Attributes:
        action: `removed` means deleted, `retained` that it leaves the stack and stays, `imported` that one which exists
            already joins the stack.
        logical_id: in its template.
        type: such as `AWS::S3::Bucket`.
        physical_id: empty for one to be created.
        replacement: whether a new resource takes its place; `conditional` when only the execution shows it.
        what: the properties and attributes that change.
        path: logical ids of the nested stacks that lead to it, joined by `/`; empty in the root.
    """

    action: Action
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: Replacement = "no"
    what: tuple[str, ...] = ()
    path: str = ""


class Widening(Frozen):
    """Something that becomes allowed and was not before.

    Attributes:
        kind: `grant` what a role may do, `trust` who may become it, `managed policy` an attached policy (its ARN is the
            resource), `resource policy` whom a resource admits, `lifted denial` a Deny that goes or shrinks.
        subject: logical id of the role or of the resource with the policy, after the nested stacks that lead to it.
        action: an IAM action or pattern.
        resource: an ARN or pattern with `${…}` for what CloudFormation fills in.
        principal: who, for trust and resource policies.
        condition: JSON of the statement's conditions, empty without any.
        before: the conditions under which it was allowed before, as JSON; empty when it was not.
    """

    kind: WideningKind
    subject: str
    action: str
    resource: str
    principal: str = ""
    condition: str = ""
    before: str = ""


class Plan(Frozen):
    """What will happen to a stack, before it does.

    Attributes:
        stack: its name.
        operation: what CloudFormation calls it.
        changes: sorted by path and logical id.
        outputs_change: whether the root's outputs do, which no change of a resource tells.
        permission_widenings: of all templates of the stack.
        change_set: ARN while there is one.
        stack_id: ARN while there is a stack, even an empty one in review.
        first: what happens before to the stacks of pipelines that are deployed together with this one.
    """

    stack: str
    operation: Operation
    changes: tuple[Change, ...] = ()
    outputs_change: bool = False
    permission_widenings: tuple[Widening, ...] = ()
    change_set: str = ""
    stack_id: str = ""
    first: tuple[Plan, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def empty(self) -> bool:
        """Whether nothing of this stack changes."""
        return not self.changes and not self.outputs_change and self.operation != "delete"


class Deployment(Frozen):
    """What a deployment came to.

    Attributes:
        stack: its name.
        stack_id: its ARN.
        status: CloudFormation's, such as `UPDATE_COMPLETE`.
        changed: False when there was nothing to do.
        outputs: of the stack.
        changes: what was planned and then done.
        permission_widenings: that were agreed to.
        uploaded: keys of the objects that were sent to the artefact bucket.
        duration_s: seconds from the first request to the last.
        first: the same of the pipelines that were deployed together with this one, before it.
    """

    stack: str
    stack_id: str
    status: str
    changed: bool
    outputs: dict[str, str] = {}
    changes: tuple[Change, ...] = ()
    permission_widenings: tuple[Widening, ...] = ()
    uploaded: tuple[str, ...] = ()
    duration_s: float = 0.0
    first: tuple[Deployment, ...] = ()


class Destruction(Frozen):
    """What a destruction came to.

    Attributes:
        stack: its name.
        status: `DELETE_COMPLETE`, or `ABSENT` when there was no such stack.
        deleted: what is gone.
        retained: what stays in the account and belongs to no stack any more; the next deployment adopts it again.
        duration_s: seconds from the first request to the last.
    """

    stack: str
    status: str
    deleted: tuple[Change, ...] = ()
    retained: tuple[Change, ...] = ()
    duration_s: float = 0.0
