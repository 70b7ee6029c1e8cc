"""An operation: one Task of its target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bunsui.compile.states import Link, jsonata, retrier, state_name
from bunsui.compile.steps.context import Context
from bunsui.compile.steps.failing import named
from bunsui.model.binding import Bound
from bunsui.model.calls import Call, Why
from bunsui.model.names import Names
from bunsui.model.operation import Operation
from bunsui.model.retry import Retry
from bunsui.model.target import State

TRANSIENT = {"IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2.0}
"""AWS Step Functions developer guide, "Handle transient Lambda service exceptions"."""


def links(bound: Bound, context: Context) -> list[Link]:
    """The Task, which assigns the result."""
    name = bound.operation.name
    return [Link(state_name(name), task(bound, context, context.result(name)))]


def task(bound: Bound, context: Context, result: str) -> State:
    """The Task whose envelope is assigned to the variable `result`."""
    operation = bound.operation
    assert isinstance(operation, Operation)
    target = operation.runs
    state = target.task(context.plan.workers[operation.name], context.plan.names, context.payload(bound))
    state["Assign"] = {result: jsonata(target.result)}
    state["Retry"] = retriers(operation.retry, target.transient_errors())
    return {"Comment": operation.description, **state} if operation.description else state


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """What the state machine needs in order to run it."""
    operation = bound.operation
    assert isinstance(operation, Operation)
    why = Why(operation.name, "invoke", operation.where)
    return operation.runs.machine_calls(workers[operation.name], names, why)


def retriers(retry: Retry | None, transient: Sequence[str]) -> list[State]:
    """The user's policy and the service's; what names every error has to come last."""
    service = retrier(transient, **TRANSIENT)
    if retry is None or retry.attempts == 1:
        return [service]
    everything = "States.ALL" in retry.on
    policy = {"IntervalSeconds": retry.interval, "MaxAttempts": retry.attempts - 1, "BackoffRate": retry.backoff}
    if retry.max_delay is not None:
        policy["MaxDelaySeconds"] = retry.max_delay
    own = retrier(("States.ALL",) if everything else named(retry.on), **policy)
    if not retry.jitter:
        del own["JitterStrategy"]
    return [service, own] if everything else [own, service]
