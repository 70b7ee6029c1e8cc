"""What happens when a step failed for good: `on_error` as Catch, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bunsui.compile import failure
from bunsui.compile.states import Aside, Link, aside, constant, field, jsonata, machine, state_name
from bunsui.compile.steps.context import Context
from bunsui.compile.steps.guard import REASON, skip
from bunsui.model.binding import Bound
from bunsui.model.handle import FAILURE, Handle
from bunsui.model.on_error import HANDLER, Fallback, OnError, Skip
from bunsui.model.target import State
from bunsui.runtime.result import facts_of

FAILED = "$states.input"
"""JSONata of the error that a Catch hands on (AWS Step Functions developer guide, "concepts-error-handling")."""

TIMEOUT, FUNCTION_TIMEOUT = "States.Timeout", "Sandbox.Timedout"


def named(errors: Sequence[str]) -> list[str]:
    """The errors as the state machine sees them: a function's own timeout comes before the state's, and has its name.

    AWS Step Functions developer guide, "concepts-error-handling": "timeouts are reported as Sandbox.Timedout".
    """
    found = dict.fromkeys(errors)
    if TIMEOUT in found:
        found[FUNCTION_TIMEOUT] = None
    return list(found)


Emit = Callable[[Bound, Context], list[Link]]


def handled(bound: Bound, context: Context, emit: Emit) -> list[Link]:
    """The states that `emit` makes for a step, with what its `on_error` says."""
    way = bound.operation.on_error
    links = emit(bound, context)
    if way is None:
        return links
    link = links[0] if _fails_as_one(links) else _within(bound, context, emit)
    instead = _WAYS[type(way)](bound, way, context)
    catch = [*link.state.get("Catch", ()), {"ErrorEquals": named(way.on), "Next": instead.first}]
    beside, ends = {**link.beside, **instead.beside}, {**link.ends, **instead.ends}
    return [replace(link, state={**link.state, "Catch": catch}, beside=beside, ends=ends)]


def _fails_as_one(links: Sequence[Link]) -> bool:
    """Whether nothing but a single state can fail, which then can catch it."""
    first = links[0]
    return len(links) == 1 and "Catch" not in first.state and first.state["Type"] in _CATCHING and not first.ends


_CATCHING = ("Task", "Parallel", "Map")
"""States that can have a Catch (Amazon States Language specification, "Errors")."""


def _within(bound: Bound, context: Context, emit: Emit) -> Link:
    """The states of a step in a branch of their own, so that it fails as one."""
    name = bound.operation.name
    inner = context._replace(scope=dict(context.scope), depth=context.depth + 1)
    branch = machine(emit(bound, inner), {name: jsonata(inner.scope[name])})
    result = context.result(name)
    assign = {result: jsonata(f"$states.result[0].{field(name)}")}
    return Link(state_name(f"{name}: whole"), {"Type": "Parallel", "Branches": [branch], "Assign": assign})


def _fallback(bound: Bound, way: OnError, context: Context) -> Aside:
    assert isinstance(way, Fallback)
    name = bound.operation.name
    instead = state_name(f"{name}: fallback")
    facts = facts_of(way.value, context.plan.facts.get(name, {}))
    envelope = {"value": constant(way.value), **({"facts": constant(facts)} if facts else {})}
    return _one(instead, {"Type": "Pass", "Assign": {context.scope[name].removeprefix("$"): envelope}})


def _skip(bound: Bound, way: OnError, context: Context) -> Aside:
    name = bound.operation.name
    error = f"$substring({failure.error(FAILED)}, 0, {REASON})"
    return _one(state_name(f"{name}: given up"), skip(context.scope[name], f'"it failed with " & {error}'))


def _handle(bound: Bound, way: OnError, context: Context) -> Aside:
    told = {"error": jsonata(failure.error(FAILED)), "message": jsonata(failure.message(FAILED))}
    return aside(context.instead(bound, bound.parts[HANDLER], {**context.here, FAILURE: {"value": told}}))


def _one(name: str, state: State) -> Aside:
    return Aside(name, {name: state}, {})


_WAYS: Mapping[type[OnError], Callable[[Bound, OnError, Context], Aside]] = {
    Fallback: _fallback,
    Handle: _handle,
    Skip: _skip,
}
"""For each way to go on: the states that the failure leads to; they assign the result."""
