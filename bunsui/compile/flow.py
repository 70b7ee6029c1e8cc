"""Which results go where between the parts of a graph: what leaves a branch or a segment, and what a segment takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from bunsui.compile.segment import Segment
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial, leaves


class Flow:
    """The results that go from part to part; parts are told apart by their identity.

    Attributes:
        part: the whole graph.
    """

    def __init__(self, part: Part, takes: Mapping[str, Collection[str]], exports: Iterable[str]) -> None:
        """Find out what goes where.

        Args:
            part: the whole graph.
            takes: name -> those whose results it takes.
            exports: names whose results are needed behind the graph.
        """
        self.part = part
        self._takes = takes
        self._leaving: dict[int, tuple[tuple[str, ...], ...]] = {}
        self._wanted: dict[int, tuple[str, ...]] = {}
        self._provided: dict[int, Mapping[str, bool]] = {}
        self._walk(part, set(exports))

    def leaving(self, part: Parallel | Segment) -> Sequence[tuple[str, ...]]:
        """For each branch, or for the segment, the names whose results are taken behind it."""
        return self._leaving[id(part)]

    def wanted(self, segment: Segment) -> tuple[str, ...]:
        """The names whose results a segment takes from outside."""
        return self._wanted[id(segment)]

    def places(self) -> Iterator[Collection[str]]:
        """The results that meet: where branches come together, in the item of a join, before and behind a segment."""
        for branches in self._leaving.values():
            yield [name for names in branches for name in names]
        yield from self._wanted.values()
        yield from (leaf.values for leaf in leaves(self.part) if isinstance(leaf, Join))

    def _walk(self, part: Part, live: set[str]) -> None:
        """Go through a part from its end to its beginning: `live` is what is taken behind it, and then before it.

        What a part makes or a join brings is not taken from before it, though a branch beside it may do that.
        """
        match part:
            case str():
                live.discard(part)
                live.update(self._takes[part])
            case Join(values=values):
                live.difference_update(values)
            case Arrive(_, arrivals):
                live.update(value for arrival in arrivals for value in arrival.values)
            case Segment(parts):
                (out,) = self._leaving[id(part)] = tuple(self._split([part], live))
                inside = self._before(parts, set(out))
                self._wanted[id(part)] = tuple(sorted(inside))
                live.difference_update(out)
                live |= inside
            case Serial(parts):
                self._before(parts, live)
            case Parallel(parts):
                self._leaving[id(part)] = outs = tuple(self._split(parts, live))
                live.difference_update(*outs)
                for one, out in zip(parts, outs, strict=True):
                    live |= self._before([one], set(out))

    def _before(self, parts: Sequence[Part], live: set[str]) -> set[str]:
        """What is taken before parts that run one after the other."""
        for one in reversed(parts):
            self._walk(one, live)
        return live

    def _of(self, part: Part) -> Mapping[str, bool]:
        """The names whose results are in sight behind a part, and whether they were made in it or brought by a join."""
        match part:
            case str():
                return {part: True}
            case Join():
                return dict.fromkeys(part.values, False)
            case Arrive():
                return {}
        known = self._provided.get(id(part))
        if known is None:
            found: dict[str, bool] = {}
            for one in part.parts:
                for name, made in self._of(one).items():
                    found[name] = found.get(name, False) or made
            self._provided[id(part)] = known = found
        return known

    def _split(self, parts: Sequence[Part], live: Collection[str]) -> Iterator[tuple[str, ...]]:
        """For each branch the live names that come from it; where several have one, the branch that made it."""
        home: dict[str, tuple[bool, int]] = {}
        for position, one in enumerate(parts):
            for name, made in self._of(one).items():
                if name in live and (name not in home or (made and not home[name][0])):
                    home[name] = made, position
        for position, one in enumerate(parts):
            yield tuple(name for name in self._of(one) if home.get(name, (False, -1))[1] == position)
