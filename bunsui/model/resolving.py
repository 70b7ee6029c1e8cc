"""What a reference in a declaration means in its pipeline: where the value comes from, and of which type it is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from bunsui.errors import DeclarationError, Where
from bunsui.model import types
from bunsui.model.references import FromOutput, FromParameter, Given, Output, Parameter, parts
from bunsui.model.step import Step, within


class Scope(NamedTuple):
    """What the parameters of a pipeline's operations may be fed from."""

    pipeline: str
    parameters: Mapping[str, Parameter]
    operations: Mapping[str, Step]

    def candidates(self, name: str, reader: str) -> str:
        """A hint with what could feed `name` of the operation `reader`: the step that it is within, or near names."""
        for outer in self.operations.values():
            inner = {one.name for one in within(outer)}
            if name in inner and reader not in inner:
                return f"{name!r} is within {outer.name!r}: take the result of {outer.name!r}. "
        known = [one for one in (*self.operations, *self.parameters) if one != reader]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
        return f"did you mean {' or '.join(map(repr, near))}? " if near else ""


class Reader(NamedTuple):
    """Who refers to something.

    Attributes:
        name: such as `operation 'clean'`.
        part: which of its fields does, such as `input 'rows'`.
        where: the line to name when it is wrong.
    """

    name: str
    part: str
    where: Where


def source_of(reference: Output | Given, reader: Reader, scope: Scope) -> FromOutput | FromParameter:
    """Where the value comes from.

    Raises:
        DeclarationError: BUN204, it is not part of the pipeline.
    """
    of, path = parts(reference)
    if isinstance(reference, Given):
        if of.name not in scope.parameters:
            raise foreign(reader, f"{reader.part} is parameter {of.name!r}", of.where, scope)
        return FromParameter(of.name, path)
    known = scope.operations.get(of.name)
    if known is None or known is not of:
        outer = next((one for one in scope.operations.values() if any(of is inner for inner in within(one))), None)
        raise foreign(reader, f"{reader.part} comes from operation {of.name!r}", of.where, scope, outer)
    return FromOutput(of.name, path)


def type_of(source: FromOutput | FromParameter, reader: Reader, scope: Scope, *, there: bool = True) -> Any:
    """The type of the value.

    Args:
        source: where the value comes from.
        reader: who reads it.
        scope: what there is.
        there: whether it has to be there; otherwise fields may be those of what may be None.

    Raises:
        DeclarationError: BUN107, there is no such field.
    """
    if isinstance(source, FromParameter):
        parameter = scope.parameters[source.name]
        declared = ("parameter", parameter.where)
        return _field(parameter.type, source.path, f"{source.name}.value", declared, reader, there=there)
    giver = scope.operations[source.operation]
    if not source.path:
        return giver.result_type()
    declared = (giver.name, giver.signature().where)
    return _field(giver.result_type(), source.path, f"{giver.name}.output", declared, reader, there=there)


def _field(
    kind: Any, path: tuple[str, ...], label: str, declared: tuple[str, Where], reader: Reader, *, there: bool
) -> Any:
    for depth, field in enumerate(path):
        try:
            kind = types.field_type(kind if there else types.without_none(kind), field)
        except types.NoSuchField as missing:
            whole = ".".join([label, *path[:depth]])
            near = difflib.get_close_matches(field, missing.candidates or [], n=1)
            options = (
                f"it has {', '.join(missing.candidates)}" if missing.candidates else _no_fields(kind, field, whole)
            )
            raise DeclarationError(
                "BUN107",
                f"{reader.name}: {reader.part}: {whole} is {types.describe(kind)}, which has no field {field!r}",
                where=reader.where,
                hint=f"did you mean {near[0]!r}? {options}" if near else options,
                related=[declared],
            ) from None
    return kind


def _no_fields(kind: Any, field: str, whole: str) -> str:
    """What to do about a field of what has none, or only where it is not None."""
    try:
        types.field_type(types.without_none(kind), field)
    except types.NoSuchField:
        return "it has no fields"
    return f"it may be None: take {whole} itself, or return something else instead of None"


def foreign(reader: Reader, what: str, where: Where, scope: Scope, outer: Step | None = None) -> DeclarationError:
    """The error of a reference to what is not part of the pipeline, or only of a step within it, `outer`."""
    return DeclarationError(
        "BUN204",
        f"{reader.name}: {what}, which is not part of pipeline {scope.pipeline!r}",
        where=reader.where,
        hint=f"take the output of {outer.name!r}, which it is within"
        if outer is not None
        else "add it to the pipeline, or take the reference away",
        related=[("declared", where)],
    )
