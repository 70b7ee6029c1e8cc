"""The tree that a graph is laid out as: what runs one after the other, what at the same time, and where branches meet.

Names are those of a graph's nodes: operations within a job, jobs within a pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Join:
    """A place where a branch waits for producers in other branches.

    Attributes:
        consumer: the first name behind it; unique among the joins of its graph.
        producers: who has to arrive, sorted.
        values: names whose results it brings, sorted.
    """

    consumer: str
    producers: tuple[str, ...]
    values: tuple[str, ...] = ()


class Arrival(NamedTuple):
    """One count at the join of `consumer`, with the results that travel along."""

    consumer: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrive:
    """A place where a branch counts itself in at joins of other branches, as `producer`."""

    producer: str
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Serial:
    """Parts that run one after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Parts that run at the same time; what follows waits for all of them."""

    parts: tuple[Part, ...]


Part = str | Join | Arrive | Serial | Parallel


def leaves(part: Part) -> Iterable[str | Join | Arrive]:
    """Everything in a part that is not composed, in order."""
    stack = [part]
    while stack:
        top = stack.pop()
        if isinstance(top, Serial | Parallel):
            stack.extend(reversed(top.parts))
        else:
            yield top


def members(part: Part) -> Iterable[str]:
    """All names in a part, in order."""
    return (leaf for leaf in leaves(part) if isinstance(leaf, str))


def replaced(part: Part, by: Iterable[str | Join | Arrive]) -> Part:
    """The same tree with other leaves, given in order."""
    inside_out: list[Part] = []
    stack = [part]
    while stack:
        top = stack.pop()
        inside_out.append(top)
        if isinstance(top, Serial | Parallel):
            stack.extend(top.parts)
    new, made = iter(by), dict[int, Part]()
    for one in reversed(inside_out):
        if isinstance(one, Serial | Parallel):
            made[id(one)] = type(one)(tuple(made[id(inner)] for inner in one.parts))
        else:
            made[id(one)] = next(new)
    return made[id(part)]
