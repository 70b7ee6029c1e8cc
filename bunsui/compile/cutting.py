"""Cutting a graph into segments, so that no state machine is larger than AWS allows.

The tree of parts is gone through from its leaves: where the parts of one node are too large together, they are put into
runs of about the same size, each of which becomes a segment; if there are too many of those, they are cut in turn. A
run of parallel parts is a Parallel in its segment, a run of serial parts a chain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

from bunsui.compile.segment import Segment
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial


class Size(NamedTuple):
    """How much of a state machine something takes.

    Attributes:
        bytes: of its definition, as JSON.
        events: of the execution's history, at most.
        resources: ARNs that its role has to name.
    """

    bytes: int = 0
    events: int = 0
    resources: frozenset[str] = frozenset()

    def with_(self, other: Size) -> Size:
        """Both together."""
        return Size(self.bytes + other.bytes, self.events + other.events, self.resources | other.resources)

    def over(self, limit: Limit) -> float:
        """Its largest share of a limit."""
        policy = sum(map(len, self.resources))
        return max(self.bytes / limit.bytes, self.events / limit.events, policy / limit.policy)


class Limit(NamedTuple):
    """What a state machine should not exceed.

    Attributes:
        bytes: of the definition.
        events: of the history.
        policy: characters of all resources of the role.
    """

    bytes: int
    events: int
    policy: int


LIMIT = Limit(bytes=400_000, events=12_000, policy=30_000)
"""Below AWS's quotas: 1 MiB for a definition, but 1 MB for the template around it; 25,000 events, of which a redrive
needs some again; 10 managed policies of 6,144 characters for a role."""

PARALLEL = Size(200, 4)
SEGMENT = Size(2_200, 30)
"""The states around parallel parts, and those that run a segment, without results."""


def cut(part: Part, sizes: Callable[[str | Join | Arrive], Size], limit: Limit = LIMIT) -> Part:
    """The same graph, with segments where it would be larger than the limit.

    Args:
        part: the graph.
        sizes: of its leaves.
        limit: of a state machine. A leaf that is larger makes a segment of its own.
    """
    return _Cutting(sizes, limit, count(1)).part(part)[0]


class _Cutting(NamedTuple):
    sizes: Callable[[str | Join | Arrive], Size]
    limit: Limit
    numbers: Iterator[int]

    def part(self, part: Part) -> tuple[Part, Size]:
        """The part with what had to be cut out of it, and how large it is then."""
        if not isinstance(part, Serial | Parallel):
            return part, self.sizes(part)
        found = [self.part(one) for one in part.parts]
        kind = type(part)
        while (size := _together(kind, [size for _, size in found])).over(self.limit) > 1 and len(found) > 1:
            found = [self.segment(kind, run) for run in _runs(found, self.limit)]
        return kind(tuple(one for one, _ in found)), size

    def segment(self, kind: type[Serial | Parallel], run: Sequence[tuple[Part, Size]]) -> tuple[Part, Size]:
        """A run of parts as a segment; one that has been cut out already stays what it is."""
        parts = tuple(part for part, _ in run)
        if len(parts) == 1 and isinstance(parts[0], Segment):
            return run[0]
        inner = parts if kind is Serial or len(parts) == 1 else (Parallel(parts),)
        return Segment(inner, next(self.numbers)), SEGMENT


def _together(kind: type[Serial | Parallel], sizes: Sequence[Size]) -> Size:
    total = PARALLEL if kind is Parallel else Size()
    for size in sizes:
        total = total.with_(size)
    return total


def _runs(found: Sequence[tuple[Part, Size]], limit: Limit) -> Iterator[list[tuple[Part, Size]]]:
    """The parts in runs within the limit, of about the same size."""
    total = _together(Serial, [size for _, size in found]).over(limit)
    share = total / math.ceil(total / _FULL)
    run: list[tuple[Part, Size]] = []
    size = Size()
    for one in found:
        grown = size.with_(one[1])
        if run and grown.over(limit) > share:
            yield run
            run, grown = [], one[1]
        run.append(one)
        size = grown
    yield run


_FULL = 0.9
"""Of the limit: what a run aims at, as results that come in and go out are not counted."""
