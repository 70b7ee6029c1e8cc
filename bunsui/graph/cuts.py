"""Which events of a network are cut.

At first all events at which arcs meet are thought of as cut, which always reduces. In the order of their conflicts,
each is then kept if the network still reduces with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bunsui.graph.network import Network


def reduce(net: Network) -> None:
    """Reduce a network, with as few cuts as this greedy choice finds."""
    net.settle()
    doubtful = [event for event in net.into if net.meets(event)]
    decide(net, sorted(doubtful, key=lambda event: (_conflict(net, event), event)))


def _conflict(net: Network, event: int) -> int:
    """How many other ways leave the events that lead to this one: those that are kept cannot all be."""
    return sum(net.leaving(tail) - 1 for tail in net.into[event])


def decide(net: Network, doubtful: Sequence[int]) -> list[int]:
    """Cut those events that cannot be kept, when each comes after the decisions on those before it.

    A half is decided on a copy in which the other half is cut. That copy reduces to what the undecided half touches, so
    a decision costs about what it concerns, and all take about n log n steps.

    Returns:
        What is cut; the network is reduced.
    """
    doubtful = [event for event in doubtful if net.meets(event)]
    if len(doubtful) < 2:
        return _cut_until_reduced(net, doubtful)
    half = len(doubtful) // 2
    trial = net.copy()
    for event in doubtful[half:]:
        trial.cut(event)
    trial.settle()
    cut = decide(trial, doubtful[:half])
    for event in filter(net.meets, cut):
        net.cut(event)
    net.settle()
    return cut + decide(net, doubtful[half:])


def _cut_until_reduced(net: Network, doubtful: list[int]) -> list[int]:
    """Cut the last doubtful event, if need be, and what was kept before if it can no longer be."""
    cut: list[int] = []
    while net.out:
        meeting = doubtful or filter(net.meets, net.out)
        cut.append(max(meeting, key=lambda event: (_conflict(net, event), -event)))
        net.cut(cut[-1])
        net.settle()
        doubtful = []
    return cut
