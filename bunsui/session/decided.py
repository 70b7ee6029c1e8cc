"""What a state machine decided without running anything, from the history of a job's execution.

What was skipped is assigned by a Pass state, which tells the reason where the history is read with its data; a choice
is a Choice state (bunsui.compile.steps.guard, bunsui.compile.steps.choice).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

from bunsui.compile.states import variable
from bunsui.model.names import shorten
from bunsui.session.history import STATE_NAME_LIMIT, Event
from bunsui.session.model import OperationRun, Status

SKIPPED = ("skipped", "no alternative")
"""States of a step in which it is skipped: `{step}: skipped`."""


def decided_runs(events: Iterable[Event], operations: Sequence[str]) -> tuple[OperationRun, ...]:
    """The steps that were skipped and the choices that were made, in order.

    Args:
        events: oldest first.
        operations: the job's steps, those within others included.
    """
    choices = {shorten(name, STATE_NAME_LIMIT): name for name in operations}
    skipped = {shorten(f"{name}: {word}", STATE_NAME_LIMIT): name for name in operations for word in SKIPPED}
    found: dict[str, OperationRun] = {}
    for event in events:
        state = str(event.details.get("name", ""))
        if event.type == "ChoiceStateExited" and state in choices:
            found[choices[state]] = _run(choices[state], Status.SUCCEEDED, event)
        elif event.type == "PassStateExited" and state in skipped:
            result, reason = _told(event.details)
            for name in dict.fromkeys((*_owners(result, found), skipped[state])):
                found[name] = _run(name, Status.SKIPPED, event, reason)
    return tuple(found.values())


def _owners(result: str, choices: Iterable[str]) -> list[str]:
    """The choice whose result an alternative makes, by the variable that it assigns: both are skipped."""
    prefix = result.partition("_")[0]
    return [name for name in choices if variable(prefix, name) == result]


def _run(operation: str, status: Status, event: Event, message: str = "") -> OperationRun:
    time = event.time.astimezone(UTC)
    return OperationRun(operation=operation, status=status, started=time, finished=time, message=message)


def _told(details: Mapping[str, Any]) -> tuple[str, str]:
    """The variable that says of a result that there is none, and why."""
    for name, text in (details.get("assignedVariables") or {}).items():
        envelope = json.loads(text)
        if isinstance(envelope, dict) and "skipped" in envelope:
            return name, str(envelope["skipped"])
    return "", ""
