"""Binding a map: its list gets a source, and the operation within it an element of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError
from bunsui.model import types
from bunsui.model.ask import Ask
from bunsui.model.bound import Bound
from bunsui.model.declaration import show
from bunsui.model.feeding import after, inputs
from bunsui.model.map import EACH, OVER, Map
from bunsui.model.on_error import Skip
from bunsui.model.operation import Operation
from bunsui.model.references import FromConstant, FromHere, FromList, FromOutput, FromParameter, Source
from bunsui.model.resolving import Reader, Scope, type_of
from bunsui.model.signature import Parameter
from bunsui.model.step import Step, within
from bunsui.runtime.result import LENGTH

ITEM = "item"
"""What a map provides."""


def bind_map(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
    """The map with its list and its operation; what is wrong (BUN101 to BUN109) is added to `errors`."""
    assert isinstance(step, Map)
    before = tuple(after(step, scope, errors))
    sources = inputs(step, scope, errors)
    here: dict[str, FromHere] = {}
    try:
        parameter = _parameter(step, scope)
        here[parameter.name] = _element(step, parameter, sources.get(OVER), scope)
        _check_can(step, sources.get(OVER), scope)
    except BunsuiError as wrong:
        errors.append(wrong)
        return Bound(step, job, sources, before)
    each = Bound(step.each, job, inputs(step.each, scope, errors, here), tuple(after(step.each, scope, errors)))
    return Bound(step, job, sources, before, {EACH: each}, _refers(step, sources.get(OVER)))


def _refers(step: Map, over: Source | None) -> tuple[FromOutput, ...]:
    """What the state machine reads: how long the list is, or where the Dataset lies."""
    if not isinstance(over, FromOutput) or (step.distributed is not None and step.source is None):
        return ()
    return (FromOutput(over.operation, (*over.path, LENGTH if step.source is None else "uri")),)


def _parameter(step: Map, scope: Scope) -> Parameter:
    """The operation's parameter that gets the element.

    Raises:
        DeclarationError: BUN103 there is none or more than one, BUN108 the named one is none or is fed already.
    """
    parameters = {one.name: one for one in step.each.signature().parameters}
    if step.item is not None:
        return _named(step, step.item, parameters)
    free = [one for one in parameters.values() if not _is_fed(step.each, one.name, scope)]
    found = [one for one in free if not one.optional] or free
    if len(found) == 1:
        return found[0]
    names = [one.name for one in found] or list(parameters)
    raise DeclarationError(
        "BUN103",
        f"Map {step.name!r}: "
        + (f"{' and '.join(map(repr, names))} could get the element" if found else "nothing is left for the element"),
        where=step.where,
        hint=f"say which parameter of {step.each.name!r} gets it, such as item={names[0]!r}"
        if names
        else f"give {step.each.name!r} a parameter",
    )


def _named(step: Map, name: str, parameters: Mapping[str, Parameter]) -> Parameter:
    near = difflib.get_close_matches(name, parameters, n=1)
    if name not in parameters:
        message = f"item={name!r}, but operation {step.each.name!r} has no such parameter"
        hint = f"did you mean {near[0]!r}?" if near else f"its parameters are {', '.join(parameters) or 'none'}"
    elif name in step.each.inputs:
        message = f"item={name!r}, but inputs= of operation {step.each.name!r} feeds it already"
        hint = "take one of the two away"
    else:
        return parameters[name]
    raise DeclarationError("BUN108", f"Map {step.name!r}: {message}", where=step.where, hint=hint)


def _is_fed(each: Step, name: str, scope: Scope) -> bool:
    return name in each.inputs or (name in scope.operations and name != each.name) or name in scope.parameters


def _element(step: Map, parameter: Parameter, over: Source | None, scope: Scope) -> FromHere:
    """What the operation is given.

    Raises:
        DeclarationError: BUN104 there is no list, or no element of it can be what the operation takes.
    """
    if step.source is not None:
        if not step.source.takes(parameter.annotation):
            reader = type(step.source).__name__
            raise DeclarationError(
                "BUN104",
                f"Map {step.name!r}: {step.each.name!r} takes '{parameter.name}: {types.describe(parameter.annotation)}"
                f"', but {reader} gives {types.describe(step.source.item_type)}",
                where=step.where,
                hint="annotate the parameter as a dataclass, a TypedDict or dict[str, …]"
                if step.source.textual
                else "annotate the parameter as Dataset",
            )
        return FromHere(ITEM, Any)
    if isinstance(over, FromConstant):
        return _constant(step, parameter, over.value)
    listed: Any = list[Any]
    if isinstance(over, FromOutput | FromParameter):
        listed = type_of(over, Reader(f"operation {step.name!r}", "input 'over'", step.where), scope)
    if any(types.item_type(member) is None for member in types.members(listed)):
        raise _no_list(step, f"is {types.describe(listed)}")
    return FromHere(ITEM, types.item_type(listed), far=isinstance(over, FromOutput | FromList))


def _constant(step: Map, parameter: Parameter, value: Any) -> FromHere:
    if not isinstance(value, list | tuple):
        raise _no_list(step, f"is {show(value)}")
    if step.distributed is None and len(value) > step.at_most:
        raise DeclarationError(
            "BUN101",
            f"Map {step.name!r}: over= has {len(value)} elements, and at_most={step.at_most}",
            where=step.where,
            hint="add distributed=True, or raise at_most=",
        )
    for one in value:
        if not types.holds(one, parameter.annotation):
            raise DeclarationError(
                "BUN104",
                f"Map {step.name!r}: parameter '{parameter.name}: {types.describe(parameter.annotation)}' "
                f"but over= has {show(one)}",
                where=step.where,
                hint="change the value or the annotation",
                related=[("operation", step.each.where)],
            )
    return FromHere(ITEM, Any)


def _no_list(step: Map, what: str) -> DeclarationError:
    return DeclarationError(
        "BUN104",
        f"Map {step.name!r}: over= {what}, which is no list",
        where=step.where,
        hint="give a list, such as over=split.output.items",
    )


def _check_can(step: Map, over: Source | None, scope: Scope) -> None:
    """What a map, or a distributed one, cannot do.

    Raises:
        DeclarationError: BUN101, or BUN109 nobody knows where a Dataset may lie.
    """
    for code, message, hint in (*_asks(step), *(_too_far(step, over, scope) if step.distributed is not None else ())):
        raise DeclarationError(code, f"Map {step.name!r}: {message}", where=step.where, hint=hint)


def _asks(step: Map) -> Iterator[tuple[str, str, str]]:
    if isinstance(step.each.on_error, Ask):
        yield (
            "BUN101",
            f"operation {step.each.name!r} would ask for each element, and a step asks one question at a time",
            "give the map on_error=Ask(…), and the operation on_error=Skip() or none",
        )


def _too_far(step: Map, over: Source | None, scope: Scope) -> Iterator[tuple[str, str, str]]:
    settings = step.distributed
    assert settings is not None
    for other in (inner for outer in scope.operations.values() for inner in within(outer)):
        if isinstance(other, Map) and other.name < step.name and other.distributed and other.label == step.label:
            yield "BUN201", f"map {other.name!r} has the label {step.label!r}, too", "give them labels of their own"
    way = step.each.on_error
    if way is not None and not isinstance(way, Skip) and settings.results is None:
        yield (
            "BUN101",
            f"on_error={type(way).__name__}(…) of {step.each.name!r} makes a result that its function does not keep",
            "catch the error in the function, or give distributed=Distributed(tolerated=…) for None instead",
        )
    if settings.max_items is not None and step.source is None and not isinstance(over, FromOutput):
        yield "BUN101", "max_items= bounds what is read from S3", "take it away"
    if not isinstance(over, FromOutput):
        return
    giver = scope.operations[over.operation]
    if step.source is not None and not step.source.reads:
        yield (
            "BUN109",
            f"{giver.name!r} writes to no bucket, so where its Dataset lies is not known",
            f"say what has to be readable: {type(step.source).__name__}({giver.name}.output, at=lake / 'raw')",
        )
    if step.source is None and (not isinstance(giver, Operation) or giver.on_error is not None):
        what = "goes on after an error" if isinstance(giver, Operation) else f"is a {type(giver).__name__}"
        yield (
            "BUN101",
            f"{giver.name!r} {what}, so that its result may not lie in S3",
            "map inline, or put an operation between that returns the list",
        )
