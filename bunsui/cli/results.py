"""What `--json` prints, for each command: the models that docs/schemas/ is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from bunsui.deploy.models import Deployment, Destruction, Plan
from bunsui.local import LocalStatus, StopResult
from bunsui.project import Comparison, Synthesis
from bunsui.session.model import Answer, Cancellation, LogLine, Questions, SessionPage, SessionReport
from bunsui.simulate.model import Simulation


class Result(BaseModel):
    """Base of those that no method of the workspace returns as they are."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")


class Syntheses(Result):
    """What synth wrote, pipeline by pipeline."""

    pipelines: tuple[Synthesis, ...]


class Comparisons(Result):
    """Whether the assemblies are what synth makes today; `same` is true when each of them is."""

    same: bool
    pipelines: tuple[Comparison, ...]


class Log(Result):
    """Log lines of a session by time."""

    session: str
    lines: tuple[LogLine, ...]


class Why(Result):
    """Why something is granted; `where` is `file:line` below the project's folder, left out where there is none."""

    operation: str
    reason: str
    where: str = ""


class Grant(Result):
    """What an IAM statement allows, and its reasons.

    Attributes:
        actions: such as `s3:GetObject`.
        resources: ARNs with `${…}` for what CloudFormation fills in.
        conditions: as IAM writes them, operator -> key -> value; left out where there are none.
        justification: code that says why a resource is `*`; left out where none is.
        why: what needs it.
    """

    actions: list[str]
    resources: list[str]
    conditions: dict[str, dict[str, str | list[str]]] = {}
    justification: str = ""
    why: list[Why]


class Role(Result):
    """A role: the unit that has it, and what it may do."""

    unit: str
    grants: list[Grant]


class Permissions(Result):
    """The content of permissions.json: roles by logical id."""

    schema_version: int
    pipeline: str
    roles: dict[str, Role]


class Graph(Result):
    """A drawing of a pipeline's graph, in the format that was asked for."""

    pipeline: str
    format: str
    text: str


class Place(Result):
    """A line of a file; the path is relative below the working directory."""

    file: str
    line: int


class Related(Place):
    """Another place that takes part."""

    label: str


class Fault(Result):
    """An error; `code` is null for one that bunsui did not foresee."""

    code: str | None
    message: str
    where: Place | None
    hint: str
    related: list[Related]


class Errors(Result):
    """What every command prints instead of its result when it fails."""

    errors: list[Fault]
    exit_code: int


RESULTS: Mapping[str, Any] = {
    "synth": Syntheses,
    "synth --check": Comparisons,
    "permissions": Permissions,
    "graph": Graph,
    "simulate": Simulation,
    "diff": Plan,
    "deploy": Deployment,
    "destroy": Destruction,
    "bootstrap": Deployment,
    "run": SessionReport,
    "status": SessionReport,
    "list": SessionPage,
    "logs": Log,
    "watch": SessionReport,
    "answer": Answer,
    "approvals": Questions,
    "approve": Answer,
    "cancel": Cancellation,
    "reject": Answer,
    "local start": LocalStatus,
    "local stop": StopResult,
    "local status": LocalStatus,
    "local reset": LocalStatus,
    "errors": Errors,
}
"""Command -> what it prints with `--json`."""
