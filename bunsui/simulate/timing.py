"""When what of a graph can run: the critical path, slack, and the same graph in waves.

The graph is given as name -> names that must have finished before, with the seconds that each name takes (critical path
method: Kelley, Walker, "Critical-path planning and scheduling", 1959). Names without seconds are gates: they only
stand for what comes before them, take no time and are not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from graphlib import TopologicalSorter

Needs = Mapping[str, Set[str]]


@dataclass(frozen=True, slots=True)
class Timing:
    """A graph in which everything starts the moment that its own needs have finished.

    Attributes:
        makespan: seconds from the first start to the last end.
        path: names that follow each other without a pause, from a start at 0 to the last end.
        slack: name -> seconds that it could take longer, or start later, without a later end of the whole.
    """

    makespan: float
    path: tuple[str, ...]
    slack: Mapping[str, float]


def timing(needs: Needs, seconds: Mapping[str, float]) -> Timing:
    """The critical path of a graph, and what is not on it."""
    order = tuple(TopologicalSorter(needs).static_order())
    end: dict[str, float] = {}
    for name in order:
        end[name] = max((end[one] for one in needs[name]), default=0.0) + seconds.get(name, 0.0)
    makespan = max(end.values(), default=0.0)
    latest = dict.fromkeys(order, makespan)
    for name in reversed(order):
        for one in needs[name]:
            latest[one] = min(latest[one], latest[name] - seconds.get(name, 0.0))
    path = tuple(name for name in _path(needs, end) if name in seconds)
    return Timing(makespan, path, {name: latest[name] - end[name] for name in seconds})


def _path(needs: Needs, end: Mapping[str, float]) -> list[str]:
    """Back from what ends last, each time to what ended last before it."""
    found: list[str] = []
    among: Set[str] = end.keys()
    while among:
        found.append(max(sorted(among), key=end.__getitem__))
        among = needs[found[-1]]
    return found[::-1]


def waves(needs: Needs, seconds: Mapping[str, float]) -> tuple[float, ...]:
    """Seconds of each wave, when a wave is all that stands on one level and waits for the whole one before it."""
    level: dict[str, int] = {}
    longest: dict[int, float] = {}
    for name in TopologicalSorter(needs).static_order():
        level[name] = max((level[one] + (one in seconds) for one in needs[name]), default=0)
        if name in seconds:
            longest[level[name]] = max(longest.get(level[name], 0.0), seconds[name])
    return tuple(longest[number] for number in sorted(longest))
