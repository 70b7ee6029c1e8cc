"""What happens when a step failed for good: `on_error` as Catch, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bunsui.compile import failure
from bunsui.compile.question import Terms, ask
from bunsui.compile.states import Aside, Link, aside, constant, field, jsonata, machine, state_name, text, variable
from bunsui.compile.steps.approval import asker
from bunsui.compile.steps.context import Context
from bunsui.compile.steps.guard import REASON, skip
from bunsui.model.approval import MESSAGE_LIMIT
from bunsui.model.ask import RETRIES, Ask
from bunsui.model.binding import Bound
from bunsui.model.handle import FAILURE, Handle
from bunsui.model.on_error import HANDLER, Fallback, OnError, Skip
from bunsui.model.target import State
from bunsui.runtime.result import travelling

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
    instead = _WAYS[type(way)](bound, way, context, link.name)
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


def _fallback(bound: Bound, way: OnError, context: Context, failed: str) -> Aside:
    assert isinstance(way, Fallback)
    name = bound.operation.name
    instead = state_name(f"{name}: fallback")
    envelope = constant(travelling(way.value, context.plan.facts.get(name, {})))
    return _one(instead, {"Type": "Pass", "Assign": {context.scope[name].removeprefix("$"): envelope}})


def _skip(bound: Bound, way: OnError, context: Context, failed: str) -> Aside:
    name = bound.operation.name
    error = f"$substring({failure.error(FAILED)}, 0, {REASON})"
    return _one(state_name(f"{name}: given up"), skip(context.scope[name], f'"it failed with " & {error}'))


def _handle(bound: Bound, way: OnError, context: Context, failed: str) -> Aside:
    told = {"error": jsonata(failure.error(FAILED)), "message": jsonata(failure.message(FAILED))}
    return aside(context.instead(bound, bound.parts[HANDLER], {**context.here, FAILURE: {"value": told}}))


def _ask(bound: Bound, way: OnError, context: Context, failed: str) -> Aside:
    """The question, whose answer leads back, on, or to the end with the error that there was."""
    assert isinstance(way, Ask)
    name = bound.operation.name
    asks, answered, gone, end = (state_name(f"{name}: {one}") for one in ("ask", "answered", "given up", "failed"))
    error, answer = (variable(f"{one}{context.depth}", name) for one in ("error", "answer"))
    said = " & ".join(
        [
            text(f"{way.message} {name} failed with ".lstrip()),
            failure.error(FAILED),
            f'": " & $substring({failure.message(FAILED)}, 0, {MESSAGE_LIMIT})',
        ]
    )
    terms = Terms(way.approvers, way.timeout, ("retry", "skip", "fail"), retries=RETRIES)
    task = ask(asker(bound, context), said, terms)
    assign = {answer: jsonata("$states.result.answer"), error: jsonata(FAILED)}
    silence = {"ErrorEquals": ["States.Timeout"], "Assign": {error: jsonata(FAILED)}, "Next": end}
    rules = [
        {"Condition": jsonata(f'${answer} = "{said}"'), "Next": to} for said, to in (("retry", failed), ("skip", gone))
    ]
    ends: dict[str, State] = {
        asks: {**task, "Assign": assign, "Catch": [silence], "Output": {}, "Next": answered},
        answered: {"Type": "Choice", "Choices": rules, "Default": end},
        end: {"Type": "Fail", "Error": jsonata(failure.error(f"${error}")), "Cause": jsonata(_cause(f"${error}"))},
    }
    reason = f'"somebody skipped it when it failed with " & $substring({failure.error(f"${error}")}, 0, {REASON})'
    return Aside(asks, {gone: skip(context.scope[name], reason)}, ends)


def _cause(error: str) -> str:
    return f'$exists({error}.Cause) ? {error}.Cause : ""'


def _one(name: str, state: State) -> Aside:
    return Aside(name, {name: state}, {})


_WAYS: Mapping[type[OnError], Callable[[Bound, OnError, Context, str], Aside]] = {
    Ask: _ask,
    Fallback: _fallback,
    Handle: _handle,
    Skip: _skip,
}
"""For each way to go on: the states that the failure of the named state leads to; they assign the result."""
