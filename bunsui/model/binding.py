"""Binding a pipeline: each operation gets its job, the sources of its inputs and its place in the order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from bunsui.errors import BunsuiError, DeclarationError, Where, raise_all
from bunsui.model import membership
from bunsui.model.feeding import Scope, after, inputs
from bunsui.model.job import Job
from bunsui.model.operation import Operation
from bunsui.model.references import FromOutput, FromParameter, Parameter, Source


class Bound(NamedTuple):
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


def bind(pipeline: str, parameters: Sequence[Parameter], jobs: Sequence[Job], where: Where) -> Mapping[str, Bound]:
    """Find the source of every input and check names, types and order.

    Raises:
        DeclarationError, BunsuiErrors: all that is wrong (BUN101 to BUN206).
    """
    raise_all(_once(membership.check(pipeline, parameters, jobs, where)))
    jobs_of = {operation.name: job.name for job in jobs for operation in job.operations}
    scope = Scope(
        pipeline,
        {parameter.name: parameter for parameter in parameters},
        {operation.name: operation for job in jobs for operation in job.operations},
    )
    errors: list[BunsuiError] = []
    bound = {
        name: Bound(operation, jobs_of[name], inputs(operation, scope, errors), tuple(after(operation, scope, errors)))
        for name, operation in scope.operations.items()
    }
    raise_all(_once(errors))
    raise_all(_unused(scope, bound))
    raise_all(_cycle("operations", {name: one.needs for name, one in bound.items()}, where, scope.operations))
    raise_all(_cycle("jobs", job_needs(bound, jobs), where, {job.name: job for job in jobs}))
    return bound


def _once(errors: Iterable[BunsuiError]) -> list[BunsuiError]:
    """What is wrong with an operation or resource is met again by whoever takes from it."""
    return list({(error.code, error.message, error.where): error for error in errors}.values())


def job_needs(bound: Mapping[str, Bound], jobs: Sequence[Job]) -> dict[str, frozenset[str]]:
    """For each job, the names of the jobs that must have finished before it."""
    needs = {job.name: {earlier.name for earlier, _ in job.predecessors} for job in jobs}
    for one in bound.values():
        needs[one.job] |= {bound[name].job for name in one.needs} - {one.job}
    return {name: frozenset(found) for name, found in needs.items()}


def _unused(scope: Scope, bound: Mapping[str, Bound]) -> Iterator[BunsuiError]:
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
