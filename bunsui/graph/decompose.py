"""Cutting a DAG into parts that run in parallel and parts that run one after the other.

A partial order is a tree of parallel and serial compositions exactly when it has no N-shaped part (Valdes, Tarjan,
Lawler: "The recognition of series parallel digraphs", 1982): the parallel parts are the components of its comparability
graph, the serial parts those of the complement. Where a part is neither, a barrier is set behind its first operations;
the order stays right, some parallelism is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bunsui.graph.order import order
from bunsui.graph.part import Parallel, Part, Serial, members

__all__ = ["Parallel", "Part", "Serial", "decompose", "members", "order"]


def decompose(needs: Mapping[str, frozenset[str]]) -> Part:
    """The tree for a DAG given as name -> names that must come before; names that are not keys are ignored."""
    names = order(needs)
    bit = {name: 1 << position for position, name in enumerate(names)}
    before, after = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for name in names:
        for earlier in needs[name] & bit.keys():
            before[name] |= bit[earlier] | before[earlier]
    for name in reversed(names):
        for earlier in needs[name] & bit.keys():
            after[earlier] |= bit[name] | after[name]
    related = {name: before[name] | after[name] for name in names}
    return _part(names, _Relations(names, bit, before, related))


class _Relations(NamedTuple):
    names: tuple[str, ...]
    bit: Mapping[str, int]
    before: Mapping[str, int]
    related: Mapping[str, int]

    def mask(self, group: Iterable[str]) -> int:
        return sum(self.bit[name] for name in group)

    def split(self, group: tuple[str, ...], *, unrelated: bool) -> list[tuple[str, ...]]:
        """Connected components of the (in)comparability graph, each and all in topological order."""
        left = everything = self.mask(group)
        components = []
        for name in group:
            if not left & self.bit[name]:
                continue
            component = frontier = self.bit[name]
            while frontier:
                lowest = frontier & -frontier
                one = self.names[lowest.bit_length() - 1]
                near = (~self.related[one] if unrelated else self.related[one]) & everything & ~component
                component |= near
                frontier = (frontier ^ lowest) | near
            left &= ~component
            components.append(tuple(self.in_mask(component)))
        return components

    def in_mask(self, mask: int) -> Iterable[str]:
        """The names of a mask, in topological order."""
        while mask:
            lowest = mask & -mask
            yield self.names[lowest.bit_length() - 1]
            mask ^= lowest


def _part(group: tuple[str, ...], relations: _Relations) -> Part:
    if len(group) == 1:
        return group[0]
    apart = relations.split(group, unrelated=False)
    if len(apart) > 1:
        return Parallel(tuple(_part(one, relations) for one in apart))
    in_line = relations.split(group, unrelated=True)
    if len(in_line) == 1:
        inside = relations.mask(group)
        first = tuple(name for name in group if not relations.before[name] & inside)
        in_line = [first, tuple(name for name in group if name not in set(first))]
    parts: list[Part] = []
    for one in in_line:
        part = _part(one, relations)
        parts.extend(part.parts if isinstance(part, Serial) else [part])
    return Serial(tuple(parts))
