"""An approval: a question whose answer is its result (bunsui.compile.question)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from bunsui.compile.question import Asker, Terms, ask, question_call
from bunsui.compile.states import Link, jsonata, state_name, text
from bunsui.compile.steps.context import Context
from bunsui.model.approval import Approval, placeholders
from bunsui.model.binding import Bound
from bunsui.model.calls import Call, Why
from bunsui.model.names import Names
from bunsui.model.step import Step
from bunsui.model.target import State

ANSWERS = ("approve", "reject")

_NOW = "$states.context.State.EnteredTime"


def links(bound: Bound, context: Context) -> list[Link]:
    """The Task that waits for the answer; where silence is an answer, a Pass that gives it."""
    step = bound.operation
    assert isinstance(step, Approval)
    name, result = step.name, context.result(step.name)
    state = ask(
        asker(bound, context),
        message(bound, context),
        Terms(step.approvers, step.timeout, ANSWERS, step.rejected),
    )
    state["Assign"] = {result: jsonata(context.told(name, "$states.result"))}
    if step.heartbeat is not None:
        state["HeartbeatSeconds"] = step.heartbeat
    if step.on_timeout == "fail":
        return [Link(state_name(name), state)]
    silent = state_name(f"{name}: no answer")
    state["Catch"] = [{"ErrorEquals": ["States.Timeout"], "Next": silent}]
    return [Link(state_name(name), state, beside={silent: _silence(step, result, context)})]


def _silence(step: Approval, result: str, context: Context) -> State:
    approved = json.dumps(step.on_timeout == "approve")
    said = f'"approved": {approved}, "by": "", "comment": "no answer within {step.timeout:,} seconds", "at": {_NOW}'
    return {"Type": "Pass", "Assign": {result: jsonata(context.told(step.name, f"{{{said}}}"))}}


def message(bound: Bound, context: Context) -> str:
    """JSONata of the message with its inputs filled in; what is no text is written as JSON."""
    step = bound.operation
    assert isinstance(step, Approval)
    pieces = []
    for said, name in placeholders(step.message):
        if said:
            pieces.append(text(said))
        if name is not None:
            pieces.append(f"$string({context.inside(bound.inputs[name])})")
    return " & ".join(pieces)


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """The record of the question."""
    yield asks(bound.operation)


def asker(bound: Bound, context: Context) -> Asker:
    """The step as one that asks."""
    plan, name = context.plan, bound.operation.name
    return Asker(plan.pipeline, plan.names.prefix, plan.job, name, name)


def asks(step: Step) -> Call:
    """What asking needs."""
    return question_call(Why(step.name, "ask for approval", step.where))
