"""How a stack stands before something is done to it, and what that means for what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bunsui.aws.cloudformation import CloudFormation, Stack
from bunsui.deploy.events import Note, Notify
from bunsui.deploy.protocols import Pace
from bunsui.deploy.watch import Watch, failure, moving, until_still
from bunsui.errors import DeploymentError

Next = Literal["create", "update", "remove first"]

NEXT: dict[str, Next] = {
    "REVIEW_IN_PROGRESS": "create",
    "DELETE_COMPLETE": "create",
    "ROLLBACK_COMPLETE": "remove first",
    "CREATE_COMPLETE": "update",
    "UPDATE_COMPLETE": "update",
    "UPDATE_FAILED": "update",
    "UPDATE_ROLLBACK_COMPLETE": "update",
    "IMPORT_COMPLETE": "update",
    "IMPORT_ROLLBACK_COMPLETE": "update",
}
"""What CloudFormation accepts from a stack that stands still; in any other status it accepts a deletion only."""

STUCK = {
    "UPDATE_ROLLBACK_FAILED": "mend what its events name and run `aws cloudformation continue-update-rollback "
    "--stack-name {stack}`; after that it can be deployed again",
    "IMPORT_ROLLBACK_FAILED": "its events say why; mend that and run `aws cloudformation continue-update-rollback "
    "--stack-name {stack}`",
    "ROLLBACK_FAILED": "its events say which resource could not be deleted; mend that, then destroy the stack",
    "CREATE_FAILED": "destroy the stack, then deploy again",
    "DELETE_FAILED": "its events say which resource could not be deleted (a bucket has to be empty); destroy it again",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a stack stands.

    Attributes:
        next: what comes next.
        stack: None when there is none, not even an empty one in review.
    """

    next: Next
    stack: Stack | None = None

    @property
    def deployed(self) -> str:
        """Id of the stack when it has resources, else empty."""
        return self.stack.id if self.stack is not None and self.next == "update" else ""


def look(client: CloudFormation, name: str, notify: Notify, pace: Pace) -> Standing:
    """How the stack stands, after waiting until nobody changes it any more.

    Raises:
        DeploymentError: BUN602 for a stack that cannot be deployed before somebody mends it.
    """
    stack = at_rest(client, name, notify, pace)
    if stack is None:
        return Standing("create")
    found = NEXT.get(stack.status)
    if found is None:
        hint = STUCK.get(stack.status, "look at its events").format(stack=name)
        words = f": {stack.reason}" if stack.reason else ""
        raise DeploymentError("BUN602", f"stack {name} is {stack.status} and cannot be deployed{words}", hint=hint)
    return Standing(found, None if stack.status == "DELETE_COMPLETE" else stack)


def at_rest(client: CloudFormation, name: str, notify: Notify, pace: Pace) -> Stack | None:
    """The stack once nobody changes it any more; what happens until then is told."""
    stack = client.describe_stack(name)
    if stack is None or not moving(stack.status):
        return stack
    notify(Note(stack=name, text=f"somebody else changes it ({stack.status}); waiting until that is over"))
    still, _ = until_still(Watch.begin(client, stack.id), name, notify, pace)
    return None if still is None or still.status == "DELETE_COMPLETE" else still


def remove_failed(client: CloudFormation, name: str, stack: Stack, notify: Notify, pace: Pace) -> None:
    """Delete a stack whose creation was rolled back; CloudFormation accepts nothing else, and nothing is left in it.

    Raises:
        DeploymentError: BUN602 when it cannot be deleted.
    """
    notify(
        Note(stack=name, text=f"its creation failed ({stack.status}); removing the empty stack before creating it anew")
    )
    watch = Watch.begin(client, stack.id)
    client.delete_stack(stack.id)
    gone, told = until_still(watch, name, notify, pace, begun=False)
    if gone is not None and gone.status != "DELETE_COMPLETE":
        raise failure(client, name, gone, told)
