"""What happens when a step failed for good: `on_error` as Catch, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bunsui.compile.states import Link, constant, state_name
from bunsui.compile.steps.context import Context
from bunsui.model.binding import Bound
from bunsui.model.on_error import Fallback, OnError
from bunsui.model.target import State

TIMEOUT, FUNCTION_TIMEOUT = "States.Timeout", "Sandbox.Timedout"


def named(errors: Sequence[str]) -> list[str]:
    """The errors as the state machine sees them: a function's own timeout comes before the state's, and has its name.

    AWS Step Functions developer guide, "concepts-error-handling": "timeouts are reported as Sandbox.Timedout".
    """
    found = dict.fromkeys(errors)
    if TIMEOUT in found:
        found[FUNCTION_TIMEOUT] = None
    return list(found)


def handled(bound: Bound, links: list[Link], context: Context) -> list[Link]:
    """The links of a step, the last of which can fail, with what its `on_error` says."""
    way = bound.operation.on_error
    if way is None:
        return links
    *before, last = links
    first, states = _WAYS[type(way)](bound, way, context)
    catch = [*last.state.get("Catch", ()), {"ErrorEquals": named(way.on), "Next": first}]
    return [*before, replace(last, state={**last.state, "Catch": catch}, beside={**last.beside, **states})]


def _fallback(bound: Bound, way: OnError, context: Context) -> tuple[str, Mapping[str, State]]:
    assert isinstance(way, Fallback)
    name = bound.operation.name
    instead = state_name(f"{name}: fallback")
    result = context.scope[name].removeprefix("$")
    return instead, {instead: {"Type": "Pass", "Assign": {result: {"value": constant(way.value)}}}}


_WAYS: Mapping[type[OnError], Callable[[Bound, OnError, Context], tuple[str, Mapping[str, State]]]] = {
    Fallback: _fallback,
}
"""For each way to go on: the state to go to, and the states that lead on to what comes next."""
