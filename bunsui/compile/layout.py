"""The parts of a graph as states: serial parts as a chain, parallel ones as branches whose results come together.

A branch sees the variables of what encloses it but can change none of them, so they have a name of their own per depth.
A result leaves a branch when something behind the Parallel takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from bunsui.compile.joins import Joins
from bunsui.compile.states import Link, Scope, field, jsonata, machine, state_name, variable
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial, leaves
from bunsui.model.target import State

Leaving = Mapping[int, Sequence[tuple[str, ...]]]
"""Identity of a Parallel -> for each branch the names whose results leave it."""


class Layout(NamedTuple):
    """How one graph becomes states.

    Attributes:
        joins: of the graph.
        emit: the states of one name; it enters the variable of its result into the scope.
        leaving: what leaves the branches, as `leaving` tells.
    """

    joins: Joins
    emit: Callable[[str, Scope, int], list[Link]]
    leaving: Leaving

    def links(self, part: Part, scope: Scope, depth: int) -> list[Link]:
        """The chain for a part; `scope` says which variable holds which result, and learns those of the part."""
        match part:
            case str():
                return self.emit(part, scope, depth)
            case Join():
                return self.joins.wait(part, scope, depth)
            case Arrive():
                return self.joins.arrive(part, scope, depth)
            case Serial(parts):
                return [link for one in parts for link in self.links(one, scope, depth)]
            case Parallel(parts):
                return [self.parallel(part, parts, scope, depth)]

    def parallel(self, part: Parallel, parts: Sequence[Part], scope: Scope, depth: int) -> Link:
        """One state whose branches are the parts."""
        branches, assign, found = [], {}, {}
        for position, (one, names) in enumerate(zip(parts, self.leaving[id(part)], strict=True)):
            inner = dict(scope)
            links = self.links(one, inner, depth + 1)
            out = [name for name in names if name not in scope]
            branches.append(machine(links, {name: jsonata(inner[name]) for name in out}))
            for name in out:
                result = variable(f"{self.joins.prefix}{depth}", name)
                assign[result] = jsonata(f"$states.result[{position}].{field(name)}")
                found[name] = f"${result}"
        scope.update(found)
        state: State = {"Type": "Parallel", "Branches": branches}
        if assign:
            state["Assign"] = assign
        return Link(state_name("Parallel: " + ", ".join(map(_first, parts))), state)


def _first(part: Part) -> str:
    """What a branch is called by: its first name, or where it waits or arrives when it has none."""
    name = next((leaf for leaf in leaves(part) if isinstance(leaf, str)), None)
    return name or next(map(_place, leaves(part)))


def _place(leaf: str | Join | Arrive) -> str:
    match leaf:
        case str():
            return leaf
        case Join():
            return f"join of {leaf.consumer}"
        case Arrive():
            return f"arrival of {leaf.producer}"


def leaving(part: Part, takes: Mapping[str, Collection[str]], exports: Iterable[str]) -> Leaving:
    """What leaves the branches of every Parallel in a part: results that are taken behind it, each from one branch.

    Args:
        part: of the graph.
        takes: name -> those whose results it takes.
        exports: names whose results are needed behind the part.
    """
    found: dict[int, Sequence[tuple[str, ...]]] = {}
    _walk(part, set(exports), found, takes, _Provided())
    return found


def _walk(
    part: Part,
    live: set[str],
    found: dict[int, Sequence[tuple[str, ...]]],
    takes: Mapping[str, Collection[str]],
    provided: _Provided,
) -> None:
    """Note what leaves a part, from its end to its beginning; `live` is taken behind it, and grows by what it takes."""
    match part:
        case str():
            live.update(takes[part])
        case Arrive(_, arrivals):
            live.update(value for arrival in arrivals for value in arrival.values)
        case Serial(parts):
            for one in reversed(parts):
                _walk(one, live, found, takes, provided)
        case Parallel(parts):
            found[id(part)] = outs = provided.split(parts, live)
            for one, out in zip(parts, outs, strict=True):
                inside = set(out)
                _walk(one, inside, found, takes, provided)
                live |= inside


class _Provided:
    """The names whose results are in sight behind a part, and whether they were made in it or brought by a join."""

    def __init__(self) -> None:
        self._known: dict[int, Mapping[str, bool]] = {}

    def of(self, part: Part) -> Mapping[str, bool]:
        """Name -> made in the part."""
        if isinstance(part, str):
            return {part: True}
        if isinstance(part, Arrive):
            return {}
        if isinstance(part, Join):
            return dict.fromkeys(part.values, False)
        known = self._known.get(id(part))
        if known is None:
            merged: dict[str, bool] = {}
            for one in part.parts:
                for name, made in self.of(one).items():
                    merged[name] = merged.get(name, False) or made
            self._known[id(part)] = known = merged
        return known

    def split(self, parts: Sequence[Part], live: set[str]) -> list[tuple[str, ...]]:
        """For each branch the live names that come from it; where several have one, the branch that made it."""
        found: list[list[str]] = [[] for _ in parts]
        brought: dict[str, int] = {}
        taken: set[str] = set()
        for position, one in enumerate(parts):
            for name, made in self.of(one).items():
                if name in live and made:
                    found[position].append(name)
                    taken.add(name)
                elif name in live:
                    brought.setdefault(name, position)
        for name, position in brought.items():
            if name not in taken:
                found[position].append(name)
        return [tuple(names) for names in found]
