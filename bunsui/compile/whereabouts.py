"""Where results may lie that are passed on by reference: below the keys of which pipelines.

A pipeline keeps its own results; a nested one keeps those of its sessions, and whoever takes them reads them there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from typing import NamedTuple

from bunsui.compile.steps.distributed import makes_parts
from bunsui.model import types
from bunsui.model.bound import Bound
from bunsui.model.nested import Nested
from bunsui.model.pipeline import Pipeline
from bunsui.model.references import FromHere, FromOutput, flat

Pipelines = frozenset[str]
"""Names of pipelines."""


class Whereabouts(NamedTuple):
    """Of a pipeline's results, those within steps included.

    Attributes:
        far: step -> pipelines among whose values its result may be; none where it always travels in the machine.
        parts: the same of results that lie there in parts.
        reads: step -> the pipelines among whose values its inputs may be.
        lists: the same of inputs that may lie there in parts.
    """

    far: Mapping[str, Pipelines]
    parts: Mapping[str, Pipelines]
    reads: Mapping[str, Pipelines]
    lists: Mapping[str, Pipelines]


def whereabouts(pipeline: Pipeline, stored: Set[str] = frozenset()) -> Whereabouts:
    """Find out where the results of a pipeline may lie; `stored` are steps whose results always lie in S3."""
    far, parts = _results(pipeline, stored)
    taken = {name: names for outer in pipeline.operations.values() for name, names in _taken(outer, frozenset(), far)}
    return Whereabouts(
        far,
        parts,
        {name: _union(far[one] for one in names) for name, names in taken.items()},
        {name: _union(parts[one] for one in names) for name, names in taken.items()},
    )


def _results(pipeline: Pipeline, stored: Set[str]) -> tuple[dict[str, Pipelines], dict[str, Pipelines]]:
    far: dict[str, Pipelines] = {}
    parts: dict[str, Pipelines] = {}
    own = frozenset({pipeline.name})
    for outer in pipeline.operations.values():
        for bound in reversed(list(outer.all)):
            step = bound.operation
            inner = [part.operation.name for part in bound.parts.values()]
            here = step.nests is None and (step.name in stored or not types.is_small(step.result_type()))
            far[step.name] = _union(far[one] for one in inner) | (own if here else frozenset())
            parts[step.name] = _union(parts[one] for one in inner) | (own if makes_parts(step) else frozenset())
            if makes_parts(step):
                far |= {one: far[one] | own for one in inner}
            if isinstance(step, Nested):
                _add_nested(step, far, parts)
    return far, parts


def _add_nested(step: Nested, far: dict[str, Pipelines], parts: dict[str, Pipelines]) -> None:
    """Enter the result of a nested pipeline, and where it has several each of them."""
    for found, theirs in zip((far, parts), _results(step.pipeline, frozenset()), strict=True):
        found[step.name] |= _union(theirs[one] for one in step.results)
        if step.alone is None:
            found.update({_field(step.name, one): theirs[one] for one in step.results})


def _field(step: str, result: str) -> str:
    return f"{step}.{result}"


def _taken(bound: Bound, around: Set[str], known: Collection[str]) -> Iterator[tuple[str, Set[str]]]:
    """Each step with those whose results it is given; `around` are those of which the step around it hands on parts."""
    sources = list(flat(bound.inputs.values()))
    names = {_taken_of(one, known) for one in sources if isinstance(one, FromOutput)}
    if any(isinstance(one, FromHere) and one.far for one in sources):
        names |= around
    yield bound.operation.name, names
    for part in bound.parts.values():
        yield from _taken(part, around | names | {part.operation.name}, known)


def _taken_of(source: FromOutput, known: Collection[str]) -> str:
    result = _field(source.operation, source.path[0]) if source.path else ""
    return result if result in known else source.operation


def _union(found: Iterator[Pipelines] | Collection[Pipelines]) -> Pipelines:
    return frozenset().union(*found)
