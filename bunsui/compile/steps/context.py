"""What the states of a step are written with: the job's plan, the variables in sight, what encloses the step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bunsui.compile.states import CONTEXT_INPUT, Link, Scope, constant, field, jsonata, text, variable, whole
from bunsui.graph.part import Part
from bunsui.model.binding import Bound
from bunsui.model.names import Names
from bunsui.model.references import FromConstant, FromHere, FromList, FromOutput, FromParameter, Source
from bunsui.model.target import Json

RESULT = "out"
"""What the variables of results begin with."""


def fact(path: tuple[str, ...]) -> str:
    """How an envelope names the value at a path of the result (docs/architecture.md, "Values between operations")."""
    return ".".join(path) or "."


def facts(operations: Iterable[Bound]) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each step, what of its result others read inside the state machine: name -> path."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for outer in operations:
        for bound in outer.all:
            for source in bound.refers:
                if isinstance(source, FromOutput):
                    found.setdefault(source.operation, {})[fact(source.path)] = source.path
    return {name: dict(sorted(wanted.items())) for name, wanted in found.items()}


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
        facts: step -> what of its result is read inside the state machine: name -> path.
    """

    pipeline: str
    job: str
    operations: Mapping[str, Bound]
    exports: tuple[str, ...]
    workers: Mapping[str, str]
    part: Part
    inline: int
    names: Names
    facts: Mapping[str, Mapping[str, tuple[str, ...]]] = {}


class Context(NamedTuple):
    """Where a step's states stand.

    Attributes:
        plan: the job's.
        scope: step -> JSONata of the envelope of its result; a step enters its own.
        depth: of nested Parallels; variables of the same name must not shadow each other.
        emit: the states of any step, for the steps within a step.
        here: what the enclosing step provides, by name: envelopes.
    """

    plan: JobPlan
    scope: Scope
    depth: int
    emit: Callable[[Bound, Context], list[Link]]
    here: Mapping[str, Json] = {}

    def links(self, bound: Bound) -> list[Link]:
        """The states of a step within this one, in a place of their own: a branch, or an iteration."""
        return self.emit(bound, self)

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
        if facts := self.plan.facts.get(bound.operation.name):
            about["facts"] = {name: list(path) for name, path in facts.items()}
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
            case FromList(items):
                return {"list": [self.envelope(item) for item in items]}
            case _:
                whole = self.whole(source.operation)
                if not source.path:
                    return jsonata(whole)
                path = json.dumps(source.path).replace("${", "\\u0024{")
                return jsonata(f'$merge([{whole}, {{"path": {path}}}])')

    def read(self, source: FromOutput | FromParameter) -> str:
        """JSONata of a value that is read inside the state machine; undefined where an optional field is absent."""
        if isinstance(source, FromParameter):
            return ".".join([f"{CONTEXT_INPUT}.parameters", field(source.name), *map(field, source.path)])
        return f"{self.whole(source.operation)}.facts.{field(fact(source.path))}"

    def inside(self, source: Source) -> str:
        """JSONata of an input that is read inside the state machine."""
        if isinstance(source, FromOutput | FromParameter):
            return self.read(source)
        assert isinstance(source, FromConstant)
        return text(source.value)

    def told(self, name: str, value: str) -> str:
        """JSONata of the envelope of a result that JSONata makes, with what others read of it."""
        wanted = self.plan.facts.get(name, {})
        shown = ", ".join(f"{text(one)}: {'.'.join([value, *map(field, path)])}" for one, path in wanted.items())
        return f'{{"value": {value}, "facts": {{{shown}}}}}' if shown else f'{{"value": {value}}}'

    def whole(self, operation: str) -> str:
        """JSONata of the envelope of a step's whole result, of this job or of another."""
        return whole(operation, self.scope)
