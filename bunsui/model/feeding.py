"""Feeding every parameter: by input, by the operation of that name, by a pipeline parameter, or by its default."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError, Where
from bunsui.model import types
from bunsui.model.declaration import show
from bunsui.model.on_error import Fallback
from bunsui.model.references import (
    FromConstant,
    FromHere,
    FromList,
    FromOutput,
    FromParameter,
    Given,
    Output,
    Parameter,
    Source,
)
from bunsui.model.resolving import Reader, foreign, source_of, type_of
from bunsui.model.resolving import Scope as Scope
from bunsui.model.signature import Parameter as Wanted
from bunsui.model.signature import Signature
from bunsui.model.step import Step

NOTHING: Mapping[str, Any] = {}


def inputs(
    operation: Step, scope: Scope, errors: list[BunsuiError], here: Mapping[str, FromHere] = NOTHING
) -> Mapping[str, Source]:
    """The source of each parameter, in the order of the signature; those left to their default are absent.

    Args:
        operation: the step to feed.
        scope: what it may be fed from.
        errors: what is wrong is added here.
        here: parameters that the enclosing step provides.
    """
    try:
        signature = operation.signature()
    except BunsuiError as wrong:
        errors.append(wrong)
        return {}
    wanted = {parameter.name: parameter for parameter in signature.parameters}
    errors += [_no_parameter(operation, name, signature) for name in operation.inputs if name not in wanted]
    found: dict[str, Source] = {}
    for parameter in wanted.values():
        try:
            source = here.get(parameter.name) or _source(operation, parameter, signature, scope)
            if source is not None:
                found[parameter.name] = source
                errors += _misfits(operation, parameter, source, signature, scope)
        except BunsuiError as wrong:
            errors.append(wrong)
    errors += _fallback(operation)
    return found


def after(operation: Step, scope: Scope, errors: list[BunsuiError]) -> Iterator[str]:
    """Names of the operations that `>>` puts before this one."""
    for earlier, where in operation.predecessors:
        name: str = earlier.name
        if scope.operations.get(name) is earlier:
            yield name
        else:
            errors.append(foreign(_reader(operation), f"it is to run after operation {name!r}", where, scope))


def _source(operation: Step, wanted: Wanted, signature: Signature, scope: Scope) -> Source | None:
    name = wanted.name
    if name in operation.inputs:
        return _explicit(operation, name, operation.inputs[name], scope)
    if name in scope.operations and name != operation.name:
        return FromOutput(name)
    if name in scope.parameters:
        return FromParameter(name)
    if wanted.optional:
        return None
    raise DeclarationError(
        "BUN103",
        f"nothing feeds parameter {name!r} of operation {operation.name!r}: pipeline {scope.pipeline!r} has no "
        "operation or parameter of that name, and it has no default",
        where=signature.place(name),
        hint=f"{scope.candidates(name, operation.name)}Declare it, add the operation to a job, or give "
        f"inputs={{{name!r}: …}}",
    )


def _explicit(operation: Step, name: str, given: Any, scope: Scope) -> Source:
    if isinstance(given, Step):
        given = given.output
    if isinstance(given, Parameter):
        given = given.value
    if isinstance(given, Output | Given):
        return source_of(given, _reader(operation, f"input {name!r}"), scope)
    if isinstance(given, list | tuple) and any(isinstance(one, Step | Output | Parameter | Given) for one in given):
        return FromList(tuple(_explicit(operation, name, one, scope) for one in given))
    return FromConstant(_json(operation, name, given))


def _json(operation: Step, name: str, value: Any) -> Any:
    if types.is_json(value):
        return value
    raise DeclarationError(
        "BUN101",
        f"operation {operation.name!r}: input {name!r} is {show(value)}, which JSON cannot carry",
        where=operation.where,
        hint="give strings, finite numbers, booleans, None, lists and dicts of these; or an operation's output",
    )


def _misfits(
    operation: Step, wanted: Wanted, source: Source, signature: Signature, scope: Scope
) -> Iterator[BunsuiError]:
    related: list[tuple[str, Where]] = []
    match source:
        case FromOutput(name, path):
            giver = scope.operations[name]
            kind = type_of(source, _reader(operation, f"input {wanted.name!r}"), scope)
            label = ".".join([giver.title, *path])
            fit, gives = types.fits(kind, wanted.annotation), f"{label} {'is' if path else 'returns'} {_type(kind)}"
            related.append((name, giver.signature().where))
        case FromParameter(name, path):
            kind = type_of(source, _reader(operation, f"input {wanted.name!r}"), scope)
            label = ".".join([name, *path])
            fit, gives = types.fits(kind, wanted.annotation), f"pipeline parameter '{label}' is {_type(kind)}"
            related.append(("parameter", scope.parameters[name].where))
        case FromHere(name, kind):
            fit, gives = types.fits(kind, wanted.annotation), f"{name} is {_type(kind)}"
        case FromList(items):
            kind = types.item_type(wanted.annotation)
            fit, gives = kind is not None, "it is given a list"
            if fit:
                yield from _misfitting_items(operation, wanted._replace(annotation=kind), items, signature, scope)
        case FromConstant(value):
            fit, gives = types.holds(value, wanted.annotation), f"it is given {show(value)}"
            related.append(("operation", operation.where))
    if not fit:
        yield DeclarationError(
            "BUN104",
            f"operation {operation.name!r}: parameter '{wanted.name}: {_type(wanted.annotation)}' but {gives}",
            where=signature.place(wanted.name.partition("[")[0]),
            hint="change one of the two annotations, or convert the value in an operation between them"
            if not isinstance(source, FromConstant)
            else "change the value or the annotation",
            related=related,
        )


def _misfitting_items(
    operation: Step, wanted: Wanted, items: Sequence[Source], signature: Signature, scope: Scope
) -> Iterator[BunsuiError]:
    """The first item that does not fit: of a thousand the others say the same."""
    for number, item in enumerate(items):
        of_list = wanted._replace(name=f"{wanted.name}[{number}]")
        if wrong := list(_misfits(operation, of_list, item, signature, scope)):
            yield from wrong
            return


def _type(annotation: Any) -> str:
    return types.describe(annotation)


def _fallback(operation: Step) -> Iterator[BunsuiError]:
    fallback = operation.on_error
    if not isinstance(fallback, Fallback):
        return
    returns = operation.result_type()
    if not types.is_json(fallback.value) or not types.holds(fallback.value, returns):
        yield DeclarationError(
            "BUN104",
            f"operation {operation.name!r}: Fallback({show(fallback.value)}) but it returns {_type(returns)}",
            where=fallback.where,
            hint="give a JSON value of the operation's return type",
            related=[("operation", operation.signature().where)],
        )


def _no_parameter(operation: Step, name: str, signature: Signature) -> DeclarationError:
    names = [parameter.name for parameter in signature.parameters]
    near = difflib.get_close_matches(name, names, n=1)
    known = f"its parameters are {', '.join(names) or 'none'}"
    return DeclarationError(
        "BUN108",
        f"operation {operation.name!r} is given an input {name!r}, but its handler has no such parameter",
        where=operation.where,
        hint=f"did you mean {near[0]!r}? {known}" if near else known,
        related=[("handler", signature.where)],
    )


def _reader(operation: Step, part: str = "") -> Reader:
    return Reader(f"operation {operation.name!r}", part, operation.where)
