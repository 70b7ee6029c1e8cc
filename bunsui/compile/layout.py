"""The parts of a graph as states: serial parts as a chain, parallel ones as branches whose results come together.

A branch sees the variables of what encloses it but can change none of them, so they have a name of their own per depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bunsui.compile.states import Link, field, jsonata, machine, state_name, variable
from bunsui.graph.decompose import Parallel, Part, Serial, members
from bunsui.model.target import State

Scope = dict[str, str]
"""Name in the graph -> variable that holds its result."""


class Layout(NamedTuple):
    """How one graph becomes states.

    Attributes:
        prefix: of the variables that hold results.
        emit: the states of one name; it enters the variable of its result into the scope.
        leaving: the names of a part whose results are needed outside of it.
    """

    prefix: str
    emit: Callable[[str, Scope, int], list[Link]]
    leaving: Callable[[Part], list[str]]

    def links(self, part: Part, scope: Scope, depth: int) -> list[Link]:
        """The chain for a part; `scope` says which variable holds which result, and learns those of the part."""
        match part:
            case str():
                return self.emit(part, scope, depth)
            case Serial(parts):
                return [link for one in parts for link in self.links(one, scope, depth)]
            case Parallel(parts):
                return [self.parallel(parts, scope, depth)]

    def parallel(self, parts: Sequence[Part], scope: Scope, depth: int) -> Link:
        """One state whose branches are the parts."""
        branches, assign = [], {}
        for position, part in enumerate(parts):
            inner = dict(scope)
            links = self.links(part, inner, depth + 1)
            out = self.leaving(part)
            branches.append(machine(links, {name: jsonata(inner[name]) for name in out}))
            for name in out:
                result = variable(f"{self.prefix}{depth}", name)
                assign[result] = jsonata(f"$states.result[{position}].{field(name)}")
                scope[name] = f"${result}"
        title = state_name("Parallel: " + ", ".join(next(iter(members(part))) for part in parts))
        state: State = {"Type": "Parallel", "Branches": branches}
        if assign:
            state["Assign"] = assign
        return Link(title, state)
