"""A choice: one Choice state; whichever way it goes, the result of the alternative becomes its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bunsui.compile.condition import condition
from bunsui.compile.states import Aside, Link, aside, jsonata, state_name, text
from bunsui.compile.steps.context import Context
from bunsui.compile.steps.guard import skip
from bunsui.model.binding import Bound
from bunsui.model.calls import Call
from bunsui.model.choice import OTHERWISE
from bunsui.model.names import Names
from bunsui.model.target import State

NOTHING_HOLDS = "none of its conditions holds"


def links(bound: Bound, context: Context) -> list[Link]:
    """The choice, and the alternatives beside it."""
    name = bound.operation.name
    result = context.result(name)
    ways = {key: aside(context.instead(bound, part)) for key, part in bound.parts.items()}
    if OTHERWISE not in ways:
        instead = state_name(f"{name}: no alternative")
        ways[OTHERWISE] = Aside(instead, {instead: skip(result, text(NOTHING_HOLDS))}, {})
    state: State = {
        "Type": "Choice",
        "Choices": [
            {"Condition": jsonata(condition(rule, context.read)), "Next": ways[key].first}
            for key, rule in bound.rules.items()
        ],
        "Default": ways[OTHERWISE].first,
    }
    beside = {one: made for way in ways.values() for one, made in way.beside.items()}
    ends = {one: made for way in ways.values() for one, made in way.ends.items()}
    return [Link(state_name(name), state, beside, ends)]


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """None besides those of its alternatives."""
    return ()
