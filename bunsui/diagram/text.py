"""A drawing for the terminal: job after job, its operations as boxes in layers from top to bottom.

Where boxes are too wide, operations that take from and give to the same ones share a box; where that is too wide as
well, operations are listed layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bunsui.diagram.boxes import boxes
from bunsui.diagram.content import Content, Edge
from bunsui.diagram.layered import layered

Ends = tuple[str, str]


def text(found: Content, width: int) -> str:
    """Jobs under their names, with what is not in the boxes below them; who waits in a join has a double border."""
    lines: list[str] = []
    for job in found.jobs:
        lines += [*([""] if lines else []), *_job(found, job, width)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _job(found: Content, job: str, width: int) -> Iterator[str]:
    yield _title(found, job)
    names = found.jobs[job]
    edges = [(edge.source, edge.target) for edge in found.inside(job)]
    drawn = boxes({name: name for name in names}, edges, found.joins, width)
    if drawn is None:
        labels, fewer = _sharing(names, edges, found)
        drawn = boxes(labels, fewer, found.joins, width)
    if drawn is None:
        yield from _listed(found, names, edges)
        return
    yield from drawn
    for name in names:
        yield from (f"  {name} {what}" for what in _beside(found, name, names))


def _title(found: Content, job: str) -> str:
    job_of = found.job_of
    before = {job_of[edge.source] for edge in found.edges if job_of[edge.target] == job} - {job}
    before |= {edge.source for edge in found.order if edge.target == job}
    joins = {edge.source for edge in found.order if edge.target == job and edge.join}
    words = [f"job {job}", _listing("after", (one for one in found.jobs if one in before))]
    words.append(_listing("joins", (one for one in found.jobs if one in joins)))
    return ", ".join(filter(None, words))


def _listing(word: str, names: Iterable[str]) -> str:
    found = ", ".join(names)
    return f"{word} {found}" if found else ""


def _beside(found: Content, name: str, names: Sequence[str]) -> Iterator[str]:
    """What boxes cannot show: what comes from other jobs, what is order alone, whom a join waits for."""
    edges = [edge for edge in found.edges if edge.target == name]
    yield from filter(
        None,
        (
            _listing("takes from other jobs:", (edge.source for edge in edges if edge.source not in names)),
            _listing("only runs after:", (edge.source for edge in edges if not edge.data)),
            _listing("waits in a join for:", found.joins.get(name, ())),
        ),
    )


def _sharing(names: Sequence[str], edges: Sequence[Ends], found: Content) -> tuple[dict[str, str], list[Ends]]:
    """The boxes and edges that are left when those with the same ends share a box, named after the first of them."""
    before: dict[str, list[str]] = {name: [] for name in names}
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    groups: dict[object, list[str]] = {}
    for name in names:
        ends = (frozenset(before[name]), frozenset(after[name]), name in found.joins)
        groups.setdefault(ends, []).append(name)
    first = {name: group[0] for group in groups.values() for name in group}
    labels = {group[0]: _shared(group) for group in groups.values()}
    return labels, [(first[source], first[target]) for source, target in edges]


def _shared(group: Sequence[str]) -> str:
    return ", ".join(group) if len(group) < 3 else f"{group[0]} … {group[-1]} ({len(group)})"


def _listed(found: Content, names: Sequence[str], edges: Sequence[Ends]) -> Iterator[str]:
    """Operations by layer; a star marks those that wait in a join."""
    taken: dict[str, list[Edge]] = {name: [] for name in names}
    for edge in found.edges:
        if edge.target in taken:
            taken[edge.target].append(edge)
    for number, layer in enumerate(layered(names, edges).layers, 1):
        inside = {vertex for vertex in layer if isinstance(vertex, str)}
        for name in (name for name in names if name in inside):
            mark = "*" if name in found.joins else " "
            before = ", ".join(edge.source for edge in taken[name])
            yield f"{number:>3} {mark} {name}{f' <- {before}' if before else ''}"
