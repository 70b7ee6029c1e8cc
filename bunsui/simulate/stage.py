"""A compiled pipeline on the interpreter: its state machines, the session tables, and functions real or stubbed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.compile.plan import Plan, plan
from bunsui.interpreter import DynamoDB, Execution, Handle, StateMachines, Took, start
from bunsui.interpreter import Lambda as Functions
from bunsui.model.names import (
    APPROVALS_TABLE,
    JOB_RUNS_TABLE,
    SESSIONS_TABLE,
    Names,
    artefact_bucket,
    execution_name,
    spill_prefix,
)
from bunsui.model.nested import inner_first
from bunsui.model.pipeline import Pipeline
from bunsui.model.target import Code
from bunsui.session.arns import machine_of
from bunsui.simulate.functions import Invocation, Stub, Worker
from bunsui.simulate.memory import MemoryS3
from bunsui.simulate.results import Artefacts

ACCOUNT = "123456789012"
REGION = "us-east-1"
_FILLED_IN = {
    "${AWS::Partition}": "aws",
    "${AWS::Region}": REGION,
    "${AWS::AccountId}": ACCOUNT,
    "${AWS::URLSuffix}": "amazonaws.com",
}


def filled(content: Any) -> Any:
    """Text or JSON with account and region written out, as CloudFormation does."""
    text = content if isinstance(content, str) else json.dumps(content)
    for placeholder, value in _FILLED_IN.items():
        text = text.replace(placeholder, value)
    return text if isinstance(content, str) else json.loads(text)


JOINS_TABLE = "bunsui-joins"
TABLES = {
    APPROVALS_TABLE: ("session", "approval"),
    JOB_RUNS_TABLE: ("session", "run"),
    JOINS_TABLE: ("session", "join"),
    SESSIONS_TABLE: ("session",),
}
"""Tables of the control stack and their keys."""

INDEXES = {SESSIONS_TABLE: {"by-pipeline": ("pipeline", "started"), "by-time": ("kind", "started")}}
"""Those of their indexes that state machines read."""


@dataclass(frozen=True, slots=True)
class World:
    """What a session leaves behind.

    Attributes:
        tables: the records.
        invocations: every call of a function, in the order of their starts.
        values: operation -> JSON value of what its function returned last.
        artefacts: what travels by reference.
        stored: job -> prefix of the keys of its results.
        pipeline: whose session it is.
        machines: names of its state machines.
    """

    tables: DynamoDB
    invocations: list[Invocation]
    values: dict[str, Any]
    artefacts: Artefacts
    stored: Mapping[str, str]
    pipeline: str
    machines: frozenset[str]

    def executions(self, execution: Execution) -> tuple[Execution, ...]:
        """An execution and those that it started, without the sessions of nested pipelines."""
        return tuple(one for one in (execution, *execution.nested) if machine_of(one.arn) in self.machines)

    def known_as(self, pipeline: str, operation: str) -> str:
        """What an operation is called that may be one of a nested pipeline: `billing.total` then."""
        return operation if pipeline == self.pipeline else f"{pipeline}.{operation}"


def compiled(pipeline: Pipeline) -> Plan:
    """The machines of a pipeline; what its code consists of does not matter to them."""
    return plan(pipeline, Names(pipeline.name), lambda operation: Code(operation.handler, "0" * 64))


def definitions(made: Plan) -> dict[str, Any]:
    """The definitions of all state machines by their names in AWS, the pipeline's own first."""
    return {machine.name: filled(machine.definition) for machine in made.machines}


def begin(
    made: Plan,
    parameters: Mapping[str, Any],
    stubs: Mapping[str, Stub],
    s3: MemoryS3,
    *,
    session: str,
    seed: int = 0,
    services: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> tuple[Handle, World]:
    """Start a session and run it until something takes time.

    Args:
        made: the compiled pipeline.
        parameters: name -> JSON value, of all parameters.
        stubs: operation -> what it does; the others run their own functions. One of a nested pipeline is called
            `billing.total`.
        s3: what functions read and write.
        session: its id.
        seed: of what is left to chance; see `bunsui.interpreter.start`.
        services: what to make of the services before they are used.
    """
    tables = DynamoDB()
    for table, key in TABLES.items():
        tables.create_table(table, key, INDEXES.get(table))
    place = f"{spill_prefix(made.names.stack)}/{session}/1"
    artefacts = Artefacts(s3, filled(artefact_bucket()))
    for left in artefacts.keys(f"{place}/"):
        del s3.bucket(artefacts.bucket)[left]
    stored = {job: f"{place}/{job}" for job in made.jobs}
    machines = definitions(made)
    world = World(tables, [], {}, artefacts, stored, made.pipeline.name, frozenset(machines))
    functions: dict[str, Callable[[dict[str, Any]], Took]] = {}
    for one in (made, *map(compiled, inner_first(made.pipeline).values())):
        machines |= definitions(one)
        functions |= _functions(one, world, stubs, s3)
    handle = start(
        machines.pop(made.machine.name),
        {"session": session, "attempt": 1, "parameters": dict(parameters)},
        services=services(
            {
                "lambda": Functions(functions),
                "states": StateMachines(machines),
                "dynamodb": world.tables,
                "s3": s3.service,
            }
        ),
        name=execution_name(session, 1),
        seed=seed,
        state_machine_arn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{made.machine.name}",
    )
    return handle, world


def _functions(
    made: Plan, world: World, stubs: Mapping[str, Stub], s3: MemoryS3
) -> dict[str, Callable[[dict[str, Any]], Took]]:
    """The functions of a pipeline by their names in AWS; its buckets are there from now on."""
    for resource in made.pipeline.resources:
        if resource.kind == "Bucket":
            s3.bucket(filled(resource.physical_name(made.names)))
    found: dict[str, Callable[[dict[str, Any]], Took]] = {}
    for name, worker in made.workers.items():
        variables = worker.work.target.variables(worker, made.names)
        environment = {key: filled(value) for key, value in variables.items()}
        function = Worker(environment, stubs, s3, world.invocations, world.values, world.known_as)
        found[made.names.function(name)] = function.invoke
    return found
