"""The Lambda target: one function for all operations with the same code, settings and permissions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bunsui.errors import DeclarationError
from bunsui.model.calls import NO_RESOURCE_TYPE, Call, Why
from bunsui.model.declaration import Declaration, refuse
from bunsui.model.environment import Environment
from bunsui.model.names import ACCOUNT, PARTITION, REGION, Names, artefact_bucket, asset_key, spill_prefix
from bunsui.model.target import Json, State, Worker

QUEUEING = 30
"""Seconds that a Task waits longer than its function may run, for a cold start; the function's timeout comes first."""

ENVIRONMENT_LIMIT = 4096
"""Bytes of all environment variables together (AWS Lambda quotas), measured as one JSON object ("String measured:
{…}" in the message of the refusal): quotes inside a value count twice."""

_RESERVED = ("AWS_", "LAMBDA_", "BUNSUI_")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
"""AWS Lambda: developer guide, "configuration-envvars" (reserved); API reference, EnvironmentVariables (pattern)."""


def _no_reserved(environment: dict[str, str]) -> dict[str, str]:
    for name in environment:
        if name.startswith(_RESERVED) or not _VARIABLE.fullmatch(name):
            raise refuse(
                f"environment variable {name!r} is not allowed",
                "begin with a letter, use letters, digits and underscores; AWS_, LAMBDA_ and BUNSUI_ are taken",
            )
    return environment


class Lambda(Declaration):
    """Run an operation in AWS Lambda.

    Attributes:
        memory: MB, 128 to 10,240; CPU grows with it.
        timeout: seconds, 1 to 900.
        python: Python version of the runtime.
        architecture: of the processor.
        storage: MB of /tmp, 512 to 10,240.
        environment: more environment variables; none may begin with `BUNSUI_` or `AWS_`.
        concurrency: reserved concurrent executions, or None to draw on the account's.
    """

    memory: int = Field(default=512, ge=128, le=10240)
    timeout: int = Field(default=60, ge=1, le=900)
    python: Literal["3.11", "3.12", "3.13", "3.14"] = "3.14"
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    storage: int = Field(default=512, ge=512, le=10240)
    environment: Annotated[dict[str, str], AfterValidator(_no_reserved)] = Field(default={})
    concurrency: int | None = Field(default=None, ge=1)

    @property
    def kind(self) -> str:
        """`Lambda`."""
        return "Lambda"

    @property
    def service(self) -> str:
        """Who assumes a function's role."""
        return "lambda.amazonaws.com"

    def identity(self) -> str:
        """All settings as JSON."""
        return json.dumps(self.__dict__, sort_keys=True)

    def task(self, worker: str, names: Names, payload: Mapping[str, Json]) -> State:
        """Invoke the function through the optimised integration."""
        return {
            "Type": "Task",
            "Resource": f"arn:{PARTITION}:states:::lambda:invoke",
            "Arguments": {"FunctionName": names.function(worker), "Payload": dict(payload)},
            "TimeoutSeconds": self.longest,
        }

    @property
    def platform(self) -> tuple[str, str]:
        """Python version and architecture."""
        return self.python, self.architecture

    @property
    def longest(self) -> int:
        """The function's timeout, and time for it to start."""
        return self.timeout + QUEUEING

    @property
    def result(self) -> str:
        """JSONata of the envelope that a finished task gives."""
        return "$states.result.Payload"

    def transient_errors(self) -> Sequence[str]:
        """AWS Step Functions developer guide, "Handle transient Lambda service exceptions"; and throttling."""
        return (
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.TooManyRequestsException",
        )

    def machine_calls(self, worker: str, names: Names, why: Why) -> Sequence[Call]:
        """Only the unqualified function is invoked."""
        return (Call("lambda:InvokeFunction", _arn("lambda", f"function:{names.function(worker)}"), why),)

    def worker_calls(self, worker: Worker, names: Names) -> Sequence[Call]:
        """Log lines into the pipeline's log group, and traces."""
        group = _arn("logs", f"log-group:{names.function_log_group}:*")
        needed = []
        for why in worker.why:
            log, trace = Why(why.operation, "log lines", why.where), Why(why.operation, "tracing", why.where)
            needed += [Call(action, group, log) for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
            needed += [
                Call(action, "*", trace, justification=NO_RESOURCE_TYPE)
                for action in ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
            ]
        return needed

    def variables(self, worker: Worker, names: Names) -> dict[str, str]:
        """What the runtime reads in the function (docs/architecture.md, "Environment variables of a function")."""
        work = worker.work
        resources: dict[str, dict[str, Any]] = {}
        for mode, accesses in (("reads", work.reads), ("writes", work.writes)):
            for access in accesses:
                entry = resources.setdefault(
                    access.resource.id, {"name": access.resource.physical_name(names), "reads": [], "writes": []}
                )
                entry[mode].append(access.path)
        found = {"BUNSUI_HANDLER": work.code.handler}
        if resources:
            found["BUNSUI_RESOURCES"] = json.dumps(resources, sort_keys=True, separators=(",", ":"))
        if work.spills or work.unspills:
            found["BUNSUI_BUCKET"] = artefact_bucket()
        if work.spills:
            found["BUNSUI_SPILL"] = spill_prefix(names.stack)
        return found

    def stack(self, worker: Worker, names: Names, environment: Environment, role: Any) -> Sequence[Any]:
        """The function."""
        return (_function(self, worker, names, environment, role),)


def _arn(service: str, resource: str) -> str:
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


def _check_size(target: Lambda, worker: Worker, ours: Mapping[str, str]) -> None:
    together = {**target.environment, **ours}
    size = len(json.dumps(together, ensure_ascii=False, separators=(",", ":")).encode())
    if size > ENVIRONMENT_LIMIT:
        raise DeclarationError(
            "BUN301",
            f"operation {worker.why[0].operation!r} needs {size} bytes of environment variables; "
            f"Lambda allows {ENVIRONMENT_LIMIT}",
            where=worker.why[0].where,
            hint="declare fewer and wider reads= and writes=, or keep settings in a file of the package",
        )


def _function(target: Lambda, worker: Worker, names: Names, environment: Environment, role: str) -> Any:
    from troposphere import GetAtt, Sub, Tags, awslambda

    from bunsui.model.titles import title

    ours = target.variables(worker, names)
    variables = {name: Sub(value) if "${AWS::" in value else value for name, value in ours.items()}
    _check_size(target, worker, ours)
    extra: dict[str, Any] = {}
    if target.concurrency is not None:
        extra["ReservedConcurrentExecutions"] = target.concurrency
    return awslambda.Function(
        title(worker.name, "Function"),
        FunctionName=names.function(worker.name),
        Architectures=[target.architecture],
        Code=awslambda.Code(S3Bucket=Sub(artefact_bucket()), S3Key=asset_key(worker.work.code.asset)),
        Environment=awslambda.Environment(Variables=dict(sorted({**target.environment, **variables}.items()))),
        EphemeralStorage=awslambda.EphemeralStorage(Size=target.storage),
        Handler="bunsui.shim.handle",
        LoggingConfig=awslambda.LoggingConfig(LogGroup=names.function_log_group),
        MemorySize=target.memory,
        Role=GetAtt(role, "Arn"),
        Runtime=f"python{target.python}",
        Tags=Tags(environment.tags),
        Timeout=target.timeout,
        TracingConfig=awslambda.TracingConfig(Mode="Active"),
        **extra,
    )
