"""What the states of a step are written with: the job's plan, the variables in sight, what an enclosing step provides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from bunsui.compile.layout import Scope
from bunsui.compile.states import CONTEXT_INPUT, constant, field, jsonata, variable
from bunsui.graph.decompose import Part
from bunsui.model.binding import Bound
from bunsui.model.names import Names
from bunsui.model.references import FromConstant, FromHere, FromParameter, Source
from bunsui.model.target import Json

RESULT = "out"
"""What the variables of results begin with."""


class JobPlan(NamedTuple):
    """What a job's machine is made of.

    Attributes:
        pipeline, job: names.
        operations: steps of the job, by name.
        exports: steps whose results leave the job.
        workers: operation -> worker that runs it.
        part: the order of the steps.
        inline: bytes that a result may have in the state machine.
        names: of everything in AWS.
    """

    pipeline: str
    job: str
    operations: Mapping[str, Bound]
    exports: tuple[str, ...]
    workers: Mapping[str, str]
    part: Part
    inline: int
    names: Names


class Context(NamedTuple):
    """Where a step's states stand.

    Attributes:
        plan: the job's.
        scope: step -> JSONata of the envelope of its result; a step enters its own.
        depth: of nested Parallels; variables of the same name must not shadow each other.
        here: what the enclosing step provides, by name: envelopes.
    """

    plan: JobPlan
    scope: Scope
    depth: int
    here: Mapping[str, Json] = {}

    def result(self, name: str) -> str:
        """The variable for the result of a step, which from now on is in sight."""
        found = variable(f"{RESULT}{self.depth}", name)
        self.scope[name] = f"${found}"
        return found

    def payload(self, bound: Bound, **more: Json) -> dict[str, Json]:
        """What an operation's function is invoked with (docs/architecture.md, "Values between operations")."""
        about = {
            "pipeline": self.plan.pipeline,
            "session": jsonata(f"{CONTEXT_INPUT}.session"),
            "attempt": jsonata(f"{CONTEXT_INPUT}.attempt"),
            "job": self.plan.job,
            "operation": bound.operation.name,
            "try": jsonata("$states.context.State.RetryCount"),
            "inline": self.plan.inline,
        }
        return {"bunsui": {**about, **more}, "inputs": self.inputs(bound)}

    def inputs(self, bound: Bound) -> dict[str, Json]:
        """The envelope of each input."""
        return {parameter: self.envelope(source) for parameter, source in bound.inputs.items()}

    def envelope(self, source: Source) -> Json:
        """The envelope of one input, or JSONata of it."""
        match source:
            case FromConstant(value):
                return {"value": constant(value)}
            case FromParameter(parameter):
                return {"value": jsonata(f"{CONTEXT_INPUT}.parameters.{field(parameter)}")}
            case FromHere(name):
                return self.here[name]
            case _:
                whole = self.whole(source.operation)
                if not source.path:
                    return jsonata(whole)
                path = json.dumps(source.path).replace("${", "\\u0024{")
                return jsonata(f'$merge([{whole}, {{"path": {path}}}])')

    def whole(self, operation: str) -> str:
        """JSONata of the envelope of a step's whole result, of this job or of another."""
        return self.scope.get(operation, f"{CONTEXT_INPUT}.inputs.{field(operation)}")
