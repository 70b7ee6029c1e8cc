"""Feeding every parameter: by input, by the operation of that name, by a pipeline parameter, or by its default."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError, Where, raise_all
from bunsui.model import types
from bunsui.model.job import Job
from bunsui.model.operation import Operation
from bunsui.model.references import FromConstant, FromOutput, FromParameter, Output, Parameter, Source, parts
from bunsui.model.signature import Parameter as Wanted


@dataclass(frozen=True, slots=True)
class Bound:
    """An operation in its pipeline.

    Attributes:
        operation: the declaration.
        job: name of its job.
        inputs: parameter -> source, in the order of the signature; parameters left to their default are absent.
        after: names of operations that come before it only by `>>`.
    """

    operation: Operation
    job: str
    inputs: Mapping[str, Source]
    after: tuple[str, ...]

    @property
    def feeds(self) -> frozenset[str]:
        """Names of the operations whose output it takes."""
        return frozenset(source.operation for source in self.inputs.values() if isinstance(source, FromOutput))

    @property
    def needs(self) -> frozenset[str]:
        """Names of all operations that must have finished before it."""
        return self.feeds | frozenset(self.after)


@dataclass(frozen=True, slots=True)
class _Scope:
    pipeline: str
    parameters: Mapping[str, Parameter]
    operations: Mapping[str, Operation]

    def candidates(self, name: str) -> str:
        """A hint with the nearest names that could feed `name`."""
        known = [*self.operations, *self.parameters]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
        return f"did you mean {' or '.join(map(repr, near))}? " if near else ""


def bind(pipeline: str, parameters: Sequence[Parameter], jobs: Sequence[Job], where: Where) -> Mapping[str, Bound]:
    """Find the source of every input and check names, types and order.

    Raises:
        DeclarationError, BunsuiErrors: all that is wrong (BUN101 to BUN206).
    """
    raise_all(_membership(pipeline, parameters, jobs, where))
    jobs_of = {operation.name: job.name for job in jobs for operation in job.operations}
    scope = _Scope(
        pipeline,
        {parameter.name: parameter for parameter in parameters},
        {operation.name: operation for job in jobs for operation in job.operations},
    )
    errors: list[BunsuiError] = []
    bound = {
        name: Bound(
            operation, jobs_of[name], _inputs(operation, scope, errors), tuple(_after(operation, scope, errors))
        )
        for name, operation in scope.operations.items()
    }
    raise_all(errors)
    raise_all(_unused(scope, bound))
    errors += _cycle("operations", {name: one.needs for name, one in bound.items()}, where, scope.operations)
    raise_all(errors or _cycle("jobs", job_needs(bound, jobs), where, {job.name: job for job in jobs}))
    raise_all(_resource_clashes(scope.operations.values()))
    return bound


def job_needs(bound: Mapping[str, Bound], jobs: Sequence[Job]) -> dict[str, frozenset[str]]:
    """For each job, the names of the jobs that must have finished before it."""
    needs = {job.name: {earlier.name for earlier, _ in job.predecessors} for job in jobs}
    for one in bound.values():
        needs[one.job] |= {bound[name].job for name in one.needs} - {one.job}
    return {name: frozenset(found) for name, found in needs.items()}


def _membership(
    pipeline: str, parameters: Sequence[Parameter], jobs: Sequence[Job], where: Where
) -> Iterator[BunsuiError]:
    if not any(job.operations for job in jobs):
        yield DeclarationError(
            "BUN205",
            f"pipeline {pipeline!r} has no operation",
            where=where,
            hint="give it jobs=[Job('name', operation, …)]",
        )
    for job in jobs:
        if jobs and not job.operations:
            yield DeclarationError(
                "BUN205", f"job {job.name!r} has no operation", where=job.where, hint="add one or remove it"
            )
    yield from _twice("job", jobs, where)
    yield from _twice("parameter", parameters, where)
    members = [(operation, job) for job in jobs for operation in job.operations]
    counts = Counter(id(operation) for operation, _ in members)
    for operation in {id(one): one for one, _ in members}.values():
        if counts[id(operation)] > 1:
            held = [job for one, job in members if one is operation]
            yield DeclarationError(
                "BUN203",
                f"operation {operation.name!r} is in {' and '.join(repr(job.name) for job in held)}",
                where=operation.where,
                hint="an operation belongs to exactly one job; remove it from the others",
                related=[(f"job {job.name!r}", job.where) for job in held],
            )
    unique = list({id(one): one for one, _ in members}.values())
    yield from _twice("operation", unique, where)
    names = {one.name: one for one in unique}
    for parameter in parameters:
        if parameter.name in names:
            yield DeclarationError(
                "BUN201",
                f"{parameter.name!r} is a parameter of pipeline {pipeline!r} and an operation of it",
                where=parameter.where,
                hint="rename one of them, so that a function's parameter can mean only one",
                related=[("operation", names[parameter.name].where)],
            )
        elif not parameter.required and not types.fits(types.literal(parameter.default), parameter.type):
            yield DeclarationError(
                "BUN206",
                f"parameter {parameter.name!r}: default {parameter.default!r} is no {types.describe(parameter.type)}",
                where=parameter.where,
                hint="correct the default or the type",
            )


def _twice(kind: str, declared: Iterable[Any], where: Where) -> Iterator[BunsuiError]:
    first: dict[str, Any] = {}
    for one in declared:
        if one.name in first:
            yield DeclarationError(
                "BUN201",
                f"two {kind}s are named {one.name!r}",
                where=one.where,
                hint="rename one of them",
                related=[("the other", first[one.name].where)],
            )
        first.setdefault(one.name, one)


def _inputs(operation: Operation, scope: _Scope, errors: list[BunsuiError]) -> Mapping[str, Source]:
    try:
        signature = operation.signature()
        operation.result_type()
    except BunsuiError as wrong:
        errors.append(wrong)
        return {}
    wanted = {parameter.name: parameter for parameter in signature.parameters}
    errors += [
        DeclarationError(
            "BUN108",
            f"operation {operation.name!r} is given an input {name!r}, but its handler has no such parameter",
            where=operation.where,
            hint=f"its parameters are {', '.join(wanted) or 'none'}",
            related=[("handler", signature.where)],
        )
        for name in operation.inputs
        if name not in wanted
    ]
    found: dict[str, Source] = {}
    for parameter in wanted.values():
        try:
            source, kind = _source(operation, parameter, signature.where, scope)
        except BunsuiError as wrong:
            errors.append(wrong)
            continue
        if source is None:
            continue
        found[parameter.name] = source
        if not types.fits(kind, parameter.annotation):
            errors.append(_misfit(operation, parameter, source, kind, signature.where, scope))
    errors += _fallback(operation)
    return found


def _source(operation: Operation, wanted: Wanted, where: Where, scope: _Scope) -> tuple[Source | None, Any]:
    """The source of a parameter and its type; None where the default is left to stand."""
    name = wanted.name
    if name in operation.inputs:
        return _explicit(operation, name, operation.inputs[name], scope)
    if name in scope.operations and name != operation.name:
        return FromOutput(name), scope.operations[name].result_type()
    if name in scope.parameters:
        return FromParameter(name), scope.parameters[name].type
    if wanted.optional:
        return None, None
    raise DeclarationError(
        "BUN103",
        f"nothing feeds parameter {name!r} of operation {operation.name!r}: pipeline {scope.pipeline!r} has no operation "
        "or parameter of that name, and it has no default",
        where=where,
        hint=f"{scope.candidates(name)}Declare it, add the operation to a job, or give inputs={{{name!r}: …}}",
    )


def _explicit(operation: Operation, name: str, given: Any, scope: _Scope) -> tuple[Source, Any]:
    if isinstance(given, Operation):
        given = given.output
    if isinstance(given, Output):
        source, path = parts(given)
        if scope.operations.get(source.name) is not source:
            raise _foreign(operation, f"input {name!r} comes from operation {source.name!r}", source.where, scope)
        return FromOutput(source.name, path), _field(operation, name, source, path)
    if isinstance(given, Parameter):
        if given.name not in scope.parameters:
            raise _foreign(operation, f"input {name!r} is parameter {given.name!r}", given.where, scope)
        return FromParameter(given.name), scope.parameters[given.name].type
    return FromConstant(_json(operation, name, given)), types.literal(given)


def _json(operation: Operation, name: str, value: Any) -> Any:
    if types.is_json(value):
        return value
    raise DeclarationError(
        "BUN101",
        f"operation {operation.name!r}: input {name!r} is {value!r}, which JSON cannot carry",
        where=operation.where,
        hint="give strings, finite numbers, booleans, None, lists and dicts of these; or an operation's output",
    )


def _field(operation: Operation, name: str, source: Operation, path: tuple[str, ...]) -> Any:
    kind = source.result_type()
    for depth, field in enumerate(path):
        try:
            kind = types.field_type(kind, field)
        except types.NoSuchField as missing:
            label = ".".join([source.name, "output", *path[:depth]])
            near = difflib.get_close_matches(field, missing.candidates or [], n=1)
            options = f"it has {', '.join(missing.candidates)}" if missing.candidates else "it has no fields"
            raise DeclarationError(
                "BUN107",
                f"operation {operation.name!r}: input {name!r}: {label} is {types.describe(kind)}, which has no field {field!r}",
                where=operation.where,
                hint=f"did you mean {near[0]!r}? {options}" if near else options,
                related=[(source.name, source.signature().where)],
            ) from None
    return kind


def _misfit(
    operation: Operation, wanted: Wanted, source: Source, kind: Any, where: Where, scope: _Scope
) -> DeclarationError:
    want = f"parameter '{wanted.name}: {types.describe(wanted.annotation)}'"
    related: list[tuple[str, Where]] = []
    match source:
        case FromOutput(name, path):
            label = ".".join([scope.operations[name].handler.replace(":", "."), *path])
            gives = f"{label} {'is' if path else 'returns'} {types.describe(kind)}"
            related.append((name, scope.operations[name].signature().where))
        case FromParameter(name):
            gives = f"pipeline parameter '{name}' is {types.describe(kind)}"
            related.append(("parameter", scope.parameters[name].where))
        case FromConstant(value):
            gives = f"it is given {value!r}"
            related.append(("operation", operation.where))
    return DeclarationError(
        "BUN104",
        f"operation {operation.name!r}: {want} but {gives}",
        where=Where(where.file, wanted.line),
        hint="change one of the two annotations, or convert the value in an operation between them",
        related=related,
    )


def _after(operation: Operation, scope: _Scope, errors: list[BunsuiError]) -> Iterator[str]:
    for earlier, where in operation.predecessors:
        if scope.operations.get(earlier.name) is earlier:
            yield earlier.name
        else:
            errors.append(_foreign(operation, f"it is to run after operation {earlier.name!r}", where, scope))


def _foreign(operation: Operation, what: str, where: Where, scope: _Scope) -> DeclarationError:
    return DeclarationError(
        "BUN204",
        f"operation {operation.name!r}: {what}, which is not part of pipeline {scope.pipeline!r}",
        where=operation.where,
        hint="add it to the pipeline, or take the reference away",
        related=[("declared", where)],
    )


def _fallback(operation: Operation) -> Iterator[BunsuiError]:
    fallback = operation.on_error
    if fallback is None:
        return
    if not types.is_json(fallback.value) or not types.fits(types.literal(fallback.value), operation.result_type()):
        yield DeclarationError(
            "BUN104",
            f"operation {operation.name!r}: Fallback({fallback.value!r}) but it returns {types.describe(operation.result_type())}",
            where=fallback.where,
            hint="give a JSON value of the operation's return type",
        )


def _unused(scope: _Scope, bound: Mapping[str, Bound]) -> Iterator[BunsuiError]:
    used = {
        source.name for one in bound.values() for source in one.inputs.values() if isinstance(source, FromParameter)
    }
    for name, parameter in scope.parameters.items():
        if name not in used:
            yield DeclarationError(
                "BUN206",
                f"parameter {name!r} of pipeline {scope.pipeline!r} feeds no operation",
                where=parameter.where,
                hint=f"name a function's parameter {name!r}, or remove it",
            )


def _cycle(
    kind: str, needs: Mapping[str, frozenset[str]], where: Where, declared: Mapping[str, Any]
) -> list[BunsuiError]:
    try:
        TopologicalSorter({name: sorted(needs[name]) for name in needs}).prepare()
    except CycleError as cycle:
        names: list[str] = cycle.args[1]
        return [
            DeclarationError(
                "BUN202",
                f"the {kind} wait for each other: {' -> '.join(names)}",
                where=where,
                hint="move an operation to another job so that jobs depend one way"
                if kind == "jobs"
                else "remove one of these edges",
                related=[(name, declared[name].where) for name in dict.fromkeys(names)],
            )
        ]
    return []


def _resource_clashes(operations: Iterable[Operation]) -> Iterator[BunsuiError]:
    first: dict[str, Any] = {}
    for operation in operations:
        for access in (*operation.reads, *operation.writes):
            known = first.setdefault(access.resource.id, access.resource)
            if known is not access.resource and known != access.resource:
                yield DeclarationError(
                    "BUN201",
                    f"two resources are named {known.id!r}",
                    where=access.resource.where,
                    hint="rename one of them, or declare it once and import it",
                    related=[("the other", known.where)],
                )
