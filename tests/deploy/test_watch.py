from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from bunsui.aws.cloudformation import STACK_TYPE, CloudFormation, Failure, Stack, StackEvent, StackResource
from bunsui.deploy.events import Event, ResourceEvent
from bunsui.deploy.protocols import Pace
from bunsui.deploy.watch import PATIENCE, Watch, failure, moving, until_still

ROOT, PART = "arn:aws:cloudformation:r:1:stack/flights/1", "arn:aws:cloudformation:r:1:stack/flights-Part-X/2"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Fake:
    """CloudFormation with a script: at each look at the stack, the next thing happens."""

    script: list[Callable[[Fake], str]] = field(default_factory=list)
    logs: dict[str, list[StackEvent]] = field(default_factory=lambda: defaultdict(list))
    nested: list[StackResource] = field(default_factory=list)
    refused: tuple[Failure, ...] = ()

    def happen(self, stack_id: str, logical_id: str, status: str, reason: str = "", at: int = 0, **more: str) -> None:
        event = StackEvent(
            id=f"{stack_id}-{len(self.logs[stack_id])}",
            stack_id=stack_id,
            stack=stack_id.split("/")[1],
            logical_id=logical_id,
            physical_id=more.get("physical_id", ""),
            type=more.get("type", "AWS::S3::Bucket"),
            status=status,
            reason=reason,
            time=START + timedelta(seconds=at),
        )
        self.logs[stack_id].append(event)

    def events(self, stack: str) -> Iterator[StackEvent]:
        return iter(self.logs[stack][::-1])

    def resources(self, stack: str) -> Iterator[StackResource]:
        return iter(self.nested if stack == ROOT else [])

    def describe_stack(self, stack: str) -> Stack:
        return Stack(ROOT, "flights", self.script.pop(0)(self))

    def validation_failures(self, **wanted: Any) -> tuple[Failure, ...]:
        return self.refused


def watched(fake: Fake, *, begun: bool = True) -> tuple[Stack | None, list[ResourceEvent], list[Event]]:
    heard: list[Event] = []
    client, pace = cast(CloudFormation, fake), Pace(sleep=lambda s: None)
    stack, told = until_still(Watch.begin(client, ROOT), "flights", heard.append, pace, begun=begun)
    return stack, told, heard


def step(status: str, *happenings: tuple[Any, ...], **named: dict[str, str]) -> Callable[[Fake], str]:
    def run(fake: Fake) -> str:
        for happening in happenings:
            *rest, last = happening
            more = last if isinstance(last, dict) else {}
            fake.happen(*(rest if more else happening), **more)
        return status

    return run


def test_only_what_is_new_and_each_event_once() -> None:
    fake = Fake(
        [
            step("UPDATE_IN_PROGRESS", (ROOT, "A", "UPDATE_IN_PROGRESS")),
            step("UPDATE_COMPLETE", (ROOT, "A", "UPDATE_COMPLETE")),
        ]
    )
    fake.happen(ROOT, "A", "CREATE_COMPLETE")
    stack, told, heard = watched(fake)
    assert stack is not None
    assert stack.status == "UPDATE_COMPLETE"
    assert [event.status for event in told] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert heard == told


def test_cleaning_up_is_waited_for() -> None:
    statuses = ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE")
    fake = Fake([step(status) for status in statuses])
    stack, _, _ = watched(fake)
    assert stack is not None
    assert stack.status == "UPDATE_COMPLETE"
    assert fake.script == []


ITSELF = {"physical_id": ROOT, "type": STACK_TYPE}


def test_a_stack_that_has_not_begun_to_move_is_waited_for() -> None:
    fake = Fake(
        [
            step("CREATE_COMPLETE"),
            step("CREATE_COMPLETE", (ROOT, "flights", "UPDATE_IN_PROGRESS", "", 1, ITSELF)),
            step("UPDATE_IN_PROGRESS", (ROOT, "A", "UPDATE_COMPLETE", "", 2)),
            step("UPDATE_COMPLETE", (ROOT, "flights", "UPDATE_COMPLETE", "", 3, ITSELF)),
        ]
    )
    fake.happen(ROOT, "flights", "CREATE_COMPLETE", "", 0, **ITSELF)
    stack, told, _ = watched(fake, begun=False)
    assert stack is not None
    assert stack.status == "UPDATE_COMPLETE"
    assert len(told) == 3


