"""A job's state machine: its steps in order of dependency, in parallel where they can.

Results travel in variables, and leave a branch as its output (layout.py). Each kind of step has its module in steps/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bunsui.compile.budget import longest
from bunsui.compile.flow import Flow
from bunsui.compile.joins import Joins
from bunsui.compile.layout import Layout, Made
from bunsui.compile.states import CONTEXT_INPUT, Link, Scope, jsonata, machine
from bunsui.compile.steps import approval, choice, nested, operation, repeat, wait
from bunsui.compile.steps import map as mapping
from bunsui.compile.steps.context import KEPT, RESULT, Context, JobPlan
from bunsui.compile.steps.failing import handled
from bunsui.compile.steps.guard import guarded
from bunsui.model.approval import Approval
from bunsui.model.ask import Ask
from bunsui.model.binding import Bound
from bunsui.model.calls import Call
from bunsui.model.choice import Choice
from bunsui.model.handle import FAILED, FAILURE
from bunsui.model.map import Map
from bunsui.model.names import Names
from bunsui.model.nested import Nested
from bunsui.model.operation import Operation
from bunsui.model.repeat import Repeat
from bunsui.model.step import Step
from bunsui.model.target import Json
from bunsui.model.wait import Wait

LINKS: Mapping[type[Step], Callable[[Bound, Context], list[Link]]] = {
    Approval: approval.links,
    Choice: choice.links,
    Map: mapping.links,
    Nested: nested.links,
    Operation: operation.links,
    Repeat: repeat.links,
    Wait: wait.links,
}
"""Kind of step -> its states; they assign its result."""

CALLS: Mapping[type[Step], Callable[[Bound, Mapping[str, str], Names], Iterable[Call]]] = {
    Approval: approval.calls,
    Choice: choice.calls,
    Map: mapping.calls,
    Nested: nested.calls,
    Operation: operation.calls,
    Repeat: repeat.calls,
    Wait: wait.calls,
}
"""Kind of step -> what its states need to be allowed, besides the calls of the steps within it."""


GIVEN_FAILURE: Json = {"value": jsonata(f"{CONTEXT_INPUT}.{FAILED}")}
"""What the job of a handler is told of the failure that it handles."""


def job_layout(plan: JobPlan, flow: Flow) -> Layout:
    """How the job's steps become states."""

    def emit(name: str, scope: Scope, depth: int) -> list[Link]:
        return step_links(plan.operations[name], Context(plan, scope, depth, step_links, {FAILURE: GIVEN_FAILURE}))

    joins = Joins.of(plan.part, plan.job, RESULT, longest(plan.operations.values()))
    return Layout(joins, flow, emit, lambda number: plan.names._replace(segment=number).job(plan.job), plan.in_store)


def job_machines(plan: JobPlan, flow: Flow) -> list[Made]:
    """The definition of the job's state machine, and those of the segments that it was cut into.

    They have `Fn::Sub` placeholders for partition, region and account.
    """
    layout, comment = job_layout(plan, flow), f"Job {plan.job} of pipeline {plan.pipeline}"
    scope = dict(layout.stored)
    links = layout.links(plan.part, scope, 0)
    output: dict[str, Json] = {name: jsonata(scope[name]) for name in plan.travelling}
    if plan.kept:
        output[KEPT] = {"stored": KEPT, "job": plan.job, "count": plan.kept}
    root = machine(links, output, Comment=comment, QueryLanguage="JSONata")
    return [Made(0, plan.part, root), *layout.segments(comment)]


def step_links(bound: Bound, context: Context) -> list[Link]:
    """The states of a step, with what decides whether it runs and what happens when it fails."""
    return guarded(bound, handled(bound, context, LINKS[type(bound.operation)]), context)


def machine_calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """What the job's machine needs to be allowed for one step."""
    yield from CALLS[type(bound.operation)](bound, workers, names)
    if isinstance(bound.operation.on_error, Ask):
        yield approval.asks(bound.operation)
