"""Names of states: one definition has each of them once, its branches and item processors included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.interpreter.diagnostics import DUPLICATE_NAME, Diagnostic
from bunsui.interpreter.scoping import within


def check_names(definition: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Every state whose name an earlier one has.

    The Amazon States Language wants names "unique within the scope of the whole state machine"; CreateStateMachine
    answers `DUPLICATE_STATE_NAME: Duplicate State name`.
    """
    seen: set[str] = set()
    for name, place in named(definition, ""):
        if name in seen:
            yield Diagnostic(DUPLICATE_NAME, f"Duplicate State name: {name}", place)
        seen.add(name)


def named(machine: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The states of a machine, then those of the machines within it: the name, and where it is."""
    states = machine.get("States")
    if not isinstance(states, dict):
        return
    for name in states:
        yield name, f"{path}/States/{name}"
    for name, state in states.items():
        for place, inner, _ in within(state, f"{path}/States/{name}"):
            yield from named(inner, place)
