"""The variables that a state assigned, in the history.

AWS: the event of a state's exit has `assignedVariables`, name -> JSON text (API reference, StateExitedEventDetails).

MiniStack: leaves them out.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable
from typing import Any

from bunsui.local.traits.anchor import wrap

_assigned: contextvars.ContextVar[dict[str, str]] = contextvars.ContextVar("assigned by the state that runs")


def apply() -> None:
    """Patch the assignment and the events."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_apply_state_assign", _remembered)
    wrap(stepfunctions, "_add_event", _told)


def _remembered(assign: Callable[..., None]) -> Callable[..., None]:
    def apply_assign(state: dict[str, Any], value: Any, ctx: dict[str, Any] | None = None, **more: Any) -> None:
        assign(state, value, ctx, **more)
        known = (ctx or {}).get("variables", {})
        names = state.get("Assign") or {}
        _assigned.set({name: json.dumps(known[name]) for name in names if name in known})

    return apply_assign


def _told(add: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def add_event(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
        event = add(execution, kind, details)
        if kind.endswith("StateEntered"):
            _assigned.set({})
        elif kind.endswith("StateExited") and (assigned := _assigned.get({})):
            event["stateExitedEventDetails"]["assignedVariables"] = assigned
            _assigned.set({})
        return event

    return add_event
