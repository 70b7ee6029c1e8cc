"""A repetition: a loop in a branch of its own, so that its end can be caught; what is carried is in variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bunsui.compile.condition import condition
from bunsui.compile.states import ONWARD, Link, jsonata, machine, state_name, variable
from bunsui.compile.steps.context import Context
from bunsui.model.bound import Bound
from bunsui.model.calls import Call
from bunsui.model.names import Names
from bunsui.model.references import FromOutput
from bunsui.model.repeat import EACH, UNTIL, Repeat
from bunsui.model.target import Json, State

NOT_DONE = "Bunsui.NotDone"


def links(bound: Bound, context: Context) -> list[Link]:
    """A Parallel of one branch, in which the operation's states are run over and over."""
    step = bound.operation
    assert isinstance(step, Repeat)
    name, each = step.name, bound.parts[EACH]
    turn = variable(f"turn{context.depth + 1}", name)
    carried = {one: variable(f"carry{context.depth + 1}", f"{name}_{one}") for one in step.carry}
    inner = context._replace(
        scope=dict(context.scope),
        depth=context.depth + 1,
        here={one: jsonata(f"${own}") for one, own in carried.items()},
        about={**context.about, "turn": jsonata(f"${turn}")},
    )
    begin: State = {
        "Type": "Pass",
        "Assign": {turn: 1, **{own: context.envelope(bound.inputs[one]) for one, own in carried.items()}},
    }
    chain = inner.links(each)
    again: dict[str, Json] = {turn: jsonata(f"${turn} + 1")}
    for one, (_, path) in step.carried.items():
        again[carried[one]] = inner.envelope(FromOutput(each.operation.name, path))
    loop = _loop(bound, inner, turn, again, chain[0].name)
    body = machine([Link(state_name(f"{name}: begin"), begin), *chain, loop], jsonata(inner.scope[each.operation.name]))
    result = context.result(name)
    return [Link(state_name(name), {"Type": "Parallel", "Branches": [body], "Assign": {result: _RESULT}})]


_RESULT = jsonata("$states.result[0]")


def _loop(bound: Bound, inner: Context, turn: str, again: Mapping[str, Json], first: str) -> Link:
    """Whether that was enough; if not, once more or never again."""
    step = bound.operation
    assert isinstance(step, Repeat)
    more, late = state_name(f"{step.name}: again"), state_name(f"{step.name}: not done")
    choice: State = {
        "Type": "Choice",
        "Choices": [
            {"Condition": jsonata(condition(bound.rules[UNTIL], inner.read)), "Next": ONWARD},
            {"Condition": jsonata(f"${turn} >= {step.at_most}"), "Next": late},
        ],
        "Default": more,
    }
    wait: State = {"Type": "Wait", "Seconds": step.pause} if step.pause else {"Type": "Pass"}
    ends: dict[str, State] = {
        more: {**wait, "Assign": dict(again), "Output": {}, "Next": first},
        late: {"Type": "Fail", "Error": NOT_DONE, "Cause": f"not so after {step.at_most:,} rounds: {step.until}"},
    }
    return Link(state_name(f"{step.name}: done?"), choice, ends=ends)


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """None besides those of its operation."""
    return ()
