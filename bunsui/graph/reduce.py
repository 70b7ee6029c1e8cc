"""Reducing a network of events to one arc, by series and parallel reductions and as few cuts as a greedy choice finds.

Valdes, Tarjan, Lawler, "The recognition of series parallel digraphs" (1982): a network is series-parallel exactly when
these two reductions leave one arc. Where they get stuck, an event is cut: what led to it ends in a signal, and what
follows begins with a wait. Both are then loose: an arc that ends nowhere may be drawn to any event that comes after all
that is in it, one that begins nowhere may hang behind any event that comes before what it waits for. Neither makes
anything later.
"""

from __future__ import annotations

import heapq
from collections import deque
from functools import reduce as fold

from bunsui.graph.events import END, START, Arc, Chain, Fork, Network, Signal, Wait


def reduce(net: Network) -> Chain:
    """The network as one chain; it is used up."""
    return _Reduction(net).run()


def _series(first: Arc, last: Arc) -> Arc:
    """One after the other; the longer chain takes in the shorter."""
    if len(first.chain) >= len(last.chain):
        chain = first.chain
        chain.extend(last.chain)
    else:
        chain = last.chain
        chain.extendleft(reversed(first.chain))
    return Arc(chain, first.names | last.names, first.limit)


def _parallel(one: Arc, other: Arc) -> Arc:
    """At the same time; what is empty needs no branch."""
    names, limit = one.names | other.names, one.limit & other.limit
    if not one.chain or not other.chain:
        return Arc(one.chain or other.chain, names, limit)
    few, many = sorted((_branches(one.chain), _branches(other.chain)), key=len)
    many.extend(few)
    return Arc(deque([Fork(many)]), names, limit)


def _branches(chain: Chain) -> list[Chain]:
    return chain[0].branches if len(chain) == 1 and isinstance(chain[0], Fork) else [chain]


class _Reduction:
    """The state of a reduction.

    Attributes:
        ends: event -> arcs behind it that end nowhere.
        starts: event -> arcs to it that begin nowhere.
        signals: event -> joined events that wait for it.
        free: arcs that neither begin nor end anywhere.
    """

    def __init__(self, net: Network) -> None:
        self.net = net
        self.ends: dict[int, list[Arc]] = {}
        self.starts: dict[int, list[Arc]] = {}
        self.signals: dict[int, list[int]] = {}
        self.free: list[Arc] = []
        self.alive = set(range(2, len(net.before)))
        self.changed = deque(sorted(self.alive))
        self.conflicts: list[tuple[int, int]] = []

    def run(self) -> Chain:
        self._settle_all()
        self.conflicts = [(-self._conflict(event), event) for event in self.alive if self._joins(event)]
        heapq.heapify(self.conflicts)
        while self.alive:
            self._cut(self._choose())
            self._settle_all()
        arcs = [*self.net.out[START].values(), *self.ends.get(START, ()), *self.starts.get(END, ()), *self.free]
        whole: Arc = fold(_parallel, arcs)
        return whole.chain

    def _settle_all(self) -> None:
        while self.changed:
            event = self.changed.popleft()
            if event in self.alive:
                self._settle(event)

    def _settle(self, event: int) -> None:
        self._draw_ends(event)
        self._draw_starts(event)
        into, out = self.net.into[event], self.net.out[event]
        starts, ends = self.starts.get(event, []), self.ends.get(event, [])
        if len(into) + len(starts) != 1 or len(out) + len(ends) != 1:
            return
        self.alive.discard(event)
        tail, head = next(iter(into), None), next(iter(out), None)
        first = starts[0] if tail is None else self.net.disconnect(tail, event)
        last = ends[0] if head is None else self.net.disconnect(event, head)
        signals = self.signals.pop(event, [])
        if first.chain:
            first.chain.extend(map(Signal, signals))
        elif signals:
            assert tail is not None
            self.signals.setdefault(tail, []).extend(signals)
        self._place(tail, head, _series(first, last))

    def _place(self, tail: int | None, head: int | None, arc: Arc) -> None:
        """Put an arc between two events, beside what is there already."""
        if tail is None and head is None:
            self.free.append(arc)
        elif tail is None:
            assert head is not None
            self.starts.setdefault(head, []).append(arc)
        elif head is None:
            self.ends.setdefault(tail, []).append(arc)
        else:
            there = self.net.out[tail].get(head)
            self.net.connect(tail, head, arc if there is None else _parallel(there, arc))
        self.changed.extend(event for event in (tail, head) if event is not None)

    def _draw_ends(self, event: int) -> None:
        """Draw loose ends to where the only other arc leads; without one they end together."""
        out, loose = self.net.out[event], self.ends.get(event)
        if not loose or len(out) > 1:
            return
        head = next(iter(out), None)
        if head is None:
            self.ends[event] = [fold(_parallel, loose)]
            return
        fits = [not arc.names & ~self.net.before[head] for arc in loose]
        self.ends[event] = [arc for arc, fit in zip(loose, fits, strict=True) if not fit]
        for arc, fit in zip(loose, fits, strict=True):
            if fit:
                self._place(event, head, arc)

    def _draw_starts(self, event: int) -> None:
        """Hang loose beginnings behind where the only other arc comes from; without one they begin together."""
        into, loose = self.net.into[event], self.starts.get(event)
        if not loose or len(into) > 1:
            return
        tail = next(iter(into), None)
        if tail is None:
            self.starts[event] = [fold(_parallel, loose)]
            return
        fits = [not self.net.before[tail] & ~arc.limit for arc in loose]
        self.starts[event] = [arc for arc, fit in zip(loose, fits, strict=True) if not fit]
        for arc, fit in zip(loose, fits, strict=True):
            if fit:
                self._place(tail, event, arc)

    def _joins(self, event: int) -> bool:
        return len(self.net.into[event]) + len(self.starts.get(event, ())) > 1

    def _conflict(self, event: int) -> int:
        """How many other arcs leave the events that lead to this one: each of them is a reason to cut."""
        tails = (tail for tail in self.net.into[event] if tail != START)
        return sum(len(self.net.out[tail]) + len(self.ends.get(tail, ())) - 1 for tail in tails)

    def _choose(self) -> int:
        """The event with most conflicts; a count that has changed since it was made is made again."""
        while True:
            count, event = heapq.heappop(self.conflicts)
            if event not in self.alive or not self._joins(event):
                continue
            now = -self._conflict(event)
            if now <= count or not self.conflicts or (now, event) <= self.conflicts[0]:
                return event
            heapq.heappush(self.conflicts, (now, event))

    def _cut(self, event: int) -> None:
        for tail in list(self.net.into[event]):
            arc = self.net.disconnect(tail, event)
            if arc.chain:
                arc.chain.append(Signal(event))
            else:
                self.signals.setdefault(tail, []).append(event)
            self._place(tail, None, arc)
        for arc in self.starts.pop(event, ()):
            arc.chain.append(Signal(event))
            self.free.append(arc)
        self.starts[event] = [Arc(deque([Wait(event)]), 0, self.net.before[event])]
        self.changed.append(event)
