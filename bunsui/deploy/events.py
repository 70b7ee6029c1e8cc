"""Progress: typed events, handed to a callback as they happen. Nothing in this room prints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from bunsui.deploy.models import Frozen


class Note(Frozen):
    """A step that begins, or something worth knowing.

    Attributes:
        stack: the one it is about.
        text: one sentence without a full stop.
    """

    event: Literal["note"] = "note"
    stack: str
    text: str


class Uploaded(Frozen):
    """An object of the artefact bucket is in place.

    Attributes:
        key: of the object.
        size: bytes; 0 when it was there already.
        skipped: it was there already.
        number: counts from 1 to `total`.
    """

    event: Literal["uploaded"] = "uploaded"
    key: str
    size: int
    skipped: bool
    number: int
    total: int


class ResourceEvent(Frozen):
    """CloudFormation did something to a resource.

    Attributes:
        stack: name of the root stack.
        path: logical ids of the nested stacks that lead to it, joined by `/`; empty in the root.
        logical_id: the stack's name for the stack itself.
        status: such as `CREATE_COMPLETE`.
        reason: CloudFormation's words, often empty.
    """

    event: Literal["resource"] = "resource"
    stack: str
    path: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: datetime


Event = Note | Uploaded | ResourceEvent
Notify = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The callback of one who does not want to know."""
