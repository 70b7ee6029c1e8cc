"""Which events of a network are cut, and behind what their joins stand.

At first all events at which arcs meet are thought of as cut, which always reduces. In the order of their conflicts,
each is then kept if the network still reduces with it. Those that remain are looked at once more: a join that can stand
behind one of its producers, with the network still reducing, spares that producer the arrival.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from bunsui.graph.network import Network, Work

HOSTS = 4
"""How many producers are tried for a join to stand behind; more gave hardly anything in measurements."""


class Cut(NamedTuple):
    """A join at an event, behind the cover of the bit `host`; 0 is none."""

    event: int
    host: int = 0


def reduced(net: Network) -> Work:
    """The work of a network of names, with as few cuts as this greedy choice finds; the network is used up."""
    net.settle()
    doubtful = sorted(filter(net.meets, net.into), key=lambda event: (_conflict(net, event), event))
    cuts = _decide(net.copy(), doubtful, hosts=0)
    _decide(net, sorted(cut.event for cut in cuts), hosts=HOSTS)
    assert net.aside.work is not None
    return net.aside.work


def _conflict(net: Network, event: int) -> int:
    """How many other ways leave the events that lead to this one: not all that they lead to can be kept."""
    return sum(net.leaving(tail) - 1 for tail in net.into[event])


def _decide(net: Network, doubtful: Sequence[int], hosts: int) -> list[Cut]:
    """Cut those events that cannot be kept, when each comes after the decisions on those before it.

    A half is decided on a copy in which the other half is cut. That copy reduces to what the undecided half touches, so
    a decision costs about what it concerns, and all take about n log n steps.

    Returns:
        The cuts with which the network is reduced.
    """
    doubtful = list(filter(net.meets, doubtful))
    cuts = [Cut(event) for event in _hopeless(net, doubtful, hosts)]
    _make(net, cuts)
    doubtful = list(filter(net.meets, doubtful))
    if len(doubtful) < 2:
        return cuts + _cut_until_reduced(net, doubtful, hosts)
    half = len(doubtful) // 2
    trial = net.copy()
    _make(trial, map(Cut, doubtful[half:]))
    decided = _decide(trial, doubtful[:half], hosts)
    _make(net, decided)
    return cuts + decided + _decide(net, doubtful[half:], hosts)


def _make(net: Network, cuts: Iterable[Cut]) -> None:
    for cut in cuts:
        if net.meets(cut.event):
            net.cut(*cut)
    net.settle()


def _cut_until_reduced(net: Network, doubtful: list[int], hosts: int) -> list[Cut]:
    """Cut the last doubtful event if need be, and of what was kept before what can no longer be."""
    cuts: list[Cut] = []
    while net.out:
        meeting = doubtful or filter(net.meets, net.out)
        event = max(meeting, key=lambda event: (_conflict(net, event), -event))
        cuts.append(Cut(event, _host(net, event, hosts)))
        _make(net, cuts[-1:])
        doubtful = []
    return cuts


def _host(net: Network, event: int, hosts: int) -> int:
    """A cover behind which a join can stand; 0 is none."""
    for host in net.hosts(event)[:hosts]:
        trial = net.copy()
        _make(trial, [Cut(event, host)])
        if not trial.out:
            return host
    return 0


def _hopeless(net: Network, doubtful: Collection[int], hosts: int) -> list[int]:
    """The events that need no trial: an arc to them is barred, or every arc, where one is enough for a host."""
    undecided = set(doubtful)
    found = []
    for event in doubtful:
        barred = (_barred(net, tail, event, undecided) for tail in net.into[event])
        if not net.starts.get(event) and all(barred) if hosts else any(barred):
            found.append(event)
    return found


def _barred(net: Network, tail: int, event: int, undecided: Collection[int]) -> bool:
    """Whether an event cannot stand behind a tail because of a kept meeting that the tail leads to as well.

    Something comes to that meeting without passing the tail, so the two come together before the tail; then all that is
    behind the tail has to end before the meeting, and the event does not.
    """
    before = net.events[tail].before
    return any(
        other not in undecided
        and net.meets(other)
        and net.events[event].before & ~net.events[other].before != 0
        and any(before & ~net.events[way].before for way in net.into[other])
        for other in net.out[tail]
    )
