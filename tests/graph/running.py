"""What a tree of parts does when it runs, with waiting that costs nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

from bunsui.graph.order import order
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial, leaves

from .dags import Needs

Leaf = str | Join | Arrive


class Run(NamedTuple):
    """When each name starts, and when everything has ended."""

    starts: Mapping[str, float]
    end: float


class _Point(NamedTuple):
    """The begin or the end of a part, which is known by its number."""

    number: int
    end: bool = False


def run(tree: Part, seconds: Mapping[str, float]) -> Run:
    """Every part begins when what is before it has ended; a join ends when its branch and all its producers are there.

    Raises:
        graphlib.CycleError: joins wait for each other.
    """
    after: dict[_Point, list[_Point]] = {}
    arrived: dict[str, dict[str, _Point]] = defaultdict(dict)
    parts = _numbered(tree)
    for number, (part, inner) in enumerate(parts):
        begin, end = _Point(number), _Point(number, end=True)
        after.setdefault(begin, [])
        after[end] = [begin]
        match part:
            case Serial():
                for one, other in pairwise(inner):
                    after[_Point(other)] = [_Point(one, end=True)]
                after[_Point(inner[0])] = [begin]
                after[end] = [_Point(inner[-1], end=True)]
            case Parallel():
                after |= {_Point(one): [begin] for one in inner}
                after[end] = [_Point(one, end=True) for one in inner]
            case Arrive(producer, arrivals):
                for arrival in arrivals:
                    assert producer not in arrived[arrival.consumer], "a producer arrives once"
                    arrived[arrival.consumer][producer] = begin
    for number, (part, _) in enumerate(parts):
        if isinstance(part, Join):
            assert sorted(arrived[part.consumer]) == list(part.producers)
            after[_Point(number, end=True)] += arrived[part.consumer].values()
    times: dict[_Point, float] = {}
    for point in TopologicalSorter(after).static_order():
        part = parts[point.number][0]
        takes = seconds[part] if point.end and isinstance(part, str) else 0
        times[point] = max((times[one] for one in after[point]), default=0) + takes
    starts = {part: times[_Point(number)] for number, (part, _) in enumerate(parts) if isinstance(part, str)}
    return Run(starts, times[_Point(0, end=True)])


def _numbered(tree: Part) -> list[tuple[Part, list[int]]]:
    """All parts, each with the numbers of those in it; the whole is 0."""
    found: list[tuple[Part, list[int]]] = [(tree, [])]
    for part, inner in found:
        if isinstance(part, Serial | Parallel):
            inner += range(len(found), len(found) + len(part.parts))
            found += [(one, []) for one in part.parts]
    return found


def critical_path(needs: Needs, seconds: Mapping[str, float]) -> Run:
    """When each name could start at the earliest."""
    starts: dict[str, float] = {}
    for name in order(needs):
        starts[name] = max((starts[one] + seconds[one] for one in needs[name]), default=0)
    return Run(starts, max(start + seconds[name] for name, start in starts.items()))


def before(tree: Part) -> list[tuple[Leaf, frozenset[Leaf]]]:
    """Each leaf with those that the tree puts before it."""
    found: list[tuple[Leaf, frozenset[Leaf]]] = []
    stack: list[tuple[Part, frozenset[Leaf]]] = [(tree, frozenset())]
    while stack:
        part, earlier = stack.pop()
        match part:
            case Serial(parts):
                for one in parts:
                    stack.append((one, earlier))
                    earlier |= set(leaves(one))
            case Parallel(parts):
                stack += [(one, earlier) for one in parts]
            case leaf:
                found.append((leaf, earlier))
    return found


def results_before(tree: Part) -> Iterator[tuple[Leaf, frozenset[str]]]:
    """Each leaf with the names whose results are visible there."""
    for leaf, earlier in before(tree):
        brought = {value for one in earlier if isinstance(one, Join) for value in one.values}
        yield leaf, frozenset(one for one in earlier if isinstance(one, str)) | brought


def joins(tree: Part) -> list[Join]:
    return [leaf for leaf in leaves(tree) if isinstance(leaf, Join)]


def arrivals(tree: Part) -> int:
    return sum(len(leaf.arrivals) for leaf in leaves(tree) if isinstance(leaf, Arrive))
