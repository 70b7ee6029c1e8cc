"""The fewest joins that any layout of a small graph has, found by trying all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from bunsui.graph.order import positions, precedence

from .dags import Needs


def fewest_joins(needs: Needs) -> int:
    """A layout is a tree: in parallel, in series where all of one part is before all of the other, or behind a join."""
    order = precedence(needs)

    @cache
    def fewest(group: int, ended: int) -> int:
        """Joins for a group of names, where it is known that `ended` has ended."""
        waiting = {order.covers[at] for at in positions(group) if order.covers[at] & ~ended}
        if group & (group - 1) == 0:
            return len(waiting)
        common = -1
        for at in positions(group):
            common &= order.before[at]
        found = [group.bit_count()]
        found += [1 + fewest(group, ended | before(covers)) for covers in waiting if not covers & ~common]
        for one, other in _halves(group):
            found.append(fewest(one, ended) + fewest(other, ended))
            found += [
                fewest(first, ended) + fewest(last, ended | first)
                for first, last in ((one, other), (other, one))
                if all(not first & ~order.before[at] for at in positions(last))
            ]
        return min(found)

    def before(covers: int) -> int:
        found = covers
        for at in positions(covers):
            found |= order.before[at]
        return found

    return fewest((1 << len(order.names)) - 1, 0)


def _halves(group: int) -> Iterator[tuple[int, int]]:
    """All ways to split a group in two."""
    lowest = group & -group
    part = (group - 1) & group
    while part:
        if part & lowest:
            yield part, group & ~part
        part = (part - 1) & group
