"""What belongs to a pipeline: jobs, operations, parameters and resources, each once and each with a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError, Where
from bunsui.model import types
from bunsui.model.declaration import show
from bunsui.model.job import Job
from bunsui.model.operation import Operation
from bunsui.model.references import Parameter
from bunsui.model.step import Step, within


def check(pipeline: str, parameters: Sequence[Parameter], jobs: Sequence[Job], where: Where) -> Iterator[BunsuiError]:
    """What is wrong with the parts of a pipeline, each taken alone (BUN201, BUN203 to BUN206)."""
    members = [(step, job) for job in jobs for outer in job.operations for step in within(outer)]
    unique = list({id(one): one for one, _ in members}.values())
    yield from _empty(pipeline, jobs, where)
    yield from _twice("job", jobs, str.casefold)
    yield from _twice("parameter", parameters)
    yield from _twice("operation", unique)
    yield from _shared(members)
    yield from _strangers(pipeline, jobs)
    yield from _parameters(pipeline, parameters, {one.name: one for one in unique})
    yield from _resources(unique)
    yield from _nested(pipeline, unique, where)
    yield from _made_twice(pipeline, unique)


def _empty(pipeline: str, jobs: Sequence[Job], where: Where) -> Iterator[BunsuiError]:
    if not any(job.operations for job in jobs):
        yield DeclarationError(
            "BUN205",
            f"pipeline {pipeline!r} has no operation",
            where=where,
            hint="give it jobs=[Job('name', operation, …)]",
        )
        return
    for job in jobs:
        if not job.operations:
            yield DeclarationError(
                "BUN205", f"job {job.name!r} has no operation", where=job.where, hint="add one or remove it"
            )


def _shared(members: Sequence[tuple[Step, Job]]) -> Iterator[BunsuiError]:
    counts = Counter(id(operation) for operation, _ in members)
    for operation in {id(one): one for one, _ in members}.values():
        if counts[id(operation)] == 1:
            continue
        held = [job for one, job in members if one is operation]
        names = list(dict.fromkeys(repr(job.name) for job in held))
        yield DeclarationError(
            "BUN203",
            f"operation {operation.name!r} is in {' and '.join(names)}"
            if len(names) > 1
            else f"operation {operation.name!r} is {len(held)} times in {names[0]}",
            where=operation.where,
            hint="an operation belongs to exactly one job, once; remove it from the others, or declare another one "
            f"with its function: Operation('…', handler={operation.handler!r}, …)"
            if isinstance(operation, Operation)
            else "a step belongs to exactly one job, once; remove it from the others",
            related=[(f"job {job.name!r}", job.where) for job in dict.fromkeys(held)],
        )


def _strangers(pipeline: str, jobs: Sequence[Job]) -> Iterator[BunsuiError]:
    for job in jobs:
        for earlier, where in job.predecessors:
            if not any(earlier is one for one in jobs):
                yield DeclarationError(
                    "BUN204",
                    f"job {job.name!r} is to run after job {earlier.name!r}, not part of pipeline {pipeline!r}",
                    where=where,
                    hint="add it to the pipeline, or take the order away",
                    related=[("declared", earlier.where)],
                )


def _parameters(
    pipeline: str, parameters: Sequence[Parameter], operations: Mapping[str, Step]
) -> Iterator[BunsuiError]:
    for parameter in parameters:
        if parameter.name in operations:
            yield DeclarationError(
                "BUN201",
                f"{parameter.name!r} is a parameter of pipeline {pipeline!r} and an operation of it",
                where=parameter.where,
                hint="rename one of them, so that a function's parameter can mean only one",
                related=[("operation", operations[parameter.name].where)],
            )
        if not parameter.required and not types.holds(parameter.default, parameter.type):
            kind, default = types.describe(parameter.type), show(parameter.default)
            yield DeclarationError(
                "BUN206",
                f"parameter {parameter.name!r}: default {default} is no {kind}",
                where=parameter.where,
                hint="correct the default or the type",
            )


def _twice(kind: str, declared: Iterable[Any], same: Callable[[str], str] = str) -> Iterator[BunsuiError]:
    first: dict[str, Any] = {}
    for one in declared:
        known = first.setdefault(same(one.name), one)
        if known is not one:
            names = " and ".join(map(repr, dict.fromkeys((known.name, one.name))))
            yield DeclarationError(
                "BUN201",
                f"two {kind}s are named {names}",
                where=one.where,
                hint="rename one of them",
                related=[("the other", known.where)],
            )


def _resources(operations: Iterable[Step]) -> Iterator[BunsuiError]:
    first: dict[str, Any] = {}
    existing: dict[tuple[str, str], Any] = {}
    for access in (access for one in operations for access in one.accesses):
        resource = access.resource
        known = first.setdefault(resource.id, resource)
        if known != resource:
            yield DeclarationError(
                "BUN201",
                f"two resources are named {known.id!r}",
                where=resource.where,
                hint="rename one of them, or declare it once and import it",
                related=[("the other", known.where)],
            )
        name = getattr(resource, "existing", None)
        same = existing.setdefault((resource.kind, name), resource) if name else resource
        if same.id != resource.id:
            yield DeclarationError(
                "BUN201",
                f"resources {same.id!r} and {resource.id!r} are both {resource.kind} {name!r}",
                where=resource.where,
                hint="declare it once and import it",
                related=[("the other", same.where)],
            )


def _nested(pipeline: str, steps: Iterable[Step], where: Where) -> Iterator[BunsuiError]:
    """Pipelines are known by their names: one that runs another of its own name would run itself."""
    first: dict[str, Any] = {}
    for step in steps:
        for names, inner in _run(step, (pipeline,)):
            known = first.setdefault(inner.name, inner)
            if inner.name == pipeline:
                yield DeclarationError(
                    "BUN202",
                    f"the pipelines run each other: {' -> '.join(names)}",
                    where=where,
                    hint="rename one of them, or take the step away",
                    related=[(f"step {step.name!r}", step.where), ("the other", inner.where)],
                )
            elif known is not inner:
                yield DeclarationError(
                    "BUN201",
                    f"two pipelines are named {inner.name!r}",
                    where=inner.where,
                    hint="rename one of them, or declare it once and import it",
                    related=[("the other", known.where)],
                )


def _made_twice(pipeline: str, steps: Sequence[Step]) -> Iterator[BunsuiError]:
    """A resource that a pipeline and one that it runs both use: each would create its own."""
    used = {id(access.resource): access.resource for one in steps for access in one.accesses}
    told: set[tuple[int, str]] = set()
    for step in steps:
        for _, inner in _run(step, (pipeline,)):
            for one in inner.resources:
                twice = id(one) in used and one.owned_by(pipeline) and one.owned_by(inner.name)
                if twice and (id(one), inner.name) not in told:
                    told.add((id(one), inner.name))
                    yield DeclarationError(
                        "BUN201",
                        f"{one.kind.lower()} {one.id!r} is used by pipeline {pipeline!r} and by {inner.name!r}, which "
                        f"{step.name!r} runs: each would create its own",
                        where=one.where,
                        hint=f"say whose it is: {one.kind}({one.id!r}, of={pipeline!r}, …); or declare two",
                        related=[(f"step {step.name!r}", step.where)],
                    )


def _run(step: Step, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The pipelines that a step runs, and those that they run, each with the names that lead to it."""
    if step.nests is None:
        return
    names = (*names, step.nests.name)
    yield names, step.nests
    for job in step.nests.jobs:
        for inner in (one for outer in job.operations for one in within(outer)):
            yield from _run(inner, names)
