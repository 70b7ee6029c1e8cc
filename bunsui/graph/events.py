"""The events of a partial order: names with the same covers start at the same event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bunsui.graph.network import Arc, Event, Network
from bunsui.graph.order import Precedence, positions


def network(order: Precedence) -> Network:
    """The network in which each name is one arc.

    There is an event for each set of covers, and one for the end of each name that something follows. What has no
    covers begins loosely, before anything has ended; what nothing follows ends loosely.
    """
    followed = 0
    for covers in order.covers:
        followed |= covers
    starts = {covers: event for event, covers in enumerate(dict.fromkeys(filter(None, order.covers)))}
    ends = {at: event for event, at in enumerate(positions(followed), len(starts))}
    consumers = _first_declared(order)
    net = Network(
        [Event(_ended(order, covers), covers, consumers[covers]) for covers in starts]
        + [Event(order.before[at] | 1 << at) for at in ends]
    )
    for at, name in enumerate(order.names):
        net.put(starts.get(order.covers[at]), ends.get(at), Arc(name, 1 << at))
    within = _within(starts)
    for covers, event in starts.items():
        left = covers
        for part in within[covers]:
            if (part & left).bit_count() > 1:
                net.put(starts[part], event, Arc())
                left &= ~part
        for at in positions(left):
            net.put(ends[at], event, Arc())
    return net


def _first_declared(order: Precedence) -> Mapping[int, str]:
    """Covers -> the first declared name that has them."""
    found: dict[int, str] = {}
    for name, covers in zip(order.names, order.covers, strict=True):
        found[covers] = min(found.get(covers, name), name, key=order.rank.__getitem__)
    return found


def _ended(order: Precedence, covers: int) -> int:
    ended = covers
    for at in positions(covers):
        ended |= order.before[at]
    return ended


def _within(sets: Mapping[int, int]) -> Mapping[int, list[int]]:
    """For each set the sets of at least two that are proper parts of it, largest first.

    Parts are looked up by their rarest element, which keeps this quick where sets overlap little.
    """
    uses: dict[int, int] = {}
    for one in sets:
        for at in positions(one):
            uses[at] = uses.get(at, 0) + 1
    by_rarest: dict[int, list[int]] = {}
    for one in sets:
        if one.bit_count() > 1:
            by_rarest.setdefault(min(positions(one), key=uses.__getitem__), []).append(one)
    return {one: sorted(_parts(one, by_rarest), key=lambda part: (-part.bit_count(), part)) for one in sets}


def _parts(whole: int, by_rarest: Mapping[int, list[int]]) -> Iterator[int]:
    for at in positions(whole):
        for one in by_rarest.get(at, ()):
            if one != whole and not one & ~whole:
                yield one
