"""From a reduced network to the tree of parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from bunsui.graph.events import Chain, Fork, Signal, Wait
from bunsui.graph.part import Arrival, Arrive, Join, Parallel, Part, Serial


class _Made(NamedTuple):
    """A chain's part, the position of its first declared name, and its last name, by which arrivals behind it go."""

    part: Part
    first: int
    last: str


def freeze(root: Chain, consumers: Mapping[int, str], rank: Mapping[str, int]) -> Part:
    """The tree of a chain; branches stand in the order in which their first names are declared.

    Args:
        root: what a network was reduced to.
        consumers: event -> the consumer that its join is named after.
        rank: name -> position among the declarations.
    """
    made: dict[int, _Made] = {}
    for chain in reversed(list(_chains(root))):
        parts: list[Part] = []
        first, last = len(rank), ""
        for is_signal, items in groupby(chain, key=lambda item: isinstance(item, Signal)):
            if is_signal:
                joins = sorted({consumers[item.event] for item in items if isinstance(item, Signal)})
                parts.append(Arrive(last, tuple(map(Arrival, joins))))
                continue
            for item in items:
                one = _made(item, made, consumers, rank)
                parts.append(one.part)
                first, last = min(first, one.first), one.last
        made[id(chain)] = _Made(parts[0] if len(parts) == 1 else Serial(tuple(parts)), first, last)
    return made[id(root)].part


def _made(
    item: str | Wait | Signal | Fork, made: Mapping[int, _Made], consumers: Mapping[int, str], rank: Mapping[str, int]
) -> _Made:
    match item:
        case str():
            return _Made(item, rank[item], item)
        case Wait(event):
            return _Made(Join(consumers[event], ()), rank[consumers[event]], consumers[event])
        case Fork(branches):
            inner = sorted((made[id(branch)] for branch in branches), key=lambda one: one.first)
            return _Made(Parallel(tuple(one.part for one in inner)), inner[0].first, inner[-1].last)
    raise TypeError(item)


def _chains(root: Chain) -> Iterator[Chain]:
    """Every chain, outer ones before those within."""
    stack = [root]
    while stack:
        chain = stack.pop()
        yield chain
        stack.extend(branch for item in chain if isinstance(item, Fork) for branch in item.branches)
