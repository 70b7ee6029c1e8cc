"""The pipeline's own state machine: starts the jobs in order, and records what happens to the session and each job run.

All writes are idempotent, so every error of theirs is retried. What follows a failure is written in a Catch; an
execution that is stopped or times out can write nothing, and is completed by whoever reads the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bunsui.compile import records
from bunsui.compile.flow import Flow
from bunsui.compile.job_run import RESULT, JobRun, JobStart, fail
from bunsui.compile.joins import Joins
from bunsui.compile.layout import Layout, Made
from bunsui.compile.states import Link, Scope, field, jsonata, machine
from bunsui.graph.part import Part
from bunsui.model.names import Names
from bunsui.model.operation import A_YEAR
from bunsui.model.target import State


class SessionPlan(NamedTuple):
    """What a pipeline's own machine is made of.

    Attributes:
        pipeline: its name.
        part: the order of the jobs.
        jobs: how each is started.
        names: of everything in AWS.
        deadline: seconds that a session may take, or None.
    """

    pipeline: str
    part: Part
    jobs: Mapping[str, JobStart]
    names: Names
    deadline: int | None = None

    @property
    def flow(self) -> Flow:
        """Which job's results go where."""
        takes = {name: job.feeds for name, job in self.jobs.items()}
        return Flow(self.part, takes, (name for name, job in self.jobs.items() if job.results))


def session_layout(plan: SessionPlan, flow: Flow) -> Layout:
    """How the jobs become states."""
    joins = Joins.of(plan.part, "", RESULT, min(A_YEAR, sum(job.longest for job in plan.jobs.values())))

    def emit(name: str, scope: Scope, depth: int) -> list[Link]:
        return JobRun(plan.jobs[name], plan.names, scope, depth).links()

    return Layout(joins, flow, emit, lambda number: plan.names._replace(segment=number).machine, {})


def session_machines(plan: SessionPlan, flow: Flow) -> list[Made]:
    """The definition of the pipeline's state machine, and those of the segments that it was cut into.

    They have `Fn::Sub` placeholders for partition, region and account.
    """
    layout, comment = session_layout(plan, flow), f"Pipeline {plan.pipeline}"
    return [Made(0, plan.part, _session(plan, layout, comment)), *layout.segments(comment)]


def _session(plan: SessionPlan, layout: Layout, comment: str) -> State:
    jobs, scope = plan.jobs, Scope()
    links = layout.links(plan.part, scope, 1)
    body = machine(links, {name: jsonata(scope[name]) for name, job in jobs.items() if job.results})
    outputs = {
        name: {operation: jsonata(f"$jobs.{field(name)}.{field(operation)}") for operation in job.results}
        for name, job in jobs.items()
        if job.results
    }
    run: State = {
        "Type": "Parallel",
        "Branches": [body],
        "Assign": {"jobs": jsonata("$states.result[0]")},
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"failure": jsonata("$states.errorOutput")},
                "Next": "Session failed",
            }
        ],
    }
    failed = {**records.session_failed("$failure"), "Next": "Fail session"}
    return machine(
        [
            Link("Session started", records.session_started(plan.pipeline)),
            Link("Run jobs", run, ends={"Session failed": failed, "Fail session": fail("$failure")}),
            Link("Session succeeded", records.session_succeeded(outputs)),
        ],
        outputs,
        Comment=comment,
        **({} if plan.deadline is None else {"TimeoutSeconds": plan.deadline}),
        QueryLanguage="JSONata",
    )