def test_a_stack_of_which_nothing_is_heard_is_not_waited_for_forever() -> None:
    fake = Fake([step("UPDATE_COMPLETE")] * 100)
    stack, told, _ = watched(fake, begun=False)
    assert stack is not None
    assert told == []
    assert len(fake.script) == 100 - PATIENCE - 1


def test_a_new_nested_stack_is_watched_from_its_first_event() -> None:
    part = {"physical_id": PART, "type": STACK_TYPE}
    fake = Fake(
        [
            step("CREATE_IN_PROGRESS", (ROOT, "Part", "CREATE_IN_PROGRESS", "", 1, part)),
            step("CREATE_IN_PROGRESS", (PART, "B", "CREATE_COMPLETE", "", 3), (ROOT, "A", "CREATE_COMPLETE", "", 2)),
            step("CREATE_COMPLETE", (ROOT, "Part", "CREATE_COMPLETE", "", 4, part)),
        ]
    )
    _, told, _ = watched(fake)
    assert [(event.path, event.logical_id) for event in told] == [("", "Part"), ("", "A"), ("Part", "B"), ("", "Part")]


def test_of_a_nested_stack_that_was_there_only_what_is_new() -> None:
    fake = Fake([step("UPDATE_COMPLETE", (PART, "B", "UPDATE_COMPLETE"))])
    fake.nested = [StackResource("Part", PART, STACK_TYPE, "CREATE_COMPLETE")]
    fake.happen(PART, "B", "CREATE_COMPLETE")
    _, told, _ = watched(fake)
    assert [(event.path, event.status) for event in told] == [("Part", "UPDATE_COMPLETE")]


def failed(*happenings: tuple[Any, ...], status: str = "ROLLBACK_COMPLETE", refused: tuple[Failure, ...] = ()) -> str:
    fake = Fake([step(status, *happenings)], refused=refused)
    stack, told, _ = watched(fake)
    error = failure(cast(CloudFormation, fake), "flights", stack, told)
    assert error.code == "BUN602"
    assert error.hint
    return error.message


def test_the_first_failure_is_named_and_not_the_followers() -> None:
    message = failed(
        (ROOT, "B", "CREATE_FAILED", "Resource creation cancelled"),
        (ROOT, "A", "CREATE_FAILED", "Access denied"),
        (ROOT, "flights", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [A, B]."),
    )
    assert message == "stack flights is ROLLBACK_COMPLETE: A (AWS::S3::Bucket) failed: Access denied"


def test_others_that_failed_on_their_own_are_counted() -> None:
    message = failed((ROOT, "A", "CREATE_FAILED", "one"), (ROOT, "B", "CREATE_FAILED", "two"))
    assert message.endswith("A (AWS::S3::Bucket) failed: one; 1 more failed on their own")


def test_the_resource_in_the_nested_stack_is_named_and_not_the_stack() -> None:
    part = {"physical_id": PART, "type": STACK_TYPE}
    message = failed(
        (ROOT, "Part", "CREATE_FAILED", f"Embedded stack {PART} was not successfully created", 0, part),
        (PART, "B", "CREATE_FAILED", "no such role", 1),
        (PART, "flights-Part-X", "CREATE_FAILED", "", 1, part),
    )
    assert "Part/B (AWS::S3::Bucket) failed: no such role" in message


def test_what_validation_refused_is_named() -> None:
    root = {"physical_id": ROOT, "type": STACK_TYPE}
    refused = (Failure("Lake", "AWS::S3::Bucket", "taken"),)
    words = "Validation failed with 1 error(s). Call DescribeEvents for details."
    message = failed((ROOT, "flights", "CREATE_FAILED", words, 0, root), refused=refused)
    assert message == "stack flights is ROLLBACK_COMPLETE: Lake (AWS::S3::Bucket) failed: taken"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_ROLLBACK_COMPLETE", "as it was before"),
        ("DELETE_FAILED", "bucket has to be empty"),
    ],
)
def test_hints(status: str, hint: str) -> None:
    error = failure(cast(CloudFormation, Fake()), "flights", Stack(ROOT, "flights", status, "why"), [])
    assert hint in error.hint
    assert error.message.endswith("no resource failed: why")


def test_moving() -> None:
    assert moving("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    assert not moving("REVIEW_IN_PROGRESS")
    assert not moving("CREATE_COMPLETE")
