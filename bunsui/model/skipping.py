"""Which steps can be skipped, and whose skip skips them.

A step is skipped when its condition does not hold, and with a step that was skipped when it cannot do without its
result: a parameter that has a default is left to it, and one whose annotation names None gets None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from graphlib import TopologicalSorter
from typing import Any

from bunsui.model import types
from bunsui.model.ask import Ask
from bunsui.model.bound import Bound
from bunsui.model.choice import Choice
from bunsui.model.map import EACH, OVER, Map
from bunsui.model.on_error import HANDLER, Skip
from bunsui.model.references import FromHere, FromList, FromOutput, Source
from bunsui.model.signature import Parameter

Skips = Mapping[str, tuple[str, ...]]
"""A step that can be skipped -> those that it is skipped with; none where only its own condition or failure does it."""


def skips(steps: Mapping[str, Bound], jobs: Set[str] = frozenset()) -> Skips:
    """The steps that can be skipped, those within others included.

    Args:
        steps: of the pipeline.
        jobs: those whose results can be skipped altogether.
    """
    found: dict[str, tuple[str, ...]] = {}
    needs = {name: bound.needs & steps.keys() for name, bound in steps.items()}
    for name in TopologicalSorter(needs).static_order():
        bound = steps[name]
        away = {one for one in bound.feeds if one in found or (steps[one].job != bound.job and steps[one].job in jobs)}
        _note(bound, away, found)
    return found


def _note(bound: Bound, away: Set[str], found: dict[str, tuple[str, ...]]) -> bool:
    """Enter a step if it can be skipped, and those within it that can; `away` are the results that may be missing."""
    inner = {key: _note(part, away, found) for key, part in bound.parts.items() if stands_alone(bound, key)}
    step = bound.operation
    causes = tuple(dict.fromkeys(name for name in _wanted(bound) if name in away))
    if (
        causes
        or step.maybe_nothing
        or bound.when is not None
        or isinstance(step.on_error, Ask | Skip)
        or any(inner.values())
    ):
        found[step.name] = causes
    return step.name in found


def stands_alone(bound: Bound, key: str) -> bool:
    """Whether a step within another can be skipped without it."""
    return isinstance(bound.operation, Choice) or key == HANDLER


def _wanted(bound: Bound) -> Iterator[str]:
    """The steps whose results it cannot do without."""
    parameters = {parameter.name: parameter for parameter in bound.operation.signature().parameters}
    if isinstance(bound.operation, Map) and OVER in parameters:
        parameters[OVER] = _elements(bound)
    for name, source in bound.inputs.items():
        yield from _needed(source, parameters[name])
    for key, part in bound.parts.items():
        if not stands_alone(bound, key):
            yield from _wanted(part)


def _elements(bound: Bound) -> Parameter:
    """What a map takes: a list of what its operation takes of it."""
    each = bound.parts[EACH]
    taken = {name for name, source in each.inputs.items() if isinstance(source, FromHere)}
    kinds = [one.annotation for one in each.operation.signature().parameters if one.name in taken]
    return Parameter(OVER, list[kinds[0]] if kinds else Any, False)  # type: ignore[valid-type]


def _needed(source: Source, parameter: Parameter) -> Iterator[str]:
    match source:
        case FromOutput(name) if not parameter.optional and not names_none(parameter.annotation):
            yield name
        case FromList(items):
            item = Parameter(parameter.name, types.item_type(parameter.annotation), False)
            for one in items:
                yield from _needed(one, item)


def names_none(annotation: Any) -> bool:
    """Whether None is an alternative of a type; what is not annotated does not say so."""
    return type(None) in types.members(annotation)
