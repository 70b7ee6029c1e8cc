"""Who arrives at which join, and which results travel along.

A result is visible to all that follows its name in the tree; to the rest it comes through joins. Let a name need a
result without following its producer in the tree. On each path of covers from the producer to the name, the last cover
that the tree does not hold leads to a joined name. Its join is before the name in the tree and waits, directly or not,
for the producer; so there is always a join to take. One of its arrivals follows the producer in the tree or, in turn,
such a join. Hence results find their way along arrivals that exist, and none is ever added for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate

from bunsui.graph.order import Precedence, positions
from bunsui.graph.part import Arrival, Arrive, Join, Parallel, Part, Serial, leaves, replaced

Leaf = str | Join | Arrive


class Places:
    """Where each leaf of a tree stands.

    Of two leaves one comes before the other exactly when it does so in both walks over the tree: the one that takes
    branches in order, and the one that takes them in reverse.
    """

    def __init__(self, part: Part) -> None:
        self._walks = [list(leaves(part)), list(_backwards(part))]
        self._at = [{leaf: at for at, leaf in enumerate(walk)} for walk in self._walks]

    def before(self, one: Leaf, other: Leaf) -> bool:
        """Whether the tree puts one before the other."""
        return all(at[one] < at[other] for at in self._at)

    def joins(self) -> list[Join]:
        """All joins, in order."""
        return [leaf for leaf in self._walks[0] if isinstance(leaf, Join)]

    def joins_before(self) -> Mapping[Leaf, int]:
        """Leaf -> the joins before it, as bits of their positions in `joins`."""
        bit = {join: 1 << at for at, join in enumerate(self.joins())}
        found: dict[Leaf, int] = {}
        for walk in self._walks:
            masks = accumulate(
                (bit.get(leaf, 0) if isinstance(leaf, Join) else 0 for leaf in walk), int.__or__, initial=0
            )
            for leaf, mask in zip(walk, masks, strict=False):
                found[leaf] = found.get(leaf, -1) & mask
        return found


def _backwards(part: Part) -> Iterable[Leaf]:
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


def routed(part: Part, order: Precedence, feeds: Mapping[str, frozenset[str]]) -> Part:
    """The tree with each join's producers and with the results that travel through it."""
    routes = _Routes(part, order)
    for name in order.names:
        for producer in sorted(feeds.get(name, frozenset()) & order.rank.keys()):
            routes.bring(producer, name)
    return replaced(part, routes.leaves())


class _Routes:
    def __init__(self, part: Part, order: Precedence) -> None:
        self.places = Places(part)
        self.joins = self.places.joins()
        self.behind = self.places.joins_before()
        self.bit = {name: at for at, name in enumerate(order.names)}
        self.ahead = self._ahead(order)
        self.brought: dict[str, int] = {}
        self.values: dict[tuple[Arrive, str], set[str]] = {}
        self.arrives: dict[str, list[Arrive]] = {join.consumer: [] for join in self.joins}
        for leaf in leaves(part):
            if isinstance(leaf, Arrive):
                for arrival in leaf.arrivals:
                    self.arrives[arrival.consumer].append(leaf)
                    self.values[leaf, arrival.consumer] = set()

    def _ahead(self, order: Precedence) -> list[int]:
        """Position of a name -> the joins that wait for it, directly or not."""
        ahead = [0] * len(order.names)
        for number, join in enumerate(self.joins):
            for at in positions(order.covers[self.bit[join.consumer]]):
                ahead[at] |= 1 << number
        for at in reversed(range(len(ahead))):
            for earlier in positions(order.covers[at]):
                ahead[earlier] |= ahead[at]
        return ahead

    def bring(self, producer: str, place: Leaf) -> None:
        """Make a result visible at a place that comes after its producer, if not in the tree."""
        while not self.places.before(producer, place) and not self.behind[place] & self.brought.get(producer, 0):
            number, arrive = self._step(producer, place)
            self.brought[producer] = self.brought.get(producer, 0) | 1 << number
            self.values[arrive, self.joins[number].consumer].add(producer)
            place = arrive

    def _step(self, producer: str, place: Leaf) -> tuple[int, Arrive]:
        """A join before the place that waits for the producer, and an arrival there that comes after the producer."""
        ahead = self.ahead[self.bit[producer]]
        steps = [
            (number, arrive)
            for number in positions(self.behind[place] & ahead)
            for arrive in self.arrives[self.joins[number].consumer]
        ]
        direct = next((step for step in steps if self.places.before(producer, step[1])), None)
        return direct or next(step for step in steps if self.behind[step[1]] & ahead)

    def leaves(self) -> Mapping[Leaf, Leaf]:
        """Each join and arrive -> what it becomes."""
        found: dict[Leaf, Leaf] = {}
        for join in self.joins:
            arrives = self.arrives[join.consumer]
            values = {value for arrive in arrives for value in self.values[arrive, join.consumer]}
            producers = tuple(sorted(arrive.producer for arrive in arrives))
            found[join] = Join(join.consumer, producers, tuple(sorted(values)))
            for arrive in arrives:
                found[arrive] = Arrive(
                    arrive.producer,
                    tuple(Arrival(one, tuple(sorted(self.values[arrive, one]))) for one, _ in arrive.arrivals),
                )
        return found
