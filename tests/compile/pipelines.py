"""Pipelines made of plain data, and a stand-in for AWS that runs what they compile to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from bunsui import Job, Lambda, Operation, Parameter, Pipeline
from bunsui.compile.plan import Plan, plan
from bunsui.errors import Where
from bunsui.interpreter import DynamoDB, Execution, StateMachines, Took, execute
from bunsui.interpreter import Lambda as Functions
from bunsui.model.names import Names
from bunsui.model.signature import Parameter as Wanted
from bunsui.model.signature import Signature
from bunsui.model.target import Code

FILLED_IN = {
    "${AWS::Partition}": "aws",
    "${AWS::Region}": "us-east-1",
    "${AWS::AccountId}": "123456789012",
    "${AWS::URLSuffix}": "amazonaws.com",
}
TABLES = {
    "bunsui-sessions": ("session",),
    "bunsui-job-runs": ("session", "run"),
    "bunsui-joins": ("session", "join"),
}
SECONDS = 10.0


def operation(name: str, inputs: Any = (), returns: Any = int, **settings: Any) -> Operation:
    """An operation whose handler takes exactly the named inputs; a mapping also says what feeds them."""
    fed = dict(inputs) if isinstance(inputs, Mapping) else {}
    settings = {"handler": f"code:{name}", "runs": Lambda(), **settings}
    made = Operation(name, inputs=fed, **settings)
    made._signature = Signature(tuple(Wanted(one, Any, False) for one in inputs), returns, Where(__file__, 1))
    return made


def pipeline(
    needs: Mapping[str, Iterable[str]], jobs: Mapping[str, Iterable[str]] | None = None, **settings: Any
) -> Pipeline:
    """A pipeline of operations that take the results of those they need; what is no operation is a parameter."""
    made = {name: operation(name, tuple(wanted)) for name, wanted in needs.items()}
    parameters = [
        Parameter(one, int) for one in dict.fromkeys(one for wanted in needs.values() for one in wanted) - made.keys()
    ]
    groups = jobs or {"main": list(needs)}
    return Pipeline(
        "p",
        parameters=parameters,
        jobs=[Job(job, *(made[name] for name in members)) for job, members in groups.items()],
        **settings,
    )


def code_of(operation: Operation) -> Code:
    return Code(operation.handler, "a" * 64)


def compiled(declared: Pipeline, prefix: str = "") -> Plan:
    return plan(declared, Names(declared.name, prefix), code_of)


def filled(definition: Any) -> Any:
    """The definition as CloudFormation would give it to Step Functions."""
    text = json.dumps(definition)
    for placeholder, value in FILLED_IN.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def states(definition: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """All states of a definition, also those within branches."""
    for name, state in definition["States"].items():
        yield name, state
        for branch in state.get("Branches", ()):
            yield from states(branch)


class World:
    """Functions, tables and machines of a pipeline; every function returns a digest of its name and inputs."""

    def __init__(self, made: Plan, *, spilled: Iterable[str] = (), fails: Mapping[str, Any] | None = None) -> None:
        self.plan = made
        self.spilled = set(spilled)
        self.fails = dict(fails or {})
        self.objects: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}
        self.tables = DynamoDB(TABLES)

    def services(self) -> dict[str, Any]:
        names = [self.plan.names.function(name) for name in self.plan.workers]
        machines = {machine.name: filled(machine.definition) for machine in self.plan.machines[1:]}
        return {
            "lambda": Functions(dict.fromkeys(names, self.handle)),
            "states": StateMachines(machines),
            "dynamodb": self.tables,
        }

    def handle(self, event: dict[str, Any]) -> Any:
        self.events.append(event)
        about = event["bunsui"]
        name = about["operation"]
        failure = self.fails.get(name)
        if failure is not None and about["try"] < failure[1]:
            raise failure[0]
        value = digest(name, {one: self.read(envelope, about) for one, envelope in event["inputs"].items()})
        took = self.seconds.get(name, 0.0)
        key = f"sessions/p/{about['session']}/{about['attempt']}/{about['job']}/{name}.json"
        if about.get("store"):
            self.objects[key] = value
            return Took(took, {"stored": name, "job": about["job"]})
        if name in self.spilled:
            self.objects[key] = value
            return Took(took, {"pointer": key})
        return Took(took, {"value": value})

    def read(self, envelope: dict[str, Any], about: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """The value of an envelope; `about` says where results lie that are left in S3."""
        assert envelope.keys() <= {"value", "pointer", "stored", "job", "path"}
        if "stored" in envelope:
            value = self.objects[f"{about['stored'][envelope['job']]}/{envelope['stored']}.json"]
        else:
            value = self.objects[envelope["pointer"]] if "pointer" in envelope else envelope["value"]
        for field in envelope.get("path", ()):
            value = value[field]
        return value

    def run_job(
        self, job: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any], *, seed: int = 0
    ) -> Execution:
        given = {
            "session": "s-1",
            "attempt": 1,
            "parameters": dict(parameters),
            "inputs": {name: {"value": value} for name, value in inputs.items()},
        }
        return execute(filled(self.plan.jobs[job].definition), given, services=self.services(), seed=seed)

    def run(self, parameters: Mapping[str, Any] | None = None, *, seed: int = 0) -> Execution:
        given = {"session": "s-1", "attempt": 1, "parameters": dict(parameters or {})}
        return execute(filled(self.plan.machine.definition), given, services=self.services(), name="s-1-1", seed=seed)

    def order(self) -> list[str]:
        return [event["bunsui"]["operation"] for event in self.events]


def digest(name: str, inputs: Mapping[str, Any]) -> str:
    text = json.dumps([name, dict(sorted(inputs.items()))])
    return f"{name}:{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def expected(declared: Pipeline, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What every operation must result in, computed without any state machine."""
    from bunsui.model.references import FromConstant, FromParameter

    found: dict[str, Any] = {}

    def value(name: str) -> Any:
        if name not in found:
            inputs = {}
            for parameter, source in declared.operations[name].inputs.items():
                match source:
                    case FromConstant(constant):
                        inputs[parameter] = constant
                    case FromParameter(given):
                        inputs[parameter] = parameters[given]
                    case _:
                        inputs[parameter] = value(source.operation)
            found[name] = digest(name, inputs)
        return found[name]

    for name in declared.operations:
        value(name)
    return found
