"""Variables: their names, and that an inner scope does not assign what an outer one does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.interpreter.diagnostics import Diagnostic, wrong

NAME = re.compile(r"[^\W\d]\w{0,79}\Z")
RESERVED = frozenset({"states"})
ASSIGNING = ("Assign", "Choices", "Catch")
NESTING = ("Branches", "ItemProcessor", "Iterator")


def check_scopes(
    machine: Mapping[str, Any], outer: frozenset[str] = frozenset(), path: str = ""
) -> Iterator[Diagnostic]:
    """Problems of the assignments of a machine and of the machines within it."""
    states = machine.get("States")
    if not isinstance(states, dict):
        return
    found = {
        name: dict(assigned(state, f"{path}/States/{name}"))
        for name, state in states.items()
        if isinstance(state, dict) and not state.keys().isdisjoint(ASSIGNING)
    }
    for places in found.values():
        for place, name in places.items():
            if not NAME.match(name) or name in RESERVED:
                yield wrong(f"'{name}' is not a valid variable name", place)
            elif name in outer:
                yield wrong(f"The variable '{name}' is already assigned in an outer scope", place)
    here = outer | {name for places in found.values() for name in places.values()}
    for name, state in states.items():
        for place, inner, isolated in within(state, f"{path}/States/{name}"):
            yield from check_scopes(inner, frozenset() if isolated else here, place)


def assigned(state: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The variables that a state assigns: where, and the name."""
    holders: list[tuple[str, Any]] = [(path, state)]
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        for at, entry in enumerate(entries if isinstance(entries, list) else ()):
            holders.append((f"{path}/{field}[{at}]", entry))
    for place, holder in holders:
        variables = holder.get("Assign") if isinstance(holder, dict) else None
        for name in variables if isinstance(variables, dict) else ():
            yield f"{place}/Assign/{name}", name.removesuffix(".$")


def within(state: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The machines within a state: where, the machine, and whether it cannot see outer variables."""
    if not isinstance(state, dict) or state.keys().isdisjoint(NESTING):
        return
    branches = state.get("Branches")
    for at, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            yield f"{path}/Branches[{at}]", branch, False
    for field in ("ItemProcessor", "Iterator"):
        processor = state.get(field)
        if isinstance(processor, dict):
            config = processor.get("ProcessorConfig")
            isolated = isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
            yield f"{path}/{field}", processor, isolated
