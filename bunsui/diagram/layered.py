"""A graph in layers: which layer a node is on, in what order, and where.

Sugiyama's method ("Methods for visual understanding of hierarchical system structures", 1981) in its plainest form:
layers by the longest path, a bend in every layer that an edge passes, order by barycenters in a fixed number of sweeps,
and places that are as near to the mean of the neighbours as order and distance allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import NamedTuple

SWEEPS = 8


class Bend(NamedTuple):
    """Where edges of a source pass a layer; those of one source share their bends."""

    source: str
    layer: int


Vertex = str | Bend


class Layers(NamedTuple):
    """A layered graph.

    Attributes:
        layers: vertices in order, the first layer first.
        links: vertex -> vertices of the next layer that it leads to, each once.
    """

    layers: Sequence[Sequence[Vertex]]
    links: Mapping[Vertex, Sequence[Vertex]]


def layered(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layers:
    """The graph in layers; edges lead to names on later layers."""
    edges = sorted(set(edges))
    level = _levels(names, edges)
    layers: list[list[Vertex]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for name in names:
        layers[level[name]].append(name)
    links: dict[Vertex, dict[Vertex, None]] = {name: {} for name in names}
    for source, target in edges:
        at: Vertex = source
        for layer in range(level[source] + 1, level[target]):
            bend = Bend(source, layer)
            if bend not in links:
                layers[layer].append(bend)
                links[bend] = {}
            links[at][bend] = None
            at = bend
        links[at][target] = None
    return _ordered(layers, {vertex: tuple(found) for vertex, found in links.items()})


def _levels(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The longest path from a start; what needs nothing stands right before what takes it first."""
    before: dict[str, list[str]] = {name: [] for name in names}
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    level: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        level[name] = max((level[one] + 1 for one in before[name]), default=0)
    for name in names:
        if not before[name] and after[name]:
            level[name] = min(level[one] for one in after[name]) - 1
    return level


def _ordered(layers: list[list[Vertex]], links: Mapping[Vertex, Sequence[Vertex]]) -> Layers:
    back = _reversed(links)
    for sweep in range(SWEEPS):
        neighbours = links if sweep % 2 else back
        numbers = range(len(layers) - 2, -1, -1) if sweep % 2 else range(1, len(layers))
        for number in numbers:
            beside = layers[number + 1 if sweep % 2 else number - 1]
            layers[number] = _by_barycenter(layers[number], beside, neighbours)
    return Layers(layers, links)


def _by_barycenter(
    layer: list[Vertex], beside: Sequence[Vertex], neighbours: Mapping[Vertex, Sequence[Vertex]]
) -> list[Vertex]:
    place = {vertex: float(at) for at, vertex in enumerate(beside)}
    mean = {
        vertex: sum(place[one] for one in neighbours[vertex]) / len(neighbours[vertex]) if neighbours[vertex] else at
        for at, vertex in enumerate(layer)
    }
    return sorted(layer, key=lambda vertex: mean[vertex])


def _reversed(links: Mapping[Vertex, Sequence[Vertex]]) -> dict[Vertex, list[Vertex]]:
    back: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in links}
    for vertex, targets in links.items():
        for target in targets:
            back[target].append(vertex)
    return back


def placed(found: Layers, size: Callable[[Vertex], float], gap: float) -> dict[Vertex, float]:
    """The middle of each vertex across the layers, from 0 on; `size` is a vertex's own extent."""
    back = _reversed(found.links)
    middle: dict[Vertex, float] = {}
    for layer in found.layers:
        middle |= _apart(layer, dict.fromkeys(layer, 0.0), size, gap)
    for sweep in range(SWEEPS):
        for layer in reversed(found.layers) if sweep % 2 else found.layers:
            near = found.links if sweep % 2 else back
            wanted = {
                vertex: sum(middle[one] for one in near[vertex]) / len(near[vertex]) if near[vertex] else middle[vertex]
                for vertex in layer
            }
            middle |= _apart(layer, wanted, size, gap)
    first = min((middle[vertex] - size(vertex) / 2 for vertex in middle), default=0.0)
    return {vertex: at - first for vertex, at in middle.items()}


def _apart(
    layer: Sequence[Vertex], wanted: Mapping[Vertex, float], size: Callable[[Vertex], float], gap: float
) -> dict[Vertex, float]:
    """Places with the least sum of squared distances from those wanted that keep order and distance.

    Isotonic regression by pooling neighbours (Ayer et al., 1955), of the places less what must lie before them.
    """
    offsets: list[float] = []
    for at, vertex in enumerate(layer):
        step = (size(layer[at - 1]) + size(vertex)) / 2 + gap if at else 0.0
        offsets.append(offsets[-1] + step if at else 0.0)
    pools: list[tuple[float, int]] = []
    for vertex, offset in zip(layer, offsets, strict=True):
        total, count = wanted[vertex] - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    means = [total / count for total, count in pools for _ in range(count)]
    return {vertex: mean + offset for vertex, mean, offset in zip(layer, means, offsets, strict=True)}
