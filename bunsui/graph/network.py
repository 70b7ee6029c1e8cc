"""A network of events, and its reduction.

Names are arcs: from the event that starts them to the event that they end. An empty arc says that one event waits for
another. Two arcs side by side are one arc, and so are two in line when nothing else meets or parts between them (the
parallel and the series reduction of Valdes, Tarjan, Lawler, "The recognition of series parallel digraphs", 1982).

Where a network cannot be reduced, an event is *cut*: what leads to it ends with an arrival, and what follows begins
with a join. An arc that is loose at its end may be drawn to any event after all that is in it, and an arc that is loose
at its beginning may hang behind any event before what it waits for; neither makes anything start later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from bunsui.graph.part import Arrival, Arrive, Join, Parallel, Part, Serial


class Arc(NamedTuple):
    """Work between two events.

    Attributes:
        work: what is done; None when one event only waits for the other.
        names: bits of the names in it.
        limit: bits of all that may have ended when it begins; it counts while the beginning is loose.
    """

    work: Part | None
    names: int = 0
    limit: int = 0

    def then(self, other: Arc) -> Arc:
        """One after the other."""
        return Arc(_both(Serial, self.work, other.work), self.names | other.names, self.limit)

    def beside(self, other: Arc) -> Arc:
        """Both at the same time."""
        return Arc(_both(Parallel, self.work, other.work), self.names | other.names, self.limit & other.limit)


def _both(kind: type[Serial] | type[Parallel], one: Part | None, other: Part | None) -> Part | None:
    return kind((one, other)) if one is not None and other is not None else one if other is None else other


class Network:
    """Events that are not yet reduced, by number.

    Attributes:
        before: event -> bits of the names that have ended when it happens.
        consumers: event -> what its join is called.
        out: event -> the events that arcs lead to from it, with the arcs.
        into: the same arcs the other way round.
        ends: event -> arcs from it whose end is loose.
        starts: event -> arcs to it whose beginning is loose.
        arriving: event -> arrivals that stand right behind it.
        aside: all that is loose at both ends.
    """

    def __init__(self, before: Sequence[int], consumers: Sequence[str]) -> None:
        self.before = before
        self.consumers = consumers
        self.out: dict[int, dict[int, Arc]] = {event: {} for event in range(len(before))}
        self.into: dict[int, dict[int, Arc]] = {event: {} for event in range(len(before))}
        self.ends: dict[int, list[Arc]] = {}
        self.starts: dict[int, list[Arc]] = {}
        self.arriving: dict[int, Arc] = {}
        self.aside = Arc(None)
        self._changed: deque[int] = deque()

    def copy(self) -> Network:
        """A network that changes on its own."""
        copy = Network((), ())
        copy.before, copy.consumers = self.before, self.consumers
        copy.out = {event: dict(arcs) for event, arcs in self.out.items()}
        copy.into = {event: dict(arcs) for event, arcs in self.into.items()}
        copy.ends = {event: list(arcs) for event, arcs in self.ends.items()}
        copy.starts = {event: list(arcs) for event, arcs in self.starts.items()}
        copy.arriving = dict(self.arriving)
        copy.aside = self.aside
        copy._changed = self._changed.copy()
        return copy

    def put(self, tail: int | None, head: int | None, arc: Arc) -> None:
        """An arc between two events, beside what is there; None is a loose beginning or end."""
        if tail is not None and head is not None:
            there = self.out[tail].get(head)
            self.out[tail][head] = self.into[head][tail] = arc if there is None else there.beside(arc)
        elif tail is not None:
            self.ends.setdefault(tail, []).append(arc)
        elif head is not None:
            self.starts.setdefault(head, []).append(arc)
        else:
            self.aside = self.aside.beside(arc)
        self._changed.extend(event for event in (tail, head) if event is not None)

    def _take(self, tail: int, head: int) -> Arc:
        del self.out[tail][head]
        return self.into[head].pop(tail)

    def meets(self, event: int) -> bool:
        """Whether several arcs lead to an event that is still there."""
        return event in self.into and len(self.into[event]) + bool(self.starts.get(event)) > 1

    def leaving(self, event: int) -> int:
        """How many ways lead on from an event."""
        return len(self.out[event]) + bool(self.ends.get(event))

    def cut(self, event: int) -> None:
        """Let a join bring together what leads to an event."""
        arrive = Arc(Arrive("", (Arrival(self.consumers[event]),)))
        for tail in list(self.into[event]):
            arc = self._take(tail, event)
            if arc.work is None:
                self.arriving[tail] = self.arriving.get(tail, Arc(None)).then(arrive)
                self.put(tail, None, arc)
            else:
                self.put(tail, None, arc.then(arrive))
        for arc in self.starts.pop(event, ()):
            self.put(None, None, arc.then(arrive))
        self.put(None, event, Arc(Join(self.consumers[event], ()), 0, self.before[event]))

    def settle(self) -> None:
        """Reduce as far as it goes."""
        while self._changed:
            event = self._changed.popleft()
            if event in self.out:
                self._draw_ends(event)
                self._hang_starts(event)
                self._merge(event)

    def _draw_ends(self, event: int) -> None:
        """Draw loose ends to where the only other arc leads; without one they end together."""
        loose, heads = self.ends.get(event, []), self.out[event]
        if len(heads) > 1 or not loose:
            return
        head = next(iter(heads), None)
        if head is None:
            self.ends[event] = [_together(loose)]
            return
        fitting, others = _split(loose, [not arc.names & ~self.before[head] for arc in loose])
        self.ends[event] = others
        if fitting:
            self.put(event, head, _together(fitting))

    def _hang_starts(self, event: int) -> None:
        """Hang loose beginnings behind where the only other arc comes from; without one they begin together."""
        loose, tails = self.starts.get(event, []), self.into[event]
        if len(tails) > 1 or not loose:
            return
        tail = next(iter(tails), None)
        if tail is None:
            self.starts[event] = [_together(loose)]
            return
        fitting, others = _split(loose, [not self.before[tail] & ~arc.limit for arc in loose])
        self.starts[event] = others
        if fitting:
            self.put(tail, event, _together(fitting))

    def _merge(self, event: int) -> None:
        """Make one arc of the only one that comes in and the only one that goes out."""
        into, out = self.into[event], self.out[event]
        starts, ends = self.starts.get(event, []), self.ends.get(event, [])
        if len(into) + len(starts) != 1 or len(out) + len(ends) != 1:
            return
        tail, head = next(iter(into), None), next(iter(out), None)
        first = starts[0] if tail is None else self._take(tail, event)
        last = ends[0] if head is None else self._take(event, head)
        self._forget(event)
        arrive = self.arriving.pop(event, Arc(None))
        if tail is not None and first.work is None:
            self.arriving[tail] = self.arriving.get(tail, Arc(None)).then(arrive)
            self.put(tail, head, last)
        else:
            self.put(tail, head, first.then(arrive).then(last))

    def _forget(self, event: int) -> None:
        for arcs in (self.out, self.into, self.starts, self.ends):
            arcs.pop(event, None)  # type: ignore[attr-defined]


def _together(arcs: Sequence[Arc]) -> Arc:
    return reduce(Arc.beside, arcs)


def _split(arcs: Iterable[Arc], chosen: Iterable[bool]) -> tuple[list[Arc], list[Arc]]:
    found: tuple[list[Arc], list[Arc]] = ([], [])
    for arc, choice in zip(arcs, chosen, strict=True):
        found[not choice].append(arc)
    return found
