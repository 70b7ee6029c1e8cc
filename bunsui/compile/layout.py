"""The parts of a graph as states: serial parts as a chain, parallel ones as branches whose results come together.

A branch sees the variables of what encloses it but can change none of them, so they have a name of their own per depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from bunsui.compile.flow import Flow
from bunsui.compile.joins import Joins
from bunsui.compile.segment import Segment, segments, started
from bunsui.compile.states import Link, Scope, field, jsonata, machine, state_name, variable
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial, leaves
from bunsui.model.target import Json, State


class Made(NamedTuple):
    """One of the state machines of a graph.

    Attributes:
        number: of the segment, 0 for that which begins.
        part: what it runs.
        definition: in the Amazon States Language.
    """

    number: int
    part: Part
    definition: State


class Layout(NamedTuple):
    """How one graph becomes states.

    Attributes:
        joins: of the graph.
        flow: which results go where.
        emit: the states of one name; it enters the variable of its result into the scope.
        machine_of: number of a segment -> its state machine's name in AWS.
        stored: name -> JSONata of its result, for those that lie in S3 and do not travel.
    """

    joins: Joins
    flow: Flow
    emit: Callable[[str, Scope, int], list[Link]]
    machine_of: Callable[[int], str]
    stored: Scope

    def links(self, part: Part, scope: Scope, depth: int) -> list[Link]:
        """The chain for a part; `scope` says which variable holds which result, and learns those of the part."""
        match part:
            case str():
                return self.emit(part, scope, depth)
            case Join():
                return self.joins.wait(part, scope, depth)
            case Arrive():
                return self.joins.arrive(part, scope, depth)
            case Segment():
                return [self.segment(part, scope, depth)]
            case Serial(parts):
                return [link for one in parts for link in self.links(one, scope, depth)]
            case Parallel():
                return [self.parallel(part, scope, depth)]

    def parallel(self, part: Parallel, scope: Scope, depth: int) -> Link:
        """One state whose branches are the parts."""
        branches, assign, found = [], {}, {}
        for position, (one, names) in enumerate(zip(part.parts, self.flow.leaving(part), strict=True)):
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
        return Link(state_name("Parallel: " + ", ".join(map(_first, part.parts))), state)

    def segment(self, segment: Segment, scope: Scope, depth: int) -> Link:
        """One state that runs a segment."""
        (names,) = self.flow.leaving(segment)
        results = {name: variable(f"{self.joins.prefix}{depth}", name) for name in names if name not in scope}
        link = started(
            segment,
            self.machine_of(segment.number),
            scope,
            self.flow.wanted(segment),
            results,
            self.joins.longest,
        )
        scope.update({name: f"${result}" for name, result in results.items()})
        return link

    def segments(self, comment: str) -> Iterator[Made]:
        """The state machines of all segments."""
        for segment in segments(self.flow.part):
            scope = dict(self.stored)
            links = [link for one in segment.parts for link in self.links(one, scope, 0)]
            (out,) = self.flow.leaving(segment)
            output: dict[str, Json] = {name: jsonata(scope[name]) for name in out}
            comment_here = f"{comment}, segment {segment.number}"
            yield Made(segment.number, segment, machine(links, output, Comment=comment_here, QueryLanguage="JSONata"))


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
