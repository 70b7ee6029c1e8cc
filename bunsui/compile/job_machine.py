"""A job's state machine: its operations in order of dependency, in parallel where they can.

Results travel in variables, and leave a branch as its output (layout.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bunsui.compile.budget import consumers, leaving
from bunsui.compile.layout import Layout, Scope
from bunsui.compile.states import CONTEXT_INPUT, Link, constant, field, jsonata, machine, retrier, state_name, variable
from bunsui.graph.decompose import Part
from bunsui.model.binding import Bound
from bunsui.model.names import Names
from bunsui.model.references import FromConstant, FromParameter, Source
from bunsui.model.retry import Retry
from bunsui.model.target import Json, State

TRANSIENT = {"IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2.0}
"""AWS Step Functions developer guide, "Handle transient Lambda service exceptions"."""


TIMEOUT, FUNCTION_TIMEOUT = "States.Timeout", "Sandbox.Timedout"


class JobPlan(NamedTuple):
    """What a job's machine is made of.

    Attributes:
        pipeline, job: names.
        operations: of the job, by name.
        exports: operations whose results leave the job.
        workers: operation -> worker that runs it.
        part: the order of the operations.
        inline: bytes that a result may have in the state machine.
    """

    pipeline: str
    job: str
    operations: Mapping[str, Bound]
    exports: tuple[str, ...]
    workers: Mapping[str, str]
    part: Part
    inline: int


def job_machine(plan: JobPlan, names: Names) -> State:
    """The definition of the job's state machine, with `Fn::Sub` placeholders for partition, region and account."""
    takers = consumers(plan.operations)
    layout = Layout(_RESULT, _Writer(plan, names).task, lambda part: leaving(part, takers, plan.exports))
    scope: Scope = {}
    links = layout.links(plan.part, scope, 0)
    return machine(
        links,
        {name: jsonata(scope[name]) for name in plan.exports},
        Comment=f"Job {plan.job} of pipeline {plan.pipeline}",
        QueryLanguage="JSONata",
    )


_RESULT = "out"
"""What the variables of results begin with."""


class _Writer(NamedTuple):
    plan: JobPlan
    names: Names

    def task(self, name: str, scope: Scope, depth: int) -> list[Link]:
        bound = self.plan.operations[name]
        target = bound.operation.runs
        state = target.task(self.plan.workers[name], self.names, self.payload(name, bound, scope))
        result = variable(f"{_RESULT}{depth}", name)
        scope[name] = f"${result}"
        state["Assign"] = {result: jsonata(target.result)}
        state["Retry"] = retriers(bound.operation.retry, target.transient_errors())
        if bound.operation.description:
            state = {"Comment": bound.operation.description, **state}
        fallback = bound.operation.on_error
        if fallback is None:
            return [Link(state_name(name), state)]
        instead = state_name(f"{name}: fallback")
        state["Catch"] = [{"ErrorEquals": named(fallback.on), "Next": instead}]
        value = {"value": constant(fallback.value)}
        return [Link(state_name(name), state, beside={instead: {"Type": "Pass", "Assign": {result: value}}})]

    def payload(self, name: str, bound: Bound, scope: Mapping[str, str]) -> dict[str, Json]:
        return {
            "bunsui": {
                "pipeline": self.plan.pipeline,
                "session": jsonata(f"{CONTEXT_INPUT}.session"),
                "attempt": jsonata(f"{CONTEXT_INPUT}.attempt"),
                "job": self.plan.job,
                "operation": name,
                "try": jsonata("$states.context.State.RetryCount"),
                "inline": self.plan.inline,
            },
            "inputs": {parameter: self.envelope(source, scope) for parameter, source in bound.inputs.items()},
        }

    def envelope(self, source: Source, scope: Mapping[str, str]) -> Json:
        match source:
            case FromConstant(value):
                return {"value": constant(value)}
            case FromParameter(parameter):
                return {"value": jsonata(f"{CONTEXT_INPUT}.parameters.{field(parameter)}")}
            case _:
                whole = scope.get(source.operation, f"{CONTEXT_INPUT}.inputs.{field(source.operation)}")
                if not source.path:
                    return jsonata(whole)
                path = json.dumps(source.path).replace("${", "\\u0024{")
                return jsonata(f'$merge([{whole}, {{"path": {path}}}])')


def named(errors: Sequence[str]) -> list[str]:
    """The errors as the state machine sees them: a function's own timeout comes before the state's, and has its name.

    AWS Step Functions developer guide, "concepts-error-handling": "timeouts are reported as Sandbox.Timedout".
    """
    found = dict.fromkeys(errors)
    if TIMEOUT in found:
        found[FUNCTION_TIMEOUT] = None
    return list(found)


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
