"""Stack events from now on, those of nested stacks among them, each once and oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import merge

from bunsui.aws.cloudformation import STACK_TYPE, CloudFormation, Stack, StackEvent
from bunsui.deploy.events import Notify, ResourceEvent
from bunsui.deploy.protocols import Pace
from bunsui.errors import DeploymentError

_FOLLOWER = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")
"""What CloudFormation says of resources that it stopped because another one failed."""
PATIENCE = 15
"""Looks at a stack that stands still before it is believed that nothing more will come."""
_SEE_EVENTS = "DescribeEvents"
"""Where CloudFormation says this word, only that call tells what is wrong."""


@dataclass(slots=True)
class Watch:
    """What was seen of a stack and of those nested in it.

    Attributes:
        root: id of the stack.
        paths: stack id -> logical ids of the nested stacks that lead to it.
        marks: stack id -> id of the newest event seen.
    """

    client: CloudFormation
    root: str
    paths: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, client: CloudFormation, stack_id: str) -> Watch:
        """Watch from now on: everything that happened until now counts as seen."""
        watch = cls(client, stack_id, {stack_id: ""})
        waiting = [stack_id]
        while waiting:
            current = waiting.pop()
            newest = next(client.events(current), None)
            watch.marks[current] = newest.id if newest else ""
            for resource in client.resources(current):
                if resource.type == STACK_TYPE and resource.physical_id:
                    watch._adopt(current, resource.logical_id, resource.physical_id)
                    waiting.append(resource.physical_id)
        return watch

    def fresh(self) -> list[StackEvent]:
        """What happened since the last look."""
        batches: dict[str, list[StackEvent]] = {}
        waiting = list(self.paths)
        while waiting:
            current = waiting.pop()
            batches[current] = self._since_mark(current)
            waiting += [id for id in self._discover(batches[current]) if id not in batches]
        nested_first = sorted(batches, key=lambda id: -self.paths[id].count("/") if self.paths[id] else 1)
        return list(merge(*(batches[id] for id in nested_first), key=lambda event: event.time))

    def _since_mark(self, stack_id: str) -> list[StackEvent]:
        found: list[StackEvent] = []
        for event in self.client.events(stack_id):
            if event.id == self.marks.get(stack_id):
                break
            found.append(event)
        if found:
            self.marks[stack_id] = found[0].id
        return found[::-1]

    def _discover(self, events: Iterable[StackEvent]) -> list[str]:
        new: list[str] = []
        for event in events:
            if (
                event.type == STACK_TYPE
                and event.physical_id.startswith("arn:")
                and event.physical_id not in self.paths
            ):
                self._adopt(event.stack_id, event.logical_id, event.physical_id)
                new.append(event.physical_id)
        return new

    def _adopt(self, parent: str, logical_id: str, stack_id: str) -> None:
        above = self.paths[parent]
        self.paths[stack_id] = f"{above}/{logical_id}" if above else logical_id

    def tell(self, event: StackEvent, name: str) -> ResourceEvent:
        """The event as others see it."""
        return ResourceEvent(
            stack=name,
            path=self.paths[event.stack_id],
            logical_id=event.logical_id,
            physical_id=event.physical_id,
            type=event.type,
            status=event.status,
            reason=event.reason,
            time=event.time,
        )


def moving(status: str) -> bool:
    """Whether a stack of this status will change by itself; one in review will not."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def until_still(
    watch: Watch, name: str, notify: Notify, pace: Pace, *, begun: bool = True
) -> tuple[Stack | None, list[ResourceEvent]]:
    """Tell what happens until the stack stands still; returns how it stands, and all that was told.

    Args:
        watch: begun before the change of the stack was.
        name: of the stack.
        notify: is told.
        pace: of looking.
        begun: whether the change is known to have begun; if not, a stack that stands still may not have begun to move,
            and its last event is waited for.
    """
    told: list[ResourceEvent] = []
    delay, patience = pace.first_s, 0 if begun else PATIENCE
    while True:
        stack = watch.client.describe_stack(watch.root)
        fresh = watch.fresh()
        for event in fresh:
            told.append(watch.tell(event, name))
            notify(told[-1])
            if event.of_stack and event.stack_id == watch.root and not moving(event.status):
                patience = 0
        if stack is None or (not moving(stack.status) and patience <= 0):
            return stack, told
        patience = patience if moving(stack.status) else patience - 1
        delay = pace.after(delay)


def failure(client: CloudFormation, name: str, stack: Stack | None, told: Iterable[ResourceEvent]) -> DeploymentError:
    """The error that names the resource which failed first, not those that were stopped because of it."""
    status = stack.status if stack else "gone"
    failed = [event for event in told if event.status.endswith("_FAILED")]
    causes = [event for event in failed if not event.reason.startswith(_FOLLOWER)]
    causes.sort(key=lambda event: event.type == STACK_TYPE)
    refused = client.validation_failures(stack=watchable(stack, name)) if _refused(causes) else ()
    if refused:
        first = refused[0]
        what, why = f"{first.logical_id} ({first.type})", first.reason
    elif causes:
        first_event = causes[0]
        place = f"{first_event.path}/" if first_event.path else ""
        what, why = f"{place}{first_event.logical_id} ({first_event.type})", first_event.reason
    else:
        what, why = "no resource", stack.reason if stack else ""
    more = len({(event.path, event.logical_id) for event in causes if event.type != STACK_TYPE}) - 1
    others = f"; {more} more failed on their own" if more > 0 else ""
    hint = _HINTS.get(status, "mend it and deploy again")
    return DeploymentError(
        "BUN602", f"stack {name} is {status}: {what} failed: {why or 'without a reason'}{others}", hint=hint
    )


def watchable(stack: Stack | None, name: str) -> str:
    """What to call a stack by: its id, which also finds a deleted one."""
    return stack.id if stack else name


def _refused(causes: list[ResourceEvent]) -> bool:
    return bool(causes) and _SEE_EVENTS in causes[0].reason


_HINTS = {
    "ROLLBACK_COMPLETE": "mend it and deploy again; the empty stack is removed then, data that was kept is adopted",
    "UPDATE_ROLLBACK_COMPLETE": "the stack is as it was before; mend it and deploy again",
    "UPDATE_ROLLBACK_FAILED": "CloudFormation could not go back either: mend what the message names, then run "
    "`aws cloudformation continue-update-rollback --stack-name …`",
    "ROLLBACK_FAILED": "mend what the message names, then destroy the stack and deploy again",
    "DELETE_FAILED": "mend what the message names (a bucket has to be empty), then destroy again",
    "UPDATE_FAILED": "mend it and deploy again",
    "CREATE_FAILED": "destroy the stack and deploy again",
}
