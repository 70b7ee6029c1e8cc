"""The parts of a pipeline's stack: each a few resources that stay together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from troposphere import GetAtt, Output, Ref, Sub, Tags, logs, stepfunctions

from bunsui.compile.grants import Grant, grants
from bunsui.compile.machines import Machine
from bunsui.compile.plan import Plan
from bunsui.compile.roles import role
from bunsui.errors import DeclarationError
from bunsui.model.environment import Environment
from bunsui.model.names import ACCOUNT, PARTITION, REGION
from bunsui.model.target import Worker
from bunsui.model.titles import title

DEFINITION_LIMIT = 1024 * 1024
"""Bytes of a state machine's definition (AWS Step Functions quotas)."""

MACHINE_LOGS = "MachineLogs"
SESSION_MACHINE = "SessionMachine"


class Unit(NamedTuple):
    """Resources that stay together.

    Attributes:
        key: stable name, such as `worker/clean_flights`; it decides which stack of a family the unit belongs to.
        resources: logical ID -> resource, as the template has it.
        grants: role's logical ID -> what it may do.
    """

    key: str
    resources: Mapping[str, Any]
    grants: Mapping[str, tuple[Grant, ...]]


def unit(key: str, resources: Iterable[Any], grants: Mapping[str, tuple[Grant, ...]] | None = None) -> Unit:
    """A unit of troposphere resources, which are checked and rendered once."""
    return Unit(key, {resource.title: resource.to_dict() for resource in resources}, grants or {})


def machine_title(key: str) -> str:
    """Logical ID of the state machine of a job or segment; its role's has `Role` behind it."""
    return title(f"pipeline{key}", "Machine") if key.startswith("_") else title(key, "JobMachine")


def worker_role(worker: str) -> str:
    """Logical ID of a worker's role."""
    return title(worker, "WorkerRole")


def root_units(plan: Plan, environment: Environment) -> list[Unit]:
    """What always stays in the root stack: data, logs, the pipeline's own machine."""
    names = plan.names
    data = [made for resource in plan.pipeline.resources for made in resource.stack(names, environment)]
    groups = [
        _log_group("FunctionLogs", names.function_log_group, environment),
        _log_group(MACHINE_LOGS, names.machine_log_group, environment),
    ]
    return [
        unit("data", data),
        unit("logs", groups),
        _machine(plan, plan.machine, environment, True),
    ]


def movable_units(plan: Plan, environment: Environment) -> list[Unit]:
    """What may live in a nested stack: a job's machine with its role, a segment's, a worker with its role."""
    jobs = [_machine(plan, machine, environment, False) for machine in (*plan.jobs.values(), *plan.segments)]
    return jobs + [_worker(plan, worker, environment) for worker in plan.workers.values()]


def outputs(plan: Plan) -> Iterable[Output]:
    """What people and programs look up."""
    names = plan.names
    yield Output(SESSION_MACHINE, Description="State machine that runs a session", Value=Ref(SESSION_MACHINE))
    yield Output("FunctionLogGroup", Description="Log group of all functions", Value=Ref("FunctionLogs"))
    for resource in plan.pipeline.resources:
        yield Output(
            title(resource.id, f"{resource.kind}Name"),
            Description=f"{resource.kind} {resource.id}",
            Value=_sub(resource.physical_name(names)),
        )


def _sub(text: str) -> Any:
    return Sub(text) if "${" in text else text


def _log_group(name: str, group: str, environment: Environment) -> Any:
    return logs.LogGroup(
        name,
        DeletionPolicy="Retain" if environment.removal_policy == "retain" else "Delete",
        UpdateReplacePolicy="Retain" if environment.removal_policy == "retain" else "Delete",
        LogGroupName=group,
        RetentionInDays=environment.log_retention_days,
        Tags=Tags(environment.tags),
    )


def _machine(plan: Plan, machine: Machine, environment: Environment, is_session: bool) -> Unit:
    name = SESSION_MACHINE if is_session else machine_title(machine.key)
    needed = grants(machine.calls)
    subject = f"pipeline {plan.pipeline.name!r}" if is_session else f"job {machine.key!r}"
    roles = role(f"{name}Role", "states.amazonaws.com", needed, environment.tags, _sources(machine), subject)
    log_group = f"arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:{plan.names.machine_log_group}:*"
    state_machine = stepfunctions.StateMachine(
        name,
        StateMachineName=machine.name,
        DefinitionString=Sub(_escape(_definition(machine, subject))),
        LoggingConfiguration=stepfunctions.LoggingConfiguration(
            Destinations=[
                stepfunctions.LogDestination(
                    CloudWatchLogsLogGroup=stepfunctions.CloudWatchLogsLogGroup(LogGroupArn=Sub(log_group))
                )
            ],
            IncludeExecutionData=False,
            Level="ALL",
        ),
        RoleArn=GetAtt(f"{name}Role", "Arn"),
        StateMachineType="STANDARD",
        Tags=stepfunctions.Tags(environment.tags),
        TracingConfiguration=stepfunctions.TracingConfiguration(Enabled=True),
    )
    if len(roles) > 1:
        state_machine.DependsOn = [policy.title for policy in roles[1:]]
    return unit(f"job/{machine.key}" if not is_session else "session", (*roles, state_machine), {f"{name}Role": needed})


def _sources(machine: Machine) -> tuple[str, ...]:
    """The ARNs on whose behalf the machine's role is assumed: those of its distributed maps have the label behind it.

    AWS Step Functions API reference, StartExecution, "stateMachineArn".
    """
    arn = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:stateMachine:{machine.name}"
    return (arn, f"{arn}/*") if '"Mode": "DISTRIBUTED"' in json.dumps(machine.definition) else (arn,)


def _definition(machine: Machine, subject: str) -> str:
    text = json.dumps(machine.definition, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode())
    if size > DEFINITION_LIMIT:
        raise DeclarationError(
            "BUN301",
            f"the state machine of {subject} has {size:,} bytes; Step Functions allows {DEFINITION_LIMIT:,}",
            hint="put its operations into several jobs",
        )
    return text


def _escape(text: str) -> str:
    """`${` of a user's constant is no placeholder."""
    return re.sub(r"\$\{(?!AWS::)", "${!", text)


def _worker(plan: Plan, worker: Worker, environment: Environment) -> Unit:
    target = worker.work.target
    name = worker_role(worker.name)
    needed = grants(plan.worker_calls[worker.name])
    roles = role(name, target.service, needed, environment.tags, (), f"operation {worker.why[0].operation!r}")
    made = target.stack(worker, plan.names, environment, name)
    return unit(f"worker/{worker.name}", (*roles, *made), {name: needed})
