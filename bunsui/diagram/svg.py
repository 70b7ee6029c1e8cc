"""A drawing as SVG that needs nothing else: from left to right, a box for each job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from bunsui.diagram.content import Content, Edge
from bunsui.diagram.layered import Bend, Layers, Vertex, layered, placed

CHARACTER = 7.3
"""Width of a character of a monospaced font of 12 pixels."""
HEIGHT, GAP, CHANNEL = 28.0, 14.0, 52.0
"""Of a node; between two nodes of a layer; between two layers."""
MARGIN, TITLE = 14.0, 22.0
"""Around the nodes of a job and around the whole; above the nodes of a job."""

STYLE = """\
<style>
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2933 }
  text.job { font-weight: bold; fill: #52606d }
  rect.job { fill: #f5f7fa; stroke: #cbd2d9 }
  rect.operation { fill: #ffffff; stroke: #52606d }
  rect.join { stroke: #c2410c; stroke-width: 2.5 }
  path { fill: none; stroke: #7b8794; stroke-width: 1.2 }
  path.order { stroke-dasharray: 4 3 }
  path.join { stroke: #c2410c; stroke-width: 2 }
  marker path { stroke: context-stroke }
</style>
<defs>
  <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
    <path d="M0 0.5L7 4L0 7.5"/>
  </marker>
</defs>"""


class Point(NamedTuple):
    """A place, in pixels from the upper left."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Job:
    """The nodes and bends of a job, placed from its upper left corner.

    Attributes:
        middle: of each vertex.
        half: half the width of the layer that a vertex is on.
    """

    layers: Layers
    middle: Mapping[Vertex, Point]
    half: Mapping[Vertex, float]
    width: float
    height: float


def svg(found: Content) -> str:
    """Jobs as boxes, operations in them; dashed lines for order alone, strong ones into joins."""
    jobs = {job: _job(names, found.inside(job), job) for job, names in found.jobs.items()}
    corners, size = _corners(found, jobs)
    lines = [*_boxes(found, jobs, corners), *_edges(found, jobs, corners), *_nodes(found, jobs, corners)]
    box = f'viewBox="0 0 {_n(size.x)} {_n(size.y)}" width="{_n(size.x)}" height="{_n(size.y)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">\n<title>{escape(found.name)}</title>'
    return "\n".join([head, STYLE, *lines, "</svg>"]) + "\n"


def _job(names: Sequence[str], edges: Sequence[Edge], title: str) -> _Job:
    layers = layered(names, [(edge.source, edge.target) for edge in edges])
    across = placed(layers, lambda vertex: 4.0 if isinstance(vertex, Bend) else HEIGHT, GAP)
    middle, half, x = {}, {}, MARGIN
    for layer in layers.layers:
        width = max((_width(vertex) for vertex in layer if isinstance(vertex, str)), default=0.0)
        for vertex in layer:
            middle[vertex] = Point(x + width / 2, TITLE + MARGIN + across[vertex])
            half[vertex] = width / 2
        x += width + CHANNEL
    height = max(point.y for point in middle.values()) + HEIGHT / 2 + MARGIN
    return _Job(layers, middle, half, max(x - CHANNEL + MARGIN, _width(title) + MARGIN), height)


def _width(name: str) -> float:
    return len(name) * CHARACTER + 20


def _corners(found: Content, jobs: Mapping[str, _Job]) -> tuple[dict[str, Point], Point]:
    """The upper left corner of each job, and the size of the whole."""
    job_of = found.job_of
    between = {(job_of[edge.source], job_of[edge.target]) for edge in found.edges}
    between |= {(edge.source, edge.target) for edge in found.order}
    layers = layered(list(jobs), [(one, other) for one, other in between if one != other])
    across = placed(layers, lambda vertex: 8.0 if isinstance(vertex, Bend) else jobs[vertex].height, 2 * GAP)
    corners: dict[str, Point] = {}
    x = MARGIN
    for layer in layers.layers:
        names = [vertex for vertex in layer if isinstance(vertex, str)]
        corners |= {job: Point(x, MARGIN + across[job] - jobs[job].height / 2) for job in names}
        x += max(jobs[job].width for job in names) + CHANNEL
    low = max(corners[job].y + one.height for job, one in jobs.items())
    return corners, Point(x - CHANNEL + MARGIN, low + MARGIN)


def _boxes(found: Content, jobs: Mapping[str, _Job], corners: Mapping[str, Point]) -> Iterator[str]:
    for job, one in jobs.items():
        at = corners[job]
        yield f'<rect class="job" {_rect(at.x, at.y, one.width, one.height)} rx="6"/>'
        yield f'<text class="job" x="{_n(at.x + MARGIN)}" y="{_n(at.y + TITLE - 4)}">{escape(job)}</text>'
    for edge in found.order:
        start, end = corners[edge.source], corners[edge.target]
        first = Point(start.x + jobs[edge.source].width, start.y + TITLE)
        yield _path([first, Point(end.x, end.y + TITLE)], edge)


def _nodes(found: Content, jobs: Mapping[str, _Job], corners: Mapping[str, Point]) -> Iterator[str]:
    for job, names in found.jobs.items():
        for name in names:
            at, width = _at(name, jobs[job], corners[job]), _width(name)
            kind = "operation join" if name in found.joins else "operation"
            yield f'<rect class="{kind}" {_rect(at.x - width / 2, at.y - HEIGHT / 2, width, HEIGHT)} rx="4"/>'
            yield f'<text x="{_n(at.x)}" y="{_n(at.y + 4)}" text-anchor="middle">{escape(name)}</text>'


def _edges(found: Content, jobs: Mapping[str, _Job], corners: Mapping[str, Point]) -> Iterator[str]:
    job_of = found.job_of
    for edge in found.edges:
        job, other = job_of[edge.source], job_of[edge.target]
        start, end = _at(edge.source, jobs[job], corners[job]), _at(edge.target, jobs[other], corners[other])
        bends = _bends(edge, jobs[job], corners[job]) if job == other else []
        first = Point(start.x + _width(edge.source) / 2, start.y)
        yield _path([first, *bends, Point(end.x - _width(edge.target) / 2, end.y)], edge)


def _bends(edge: Edge, job: _Job, corner: Point) -> Iterator[Point]:
    """Two for each layer that is passed, so that the line is straight there."""
    layer = next(number for number, one in enumerate(job.layers.layers) if edge.source in one) + 1
    while (bend := Bend(edge.source, layer)) in job.middle and edge.target not in job.layers.layers[layer]:
        at, half = _at(bend, job, corner), job.half[bend]
        yield from (Point(at.x - half, at.y), Point(at.x + half, at.y))
        layer += 1


def _at(vertex: Vertex, job: _Job, corner: Point) -> Point:
    return Point(corner.x + job.middle[vertex].x, corner.y + job.middle[vertex].y)


def _path(points: Sequence[Point], edge: Edge) -> str:
    """Level at every second point, curved on the way to the next."""
    words = [f"M{_n(points[0].x)} {_n(points[0].y)}"]
    for number, (one, other) in enumerate(pairwise(points)):
        if number % 2:
            words.append(f"H{_n(other.x)}")
            continue
        middle = (one.x + other.x) / 2
        words.append(f"C{_n(middle)} {_n(one.y)} {_n(middle)} {_n(other.y)} {_n(other.x)} {_n(other.y)}")
    kind = "join" if edge.join else "data" if edge.data else "order"
    return f'<path class="{kind}" d="{"".join(words)}" marker-end="url(#tip)"/>'


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'


def _n(number: float) -> str:
    """Tenths of a pixel."""
    return f"{number:.1f}".removesuffix(".0")
