"""Binding a pipeline: each operation gets its job, the sources of its inputs and its place in the order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import Any, NamedTuple

from bunsui.errors import BunsuiError, DeclarationError, Where, raise_all
from bunsui.model import binding_job, membership, types
from bunsui.model.approval import Approval
from bunsui.model.binding_condition import BoundCondition, bind_condition
from bunsui.model.binding_map import bind_map
from bunsui.model.binding_repeat import bind_repeat
from bunsui.model.bound import Bound as Bound
from bunsui.model.bound import Unit as Unit
from bunsui.model.choice import Choice
from bunsui.model.feeding import NOTHING, Scope, after, inputs
from bunsui.model.handle import Handle, told
from bunsui.model.job import HandlerJob, Job
from bunsui.model.map import Map
from bunsui.model.on_error import HANDLER
from bunsui.model.operation import Operation
from bunsui.model.references import FromHere, FromOutput, FromParameter, Parameter, flat
from bunsui.model.repeat import Repeat
from bunsui.model.step import Step
from bunsui.model.wait import Wait


class Bindings(NamedTuple):
    """What binding makes of a pipeline.

    Attributes:
        steps: by name.
        conditions: job -> what must hold for it to run.
    """

    steps: Mapping[str, Bound]
    conditions: Mapping[str, BoundCondition]


def bind(pipeline: str, parameters: Sequence[Parameter], jobs: Sequence[Job], where: Where) -> Bindings:
    """Find the source of every input and check names, types and order.

    Raises:
        DeclarationError, BunsuiErrors: all that is wrong (BUN101 to BUN206).
    """
    raise_all(_once(membership.check(pipeline, parameters, jobs, where)))
    jobs_of = {step.name: job.name for job in jobs for step in job.operations}
    scope = Scope(
        pipeline,
        {parameter.name: parameter for parameter in parameters},
        {step.name: step for job in jobs if not isinstance(job, HandlerJob) for step in job.operations},
    )
    errors: list[BunsuiError] = []
    bound = {name: _bound(step, jobs_of[name], scope, errors) for name, step in scope.operations.items()}
    for job in jobs:
        if isinstance(job, HandlerJob):
            others = binding_job.of_handler(job, jobs_of, scope)
            bound[job.handler.name] = _handler(job.name, job.handler, others, errors)
    conditions = binding_job.conditions(jobs, jobs_of, scope, errors)
    raise_all(_once(chain(errors, binding_job.wrong_values(jobs))))
    raise_all(_unused(scope, bound, conditions))
    raise_all(_cycle("operations", {name: one.needs for name, one in bound.items()}, where, scope.operations))
    raise_all(_cycle("jobs", job_needs(bound, jobs), where, {job.name: job for job in jobs}))
    return Bindings(bound, conditions)


def _plain(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
    return Bound(step, job, inputs(step, scope, errors), tuple(after(step, scope, errors)))


def _read_inside(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
    """A step without code, whose inputs the state machine itself reads."""
    return _reading(_plain(step, job, scope, errors))


def _reading(bound: Bound) -> Bound:
    sources = flat(bound.inputs.values())
    return replace(bound, refers=tuple(one for one in sources if isinstance(one, FromOutput | FromParameter)))


def _bound(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
    return _completed(BINDERS.get(type(step), _plain)(step, job, scope, errors), scope, errors)


Binder = Callable[[Step, str, Scope, list[BunsuiError]], Bound]


def _completed(bound: Bound, scope: Scope, errors: list[BunsuiError]) -> Bound:
    """What every kind of step can have: a condition, an operation that handles its failure, a pipeline to run."""
    step = bound.operation
    if step.nests is not None:
        bound = _reading(bound)
    if step.when is not None:
        bound = replace(bound, when=bind_condition(step.when, f"operation {step.name!r}", scope, errors))
    if isinstance(step.on_error, Handle):
        here = {name: source for name, source in bound.inputs.items() if isinstance(source, FromHere)}
        handler = _handler(bound.job, step.on_error.operation, scope, errors, here)
        bound = replace(bound, parts={**bound.parts, HANDLER: handler})
        errors += _misfit(step, step.on_error.operation)
    return bound


def _handler(
    job: str, handler: Operation, scope: Scope, errors: list[BunsuiError], here: Mapping[str, FromHere] = NOTHING
) -> Bound:
    """The handler, which gets what the step that failed was given by the step around it: the element of a map."""
    given = {name: source for name, source in here.items() if name not in handler.inputs}
    try:
        fed = inputs(handler, scope, errors, {**given, **told(handler)})
    except BunsuiError as wrong:
        errors.append(wrong)
        fed = {}
    return _completed(Bound(handler, job, fed, tuple(after(handler, scope, errors))), scope, errors)


def _misfit(step: Step, handler: Operation) -> Iterator[BunsuiError]:
    try:
        gives, wanted = handler.result_type(), step.result_type()
    except BunsuiError:  # told when they are fed
        return
    if not types.fits(gives, wanted):
        yield DeclarationError(
            "BUN104",
            f"operation {step.name!r}: its handler {handler.name!r} returns {types.describe(gives)}, but it returns "
            f"{types.describe(wanted)} itself",
            where=handler.where,
            hint="the handler's result stands in for that of the step; change one of the two annotations",
            related=[("operation", step.where)],
        )


def _choice(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
    assert isinstance(step, Choice)
    parts = {key: _bound(inner, job, scope, errors) for key, inner in step.steps.items()}
    rules = {}
    for place, (condition, _) in enumerate(step.alternatives):
        bound = bind_condition(condition, f"operation {step.name!r}", scope, errors)
        if bound is not None:
            rules[str(place)] = bound
    return replace(_plain(step, job, scope, errors), parts=parts, rules=rules)


def _each(bind: Binder) -> Binder:
    """Of a step that runs an operation more than once."""

    def binder(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
        bound = bind(step, job, scope, errors)
        return replace(bound, parts={key: _completed(part, scope, errors) for key, part in bound.parts.items()})

    return binder


BINDERS: Mapping[type[Step], Binder] = {
    Approval: _read_inside,
    Choice: _choice,
    Map: _each(bind_map),
    Repeat: _each(bind_repeat),
    Wait: _read_inside,
}
"""Kinds of step that have steps within them, or refer to more than their inputs -> how they are bound."""


def _once(errors: Iterable[BunsuiError]) -> list[BunsuiError]:
    """What is wrong with an operation or resource is met again by whoever takes from it."""
    return list({(error.code, error.message, error.where): error for error in errors}.values())


def job_needs(bound: Mapping[str, Bound], jobs: Sequence[Job]) -> dict[str, frozenset[str]]:
    """For each job, the names of the jobs that must have finished before it; what its handler needs is among them."""
    jobs_of = {name: one.job for name, one in bound.items()}
    needs = {
        job.name: {earlier.name for earlier, _ in job.predecessors} | binding_job.mentions(job, jobs_of) for job in jobs
    }
    for one in bound.values():
        needs[one.job] |= {bound[name].job for name in one.needs} - {one.job}
    for job in jobs:
        if isinstance(job, HandlerJob):
            needs[job.handles] |= needs[job.name]
            needs[job.name] = {job.handles}
    return {name: frozenset(found) for name, found in needs.items()}


def _unused(
    scope: Scope, bound: Mapping[str, Bound], conditions: Mapping[str, BoundCondition]
) -> Iterator[BunsuiError]:
    sources = chain(*(one.sources for one in bound.values()), *(one.refers for one in conditions.values()))
    used = {source.name for source in sources if isinstance(source, FromParameter)}
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
