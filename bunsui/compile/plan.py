"""Everything that a pipeline's templates are made of: machines, workers, the calls of each role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bunsui.compile import budget
from bunsui.compile.job_machine import job_machine, machine_calls
from bunsui.compile.joins import join_calls
from bunsui.compile.layout import leaving
from bunsui.compile.session_machine import JobStart, session_machine
from bunsui.compile.steps.context import JobPlan, facts, stand_ins
from bunsui.compile.steps.distributed import kept_apart, makes_parts
from bunsui.compile.workers import table_arn, worker_calls, workers
from bunsui.graph.part import Part
from bunsui.graph.schedule import schedule
from bunsui.model import types
from bunsui.model.binding import Bound, job_needs
from bunsui.model.calls import NO_RESOURCE_TYPE, Call, Why
from bunsui.model.names import ACCOUNT, JOB_RUNS_TABLE, PARTITION, REGION, SESSIONS_TABLE, Names
from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.references import FromOutput, FromParameter
from bunsui.model.skipping import skips
from bunsui.model.target import Code, State, Worker

MACHINE_STARS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
"""Logging and tracing of a machine (AWS Step Functions developer guide, "cw-logs", "xray-iam"); no resource types."""


class Machine(NamedTuple):
    """A state machine: its name in AWS, its definition and what its role has to allow."""

    key: str
    name: str
    definition: State
    calls: tuple[Call, ...]


class Plan(NamedTuple):
    """A compiled pipeline, before it is put into templates.

    Attributes:
        machine: the pipeline's own.
        jobs: by job.
        workers: by name.
        worker_calls: what each worker's role has to allow.
        exports: job -> operations in its output.
    """

    pipeline: Pipeline
    names: Names
    machine: Machine
    jobs: Mapping[str, Machine]
    workers: Mapping[str, Worker]
    worker_calls: Mapping[str, tuple[Call, ...]]
    exports: Mapping[str, tuple[str, ...]]


def plan(pipeline: Pipeline, names: Names, code_of: Callable[[Operation], Code]) -> Plan:
    """Compile a pipeline; `code_of` says which code an operation runs.

    Raises:
        DeclarationError: BUN301 when a limit of AWS would be exceeded.
    """
    made = workers(pipeline.units, _large(pipeline), _parts(pipeline), code_of)
    worker_of = {why.operation: name for name, worker in made.items() for why in worker.why}
    exports, results = _exports(pipeline), _results(pipeline)
    starts = _starts(pipeline, exports, results)
    shown, skipped = facts(pipeline.operations.values()), skips(pipeline.operations)
    apart = kept_apart(pipeline.operations.values())
    jobs = {}
    for job in pipeline.jobs:
        operations = {name: bound for name, bound in pipeline.operations.items() if bound.job == job.name}
        part = schedule(
            {name: bound.needs for name, bound in operations.items()},
            {name: bound.feeds for name, bound in operations.items()},
        )
        leaves_it = leaving(part, {name: bound.feeds for name, bound in operations.items()}, exports[job.name])
        meeting = budget.places(part, leaves_it)
        inline = budget.inline(names.stack, job, meeting, operations, pipeline.operations, exports)
        job_plan = JobPlan(
            pipeline.name,
            job.name,
            operations,
            exports[job.name],
            worker_of,
            part,
            inline,
            names,
            shown,
            skipped,
            apart,
        )
        calls = tuple(_job_calls(operations, part, names.job(job.name), worker_of, names))
        jobs[job.name] = Machine(job.name, names.job(job.name), job_machine(job_plan), calls)
    part = schedule(
        {name: start.needs for name, start in starts.items()}, {name: start.feeds for name, start in starts.items()}
    )
    machine = Machine(
        "pipeline",
        names.machine,
        session_machine(pipeline.name, part, starts, names),
        tuple(_session_calls(pipeline, part, names)),
    )
    calls_of = {name: tuple(worker_calls(worker, names)) for name, worker in made.items()}
    return Plan(pipeline, names, machine, jobs, made, calls_of, exports)


def _large(pipeline: Pipeline) -> frozenset[str]:
    """Steps whose results can be too large for the state machine, or those that can become their results."""
    found: set[str] = set()
    for outer in pipeline.operations.values():
        for bound in reversed(list(outer.all)):
            step, others = bound.operation, (part.operation.name for part in stand_ins(bound))
            if not types.is_small(step.result_type()) or not found.isdisjoint(others):
                found.add(step.name)
            if makes_parts(step):
                found |= {one.name for one in step.steps.values()}
    return frozenset(found)


def _parts(pipeline: Pipeline) -> frozenset[str]:
    """Steps that can result in what lies in S3 in parts, or those that can become their results."""
    found: set[str] = set()
    for outer in pipeline.operations.values():
        for bound in reversed(list(outer.all)):
            others = (part.operation.name for part in stand_ins(bound))
            if makes_parts(bound.operation) or not found.isdisjoint(others):
                found.add(bound.operation.name)
    return frozenset(found)


def _results(pipeline: Pipeline) -> frozenset[str]:
    taken = frozenset().union(*(bound.feeds for bound in pipeline.operations.values()))
    return frozenset(pipeline.operations) - taken


def _exports(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    results = _results(pipeline)
    crossing = {
        source
        for bound in pipeline.operations.values()
        for source in bound.feeds
        if pipeline.operations[source].job != bound.job
    }
    return {
        job.name: tuple(
            name
            for name, bound in pipeline.operations.items()
            if bound.job == job.name and (name in results or name in crossing)
        )
        for job in pipeline.jobs
    }


def _starts(pipeline: Pipeline, exports: Mapping[str, tuple[str, ...]], results: frozenset[str]) -> dict[str, JobStart]:
    needs = job_needs(pipeline.operations, pipeline.jobs)
    starts = {}
    for job in pipeline.jobs:
        members = [bound for bound in pipeline.operations.values() if bound.job == job.name]
        sources = [source for bound in members for source in bound.sources]
        parameters = sorted({source.name for source in sources if isinstance(source, FromParameter)})
        inputs = {
            source.operation: pipeline.operations[source.operation].job
            for source in sources
            if isinstance(source, FromOutput) and pipeline.operations[source.operation].job != job.name
        }
        starts[job.name] = JobStart(
            needs[job.name],
            tuple(parameters),
            dict(sorted(inputs.items())),
            tuple(name for name in exports[job.name] if name in results),
            budget.longest(members),
        )
    return starts


def _job_calls(
    operations: Mapping[str, Bound], part: Part, machine: str, worker_of: Mapping[str, str], names: Names
) -> Iterable[Call]:
    for outer in operations.values():
        for bound in outer.all:
            yield from machine_calls(bound, worker_of, names)
    wheres = {name: bound.operation.where for name, bound in operations.items()}
    yield from join_calls(part, lambda consumer: machine, wheres.get)
    yield from _stars(next(iter(operations.values())).job)


def _stars(machine: str) -> Iterable[Call]:
    for action in MACHINE_STARS:
        reason = "log delivery" if action.startswith("logs:") else "tracing"
        yield Call(action, "*", Why(machine, reason), justification=NO_RESOURCE_TYPE)


def _session_calls(pipeline: Pipeline, part: Part, names: Names) -> Iterable[Call]:
    states = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}"
    rule = f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    for job in pipeline.jobs:
        why = Why(job.name, "run the job and wait for it", job.where)
        yield Call("states:StartExecution", f"{states}:stateMachine:{names.job(job.name)}", why)
        yield Call("states:DescribeExecution", f"{states}:execution:{names.job(job.name)}:*", why)
        yield Call("states:StopExecution", f"{states}:execution:{names.job(job.name)}:*", why)
        for action in ("events:DescribeRule", "events:PutRule", "events:PutTargets"):
            yield Call(action, rule, why)
        yield Call("dynamodb:UpdateItem", table_arn(JOB_RUNS_TABLE), Why(job.name, "record of the job run", job.where))
    why = Why(pipeline.name, "record of the session", pipeline.where)
    yield Call("dynamodb:UpdateItem", table_arn(SESSIONS_TABLE), why)
    wheres = {job.name: job.where for job in pipeline.jobs}
    yield from join_calls(part, lambda consumer: names.machine, wheres.get)
    yield from _stars(pipeline.name)
