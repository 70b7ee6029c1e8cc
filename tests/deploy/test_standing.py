from __future__ import annotations

from typing import Any, cast

import pytest

from bunsui.aws.cloudformation import CloudFormation, Stack, StackEvent
from bunsui.deploy import standing
from bunsui.deploy.events import Event
from bunsui.deploy.protocols import Pace
from bunsui.errors import DeploymentError

ID = "arn:aws:cloudformation:r:1:stack/flights/1"


class Fake:
    """CloudFormation of one stack that goes through these statuses, one at each look."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.deleted: list[str] = []

    def describe_stack(self, stack: str) -> Stack | None:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return Stack(ID, "flights", status, "because") if status else None

    def events(self, stack: str) -> Any:
        return iter(list[StackEvent]())

    def resources(self, stack: str) -> Any:
        return iter(())

    def delete_stack(self, stack: str) -> None:
        self.deleted.append(stack)


def look(*statuses: str) -> tuple[standing.Standing, list[Event]]:
    heard: list[Event] = []
    pace = Pace(sleep=lambda seconds: None)
    return standing.look(cast(CloudFormation, Fake(*statuses)), "flights", heard.append, pace), heard


@pytest.mark.parametrize(
    ("status", "next", "there"),
    [
        ("", "create", False),
        ("REVIEW_IN_PROGRESS", "create", True),
        ("ROLLBACK_COMPLETE", "remove first", True),
        ("CREATE_COMPLETE", "update", True),
        ("UPDATE_ROLLBACK_COMPLETE", "update", True),
        ("IMPORT_COMPLETE", "update", True),
    ],
)
def test_what_comes_next(status: str, next: str, there: bool) -> None:
    found, heard = look(status)
    assert found.next == next
    assert (found.stack is not None) == there
    assert (found.deployed == ID) == (next == "update")
    assert heard == []


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name flights"),
        ("ROLLBACK_FAILED", "destroy the stack"),
        ("CREATE_FAILED", "destroy the stack"),
        ("DELETE_FAILED", "destroy it again"),
        ("SOMETHING_NEW_FAILED", "events"),
    ],
)
def test_stuck(status: str, hint: str) -> None:
    with pytest.raises(DeploymentError, match=f"{status} and cannot be deployed: because") as caught:
        look(status)
    assert caught.value.code == "BUN602"
    assert hint in caught.value.hint


def test_somebody_elses_change_is_waited_for() -> None:
    found, heard = look(
        "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"
    )
    assert found.next == "update"
    (note,) = heard
    assert note.event == "note"
    assert "UPDATE_IN_PROGRESS" in note.text


def test_somebody_elses_deletion_is_waited_for() -> None:
    found, _ = look("DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE")
    assert found == standing.Standing("create")


def test_what_cannot_be_removed() -> None:
    fake = Fake("DELETE_FAILED")
    stack = Stack(ID, "flights", "ROLLBACK_COMPLETE")
    with pytest.raises(DeploymentError, match="DELETE_FAILED"):
        standing.remove_failed(cast(CloudFormation, fake), "flights", stack, lambda e: None, Pace(sleep=lambda s: None))
    assert fake.deleted == [ID]
