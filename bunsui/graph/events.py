"""A graph as a network of events: an arc for each name, from the event that starts it to the event that it ends.

Names with the same covers start at the same event. This is the activity-on-arc form of a project network; empty arcs
say that an event waits for another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bunsui.graph.order import Precedence, positions

START, END = 0, 1


@dataclass(frozen=True, slots=True)
class Wait:
    """A join's place: go on when the event has happened."""

    event: int


@dataclass(frozen=True, slots=True)
class Signal:
    """The place where what leads to a joined event has ended."""

    event: int


@dataclass(eq=False, slots=True)
class Fork:
    """Branches that run at the same time."""

    branches: list[Chain]


Chain = deque["str | Wait | Signal | Fork"]


@dataclass(eq=False, slots=True)
class Arc:
    """Work between two events.

    Attributes:
        chain: the work; empty when one event only waits for the other.
        names: bits of the names in it.
        limit: bits of what may have happened when it begins; used when it does not begin at a certain event.
    """

    chain: Chain
    names: int = 0
    limit: int = -1


@dataclass(eq=False, slots=True)
class Network:
    """Events by number.

    Attributes:
        before: event -> bits of the names that have ended when it happens.
        first: event -> the first declared name that starts at it.
        out: event -> the events that its arcs lead to, with the arcs.
        into: the same arcs the other way round.
    """

    before: list[int] = field(default_factory=list)
    first: dict[int, str] = field(default_factory=dict)
    out: list[dict[int, Arc]] = field(default_factory=list)
    into: list[dict[int, Arc]] = field(default_factory=list)

    def add(self, before: int) -> int:
        """A new event."""
        self.before.append(before)
        self.out.append({})
        self.into.append({})
        return len(self.before) - 1

    def connect(self, tail: int, head: int, arc: Arc) -> None:
        """An arc between two events that have none yet."""
        self.out[tail][head] = self.into[head][tail] = arc

    def disconnect(self, tail: int, head: int) -> Arc:
        """Take an arc away."""
        del self.out[tail][head]
        return self.into[head].pop(tail)


def network(order: Precedence) -> Network:
    """The events of a partial order, with as few empty arcs as simple factoring gives."""
    net = Network()
    net.add(0)
    net.add((1 << len(order.names)) - 1)
    starts = {0: START}
    ends = {}
    for at, name in enumerate(order.names):
        covers = order.covers[at]
        if covers not in starts:
            starts[covers] = net.add(order.before[at])
        start = starts[covers]
        if start not in net.first or order.rank[name] < order.rank[net.first[start]]:
            net.first[start] = name
        ends[at] = net.add(order.before[at] | 1 << at)
        net.connect(start, ends[at], Arc(deque([name]), 1 << at))
    inside = _contained(starts)
    for covers, event in starts.items():
        left = covers
        for smaller in inside[covers]:
            if (smaller & left).bit_count() > 1:
                net.connect(starts[smaller], event, Arc(deque()))
                left &= ~smaller
        for at in positions(left):
            net.connect(ends[at], event, Arc(deque()))
    for end in ends.values():
        if not net.out[end]:
            net.connect(end, END, Arc(deque()))
    return net


def _contained(sets: Mapping[int, int]) -> Mapping[int, list[int]]:
    """For each set the sets of at least two that are proper parts of it, largest first.

    A part is looked for only among the sets that have its rarest element, which keeps this quick for sparse graphs.
    """
    uses: dict[int, int] = {}
    for one in sets:
        for at in positions(one):
            uses[at] = uses.get(at, 0) + 1
    by_rarest: dict[int, list[int]] = {}
    for one in sets:
        if one.bit_count() > 1:
            by_rarest.setdefault(min(positions(one), key=lambda at: (uses[at], at)), []).append(one)
    return {one: sorted(_parts(one, by_rarest), key=lambda part: (-part.bit_count(), part)) for one in sets}


def _parts(whole: int, by_rarest: Mapping[int, list[int]]) -> Iterator[int]:
    for at in positions(whole):
        for one in by_rarest.get(at, ()):
            if one != whole and one & ~whole == 0:
                yield one
