"""What comes before what: the partial order of a graph, as sets of bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple


def order(needs: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """A topological order; ties stand in the order in which `needs` names them.

    Raises:
        graphlib.CycleError: the needs go in a circle.
    """
    rank = {name: position for position, name in enumerate(needs)}
    sorter = TopologicalSorter({name: needs[name] & needs.keys() for name in needs})
    sorter.prepare()
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=rank.__getitem__)
        found += ready
        sorter.done(*ready)
    return tuple(found)


def positions(mask: int) -> Iterator[int]:
    """The bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class Precedence(NamedTuple):
    """A partial order of names; each stands for the bit of its position in a topological order.

    Attributes:
        names: in topological order.
        rank: name -> its position among the declarations.
        before: position -> the bits of all that comes before.
        covers: position -> the bits of what comes directly before: what is left of `needs` by transitive reduction.
    """

    names: tuple[str, ...]
    rank: Mapping[str, int]
    before: tuple[int, ...]
    covers: tuple[int, ...]


def precedence(needs: Mapping[str, frozenset[str]]) -> Precedence:
    """The order that a graph means; names that are not keys are ignored."""
    names = order(needs)
    bit = {name: position for position, name in enumerate(names)}
    before: list[int] = []
    covers: list[int] = []
    for name in names:
        direct = indirect = 0
        for earlier in needs[name] & bit.keys():
            direct |= 1 << bit[earlier]
            indirect |= before[bit[earlier]]
        before.append(direct | indirect)
        covers.append(direct & ~indirect)
    return Precedence(names, {name: at for at, name in enumerate(needs)}, tuple(before), tuple(covers))
