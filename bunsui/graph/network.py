"""A network of events, and its reduction.

Names are arcs: from the event that starts them to the event that they end. An empty arc says that one event waits for
another. Two arcs side by side are one arc, and so are two in line when nothing else meets or parts between them: the
parallel and the series reduction of Valdes, Tarjan, Lawler, "The recognition of series parallel digraphs" (1982).

Where a network cannot be reduced, an event is *cut*: what leads to it ends with an arrival, and what follows begins
with a join. An arc that is loose at its end may be drawn to any event after all that is in it, and an arc that is loose
at its beginning may hang behind any event before what it waits for; neither makes anything start later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bunsui.graph.part import Arrival, Arrive, Join


class Event(NamedTuple):
    """What an event means.

    Attributes:
        before: bits of the names that have ended when it happens.
        covers: bits of the names that it waits for directly, where names start.
        consumer: what a join there is called.
    """

    before: int
    covers: int = 0
    consumer: str = ""


class Both(NamedTuple):
    """Two pieces of work: in line, or side by side."""

    parallel: bool
    one: Work
    other: Work


Work = str | Join | Arrive | Both


class Arc(NamedTuple):
    """Work between two events.

    Attributes:
        work: what is done; None when one event only waits for the other.
        names: bits of the names in it.
        limit: bits of all that may have ended when it begins; it counts while the beginning is loose.
    """

    work: Work | None = None
    names: int = 0
    limit: int = 0

    def then(self, other: Arc) -> Arc:
        """One after the other."""
        return Arc(_both(False, self.work, other.work), self.names | other.names, self.limit)

    def beside(self, other: Arc) -> Arc:
        """Both at the same time."""
        return Arc(_both(True, self.work, other.work), self.names | other.names, self.limit & other.limit)


def _both(parallel: bool, one: Work | None, other: Work | None) -> Work | None:
    return Both(parallel, one, other) if one is not None and other is not None else one if other is None else other


class Network:
    """The events that are not yet reduced, by number.

    Attributes:
        events: what they mean; the same for all copies.
        out: event -> the events that arcs lead to from it, with the arcs.
        into: the same arcs the other way round.
        ends: event -> arcs from it whose end is loose.
        starts: event -> arcs to it whose beginning is loose.
        arriving: event -> arrivals that stand right behind it.
        aside: all that is loose at both ends.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.out: dict[int, dict[int, Arc]] = {event: {} for event in range(len(events))}
        self.into: dict[int, dict[int, Arc]] = {event: {} for event in range(len(events))}
        self.ends: dict[int, list[Arc]] = {}
        self.starts: dict[int, list[Arc]] = {}
        self.arriving: dict[int, Arc] = {}
        self.aside = Arc()
        self._changed: deque[int] = deque()

    def copy(self) -> Network:
        """A settled network that changes on its own."""
        copy = Network(())
        copy.events = self.events
        copy.out = {event: arcs.copy() for event, arcs in self.out.items()}
        copy.into = {event: arcs.copy() for event, arcs in self.into.items()}
        copy.ends = {event: arcs.copy() for event, arcs in self.ends.items()}
        copy.starts = {event: arcs.copy() for event, arcs in self.starts.items()}
        copy.arriving = self.arriving.copy()
        copy.aside = self.aside
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

    def _arrive(self, tail: int, arrive: Arc) -> None:
        self.arriving[tail] = self.arriving.get(tail, Arc()).then(arrive)

    def _take(self, tail: int, head: int) -> Arc:
        del self.out[tail][head]
        return self.into[head].pop(tail)

    def meets(self, event: int) -> bool:
        """Whether several arcs lead to an event that is still there."""
        return event in self.into and len(self.into[event]) + bool(self.starts.get(event)) > 1

    def leaving(self, event: int) -> int:
        """How many ways lead on from an event."""
        return len(self.out[event]) + bool(self.ends.get(event))

    def hosts(self, event: int) -> list[int]:
        """A cover that comes by each arc to an event, first those whose beginning has the fewest other ways on."""
        ways = [(self.leaving(tail), self._brings(event, tail, arc)) for tail, arc in self.into[event].items()]
        ways += [(0, self._brings(event, None, arc)) for arc in self.starts.get(event, ())]
        return [brought & -brought for _, brought in sorted(ways) if brought]

    def _brings(self, event: int, tail: int | None, arc: Arc) -> int:
        """The covers of an event that come by an arc."""
        return (arc.names | (0 if tail is None else self.events[tail].before)) & self.events[event].covers

    def cut(self, event: int, host: int = 0) -> None:
        """Let a join bring together what leads to an event.

        The join stands behind the arc by which the cover `host` comes; without one, its beginning is loose.
        """
        consumer = self.events[event].consumer
        join, arrive = Arc(Join(consumer, ()), 0, self.events[event].before), Arc(Arrive("", (Arrival(consumer),)))
        ways: list[tuple[int | None, Arc]] = [(tail, self._take(tail, event)) for tail in list(self.into[event])]
        ways += [(None, arc) for arc in self.starts.pop(event, ())]
        hosted = next((way for way in ways if self._brings(event, *way) & host), None)
        for way in ways:
            tail, arc = way
            if way is hosted:
                self.put(tail, event, arc.then(join))
            elif tail is None or arc.work is not None:
                self.put(tail, None, arc.then(arrive))
            else:
                self._arrive(tail, arrive)
                self.put(tail, None, arc)
        if hosted is None:
            self.put(None, event, join)

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
        loose, heads = self.ends.get(event), self.out[event]
        if not loose or len(heads) > 1:
            return
        if not heads:
            self.ends[event] = [_together(loose)]
            return
        head = next(iter(heads))
        before = self.events[head].before
        fitting, self.ends[event] = _split(loose, (not arc.names & ~before for arc in loose))
        if fitting:
            self.put(event, head, _together(fitting))

    def _hang_starts(self, event: int) -> None:
        """Hang loose beginnings behind where the only other arc comes from; without one they begin together."""
        loose, tails = self.starts.get(event), self.into[event]
        if not loose or len(tails) > 1:
            return
        if not tails:
            self.starts[event] = [_together(loose)]
            return
        tail = next(iter(tails))
        before = self.events[tail].before
        fitting, self.starts[event] = _split(loose, (not before & ~arc.limit for arc in loose))
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
        arrive = self.arriving.pop(event, Arc())
        del self.out[event], self.into[event]
        self.starts.pop(event, None)
        self.ends.pop(event, None)
        if tail is not None and first.work is None:
            self._arrive(tail, arrive)
            self.put(tail, head, last)
        else:
            self.put(tail, head, first.then(arrive).then(last))


def _together(arcs: Sequence[Arc]) -> Arc:
    """All at the same time, at once: there can be thousands."""
    work, names, limit = arcs[0]
    for arc in arcs[1:]:
        names |= arc.names
        limit &= arc.limit
        if arc.work is not None:
            work = arc.work if work is None else Both(True, work, arc.work)
    return Arc(work, names, limit)


def _split(arcs: Iterable[Arc], chosen: Iterable[bool]) -> tuple[list[Arc], list[Arc]]:
    found: tuple[list[Arc], list[Arc]] = ([], [])
    for arc, choice in zip(arcs, chosen, strict=True):
        found[not choice].append(arc)
    return found
