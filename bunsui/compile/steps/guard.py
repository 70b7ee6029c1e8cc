"""What decides whether a step runs: its condition, and the steps that it is skipped with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bunsui.compile.condition import condition
from bunsui.compile.states import ONWARD, Link, jsonata, state_name, text
from bunsui.compile.steps.context import Context
from bunsui.model.binding import Bound
from bunsui.model.binding_condition import BoundCondition
from bunsui.model.target import Json, State

REASON = 100
"""Characters of a condition that a reason repeats: the reason travels with the result that there is not."""

BECAUSE = "because "
"""What a reason begins with that another step gives."""


def guarded(bound: Bound, links: list[Link], context: Context) -> list[Link]:
    """The states of a step behind the one that decides; unchanged where nothing can skip it."""
    name = bound.operation.name
    causes = context.plan.skips.get(name, ())
    if bound.when is None and not causes:
        return links
    instead = state_name(f"{name}: skipped")
    decide: State = {
        "Type": "Choice",
        "Choices": [{"Condition": jsonata(_runs(bound, causes, context)), "Next": ONWARD}],
        "Default": instead,
    }
    *before, last = links
    beside = {**last.beside, instead: skip(context.scope[name], _reason(bound, causes, context))}
    return [Link(state_name(f"{name}: when"), decide), *before, replace(last, beside=beside)]


def skip(result: str, reason: str) -> State:
    """The state that says of a result, a variable, that there is none; the reason is JSONata."""
    return {"Type": "Pass", "Assign": {result.removeprefix("$"): skipped(reason)}}


def skipped(reason: str) -> Json:
    """The envelope of a result that there is not."""
    return {"skipped": jsonata(reason)}


def _runs(bound: Bound, causes: Sequence[str], context: Context) -> str:
    """JSONata of whether it runs; the condition is looked at only when everything is there."""
    found = [f"$exists({context.whole(name)}.skipped)" for name in causes]
    holds = condition(bound.when, context.read) if bound.when is not None else "true"
    return f"{' or '.join(found)} ? false : {holds}" if found else holds


def _reason(bound: Bound, causes: Sequence[str], context: Context) -> str:
    """JSONata of the first reason: every one of them is text or nothing, and an array leaves out what is nothing."""
    found = [_because(name, f"{context.whole(name)}.skipped") for name in causes]
    if bound.when is not None:
        found.append(does_not_hold(bound.when))
    return f"[{', '.join(found)}][0]" if len(found) > 1 else found[0]


def does_not_hold(when: BoundCondition) -> str:
    """JSONata of the reason that a condition gives."""
    words = when.text if len(when.text) <= REASON else f"{when.text[: REASON - 1]}…"
    return text(f"{words} does not hold")


def _because(name: str, reason: str) -> str:
    """The reason of another step, which a third may have given."""
    told = f'$substring({reason}, 0, {len(BECAUSE)}) = "{BECAUSE}" ? {reason}'
    return f"($exists({reason}) ? ({told} : {text(f'{BECAUSE}{name} was skipped: ')} & {reason}))"
