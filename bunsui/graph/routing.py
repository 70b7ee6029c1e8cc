"""Who arrives at which join, and which results travel along.

A result is visible to all that follows its name in the tree; to the rest it comes through joins. Let a name need a
result without following its producer in the tree. On each path of covers from the producer to the name, the last cover
that the tree does not hold leads to a joined name. Its join is before the name in the tree and waits, directly or not,
for the producer; so there is always a join to take. One of its arrivals follows the producer in the tree or, in turn,
such a join. Hence results find their way along arrivals that exist, and none is ever added for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from bunsui.graph.order import Precedence, positions
from bunsui.graph.part import Arrival, Arrive, Join, Parallel, Part, Serial, leaves, replaced


def routed(part: Part, order: Precedence, feeds: Mapping[str, frozenset[str]]) -> Part:
    """The tree with each join's producers and with the results that travel through it."""
    routes = _Routes(part, order)
    for name in order.names:
        for producer in sorted(feeds.get(name, frozenset()) & order.rank.keys()):
            routes.bring(producer, name)
    return replaced(part, routes.leaves())


class _Routes:
    """The ways that results take. A leaf is known by its position, a set of joins is the bits of their numbers.

    Attributes:
        walk: the leaves in order.
        back: leaf -> its position when branches are taken in reverse.
        at: name -> the leaf that it is.
        joins: the joins in order.
        arrives: number of a join -> the leaves that arrive there.
        behind: leaf -> the joins before it in the tree.
        ahead: name -> the joins that wait for it, directly or not.
        brought: name -> the joins that bring its result.
        values: arriving leaf and consumer -> the results that travel along.
    """

    def __init__(self, part: Part, order: Precedence) -> None:
        self.walk = list(leaves(part))
        back = {id(leaf): position for position, leaf in enumerate(_backwards(part))}
        self.back = [back[id(leaf)] for leaf in self.walk]
        self.at = {leaf: position for position, leaf in enumerate(self.walk) if isinstance(leaf, str)}
        self.joins = [leaf for leaf in self.walk if isinstance(leaf, Join)]
        number = {join.consumer: number for number, join in enumerate(self.joins)}
        self.arrives: list[list[int]] = [[] for _ in self.joins]
        for position, leaf in enumerate(self.walk):
            if isinstance(leaf, Arrive):
                for arrival in leaf.arrivals:
                    self.arrives[number[arrival.consumer]].append(position)
        self.behind = self._behind(number)
        self.ahead = _ahead(number, order)
        self.brought: dict[str, int] = defaultdict(int)
        self.values: dict[tuple[int, str], list[str]] = defaultdict(list)

    def _behind(self, number: Mapping[str, int]) -> list[int]:
        bits = [1 << number[leaf.consumer] if isinstance(leaf, Join) else 0 for leaf in self.walk]
        forth = accumulate(bits, int.__or__, initial=0)
        order = sorted(range(len(bits)), key=self.back.__getitem__)
        passed = list(accumulate((bits[position] for position in order), int.__or__, initial=0))
        return [joins & passed[position] for joins, position in zip(forth, self.back, strict=False)]

    def _before(self, one: int, other: int) -> bool:
        """Whether the tree puts one leaf before the other: then both walks do."""
        return one < other and self.back[one] < self.back[other]

    def bring(self, producer: str, name: str) -> None:
        """Make a result visible to a name that comes after its producer, if not in the tree."""
        start, leaf = self.at[producer], self.at[name]
        while not self._before(start, leaf) and not self.behind[leaf] & self.brought[producer]:
            number, leaf = self._step(producer, leaf)
            self.brought[producer] |= 1 << number
            self.values[leaf, self.joins[number].consumer].append(producer)

    def _step(self, producer: str, leaf: int) -> tuple[int, int]:
        """A join before the leaf that waits for the producer, and the leaf that can bring its result there."""
        start, ahead = self.at[producer], self.ahead[producer]
        direct = (step for step in self._steps(leaf, ahead) if self._before(start, step[1]))
        return next(direct, None) or next(step for step in self._steps(leaf, ahead) if self.behind[step[1]] & ahead)

    def _steps(self, leaf: int, ahead: int) -> Iterator[tuple[int, int]]:
        return ((number, arrive) for number in positions(self.behind[leaf] & ahead) for arrive in self.arrives[number])

    def leaves(self) -> Iterator[str | Join | Arrive]:
        """The leaves in order, with what is known now."""
        joins = iter(self.arrives)
        for position, leaf in enumerate(self.walk):
            match leaf:
                case str():
                    yield leaf
                case Join(consumer):
                    arrives = next(joins)
                    values = sorted(value for arrive in arrives for value in self.values[arrive, consumer])
                    yield Join(consumer, self._producers(arrives), tuple(values))
                case Arrive(producer, arrivals):
                    values_of = ((one, sorted(self.values[position, one])) for one, _ in arrivals)
                    yield Arrive(producer, tuple(Arrival(one, tuple(values)) for one, values in values_of))

    def _producers(self, arrives: Iterable[int]) -> tuple[str, ...]:
        found = (self.walk[arrive] for arrive in arrives)
        return tuple(sorted(leaf.producer for leaf in found if isinstance(leaf, Arrive)))


def _ahead(number: Mapping[str, int], order: Precedence) -> Mapping[str, int]:
    ahead = [0] * len(order.names)
    for name, covers in zip(order.names, order.covers, strict=True):
        for at in positions(covers if name in number else 0):
            ahead[at] |= 1 << number[name]
    for last, covers in reversed(list(enumerate(order.covers))):
        for at in positions(covers):
            ahead[at] |= ahead[last]
    return dict(zip(order.names, ahead, strict=True))


def _backwards(part: Part) -> Iterator[str | Join | Arrive]:
    """The leaves, with branches taken in reverse."""
    stack = [part]
    while stack:
        match stack.pop():
            case Serial(parts):
                stack.extend(reversed(parts))
            case Parallel(parts):
                stack.extend(parts)
            case leaf:
                yield leaf
