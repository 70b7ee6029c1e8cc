"""The pipeline's own state machine: starts the jobs in order, and records what happens to the session and each job run.

All writes are idempotent, so every error of theirs is retried. What follows a failure is written in a Catch; an
execution that is stopped or times out can write nothing, and is completed by whoever reads the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bunsui.compile import tables
from bunsui.compile.budget import INLINE
from bunsui.compile.children import OUTPUT, child
from bunsui.compile.flow import Flow
from bunsui.compile.joins import Joins
from bunsui.compile.layout import Layout, Made
from bunsui.compile.states import CONTEXT_INPUT, Link, Scope, field, jsonata, machine, state_name, variable, whole
from bunsui.graph.part import Part
from bunsui.model import names as known
from bunsui.model.names import ACCOUNT, JOB_RUNS_TABLE, PARTITION, REGION, SESSIONS_TABLE, Names
from bunsui.model.operation import A_YEAR
from bunsui.model.target import Json, State

CAUSE_CHARACTERS = 8000
"""How much of a cause is recorded; an item has 400 KB for everything."""

_NOW = "$states.context.State.EnteredTime"
_ERROR = "$states.errorOutput"


class JobStart(NamedTuple):
    """How one job is started.

    Attributes:
        needs: jobs that must have finished before.
        parameters: pipeline parameters that it takes.
        inputs: operation -> the job whose output has its result.
        results: operations in its output that nothing consumes; they are the pipeline's output.
        timeout: seconds that it can take at most.
    """

    needs: frozenset[str]
    parameters: tuple[str, ...]
    inputs: Mapping[str, str]
    results: tuple[str, ...]
    timeout: int

    @property
    def feeds(self) -> frozenset[str]:
        """Jobs whose results it takes."""
        return frozenset(self.inputs.values())


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
    joins = Joins.of(plan.part, "", _RESULT, min(A_YEAR, sum(job.timeout for job in plan.jobs.values())))
    writer = _Writer(plan.jobs, plan.names)
    return Layout(joins, flow, writer.job, lambda number: plan.names._replace(segment=number).machine, {})


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
        "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"failure": jsonata(_ERROR)}, "Next": "Session failed"}],
    }
    return machine(
        [
            Link("Session started", _session_started(plan.pipeline)),
            Link("Run jobs", run, ends={"Session failed": _session_failed(), "Fail session": _fail()}),
            Link("Session succeeded", _session_succeeded(outputs)),
        ],
        outputs,
        Comment=comment,
        **({} if plan.deadline is None else {"TimeoutSeconds": plan.deadline}),
        QueryLanguage="JSONata",
    )


_RESULT = "job"
"""What the variables of results begin with."""


class _Writer(NamedTuple):
    jobs: Mapping[str, JobStart]
    names: Names

    def job(self, name: str, scope: Scope, depth: int) -> list[Link]:
        job, result = self.jobs[name], variable(f"{_RESULT}{depth}", name)
        failed, stop = state_name(f"{name}: failed"), state_name(f"{name}: stop")
        run = child(self.names.job(name), _child_name(name), self.job_input(job, scope), job.timeout)
        run["Assign"] = {result: jsonata(OUTPUT)}
        run["Catch"] = [{"ErrorEquals": ["States.ALL"], "Assign": {f"failure{depth}": jsonata(_ERROR)}, "Next": failed}]
        failure = f"$failure{depth}"
        scope[name] = f"${result}"
        return [
            Link(state_name(f"{name}: started"), _job_started(name, self.names)),
            Link(
                state_name(name),
                run,
                ends={failed: {**_job_failed(name, failure), "Next": stop}, stop: _fail(failure)},
            ),
            Link(state_name(f"{name}: finished"), _job_finished(name, result)),
        ]

    def job_input(self, job: JobStart, scope: Scope) -> dict[str, Json]:
        return {
            "parameters": {name: jsonata(f"{CONTEXT_INPUT}.parameters.{field(name)}") for name in job.parameters},
            "inputs": {name: jsonata(f"{whole(source, scope)}.{field(name)}") for name, source in job.inputs.items()},
            **({"inline": jsonata(f"$min([{INLINE}, {CONTEXT_INPUT}.inline])")} if job.results else {}),
        }


def _child_name(job: str) -> str:
    """`{session}-{attempt}-{job}`: a session's id has 40 characters at most, so the job alone may be shortened."""
    return jsonata(f'{CONTEXT_INPUT}.session & "-" & $string({CONTEXT_INPUT}.attempt) & "-{known.execution_part(job)}"')


def _update(table: str, key: Mapping[str, str], values: Mapping[str, Json], remove: Sequence[str] = ()) -> State:
    sets = ", ".join(
        f"#{name} = if_not_exists(#{name}, :{name})" if name == "started" else f"#{name} = :{name}" for name in values
    )
    gone = f" REMOVE {', '.join(f'#{name}' for name in remove)}" if remove else ""
    return tables.task(
        "updateItem",
        table,
        key,
        UpdateExpression=f"SET {sets}{gone}",
        ExpressionAttributeNames={f"#{name}": name for name in (*values, *remove)},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


_ATTEMPT = {"N": jsonata(f"$string({CONTEXT_INPUT}.attempt)")}


def _run_key(job: str) -> dict[str, str]:
    return {**tables.SESSION_KEY, "run": jsonata(f'$string({CONTEXT_INPUT}.attempt) & "#{job}"')}


_PARENT = {"parent": f"{CONTEXT_INPUT}.parent.session", "step": f"{CONTEXT_INPUT}.parent.step"}
"""What is recorded of the session and its step that run this one."""


def _session_started(pipeline: str) -> State:
    values = {
        "pipeline": {"S": pipeline},
        "kind": {"S": "session"},
        "status": {"S": "RUNNING"},
        "attempt": _ATTEMPT,
        "started": tables.text("$states.context.Execution.StartTime"),
        "parameters": tables.text(f"$string({CONTEXT_INPUT}.parameters)"),
        **{name: tables.text(f'$exists({given}) ? {given} : ""') for name, given in _PARENT.items()},
        "execution": tables.text("$states.context.Execution.Id"),
    }
    return _update(SESSIONS_TABLE, tables.SESSION_KEY, values, remove=("finished", "outputs", "error", "cause"))


def _session_succeeded(outputs: Json) -> State:
    values = {
        "status": {"S": "SUCCEEDED"},
        "finished": tables.text(_NOW),
        "outputs": tables.text(f"$string({_object(outputs)})"),
    }
    return _update(SESSIONS_TABLE, tables.SESSION_KEY, values)


def _object(outputs: Mapping[str, Mapping[str, str]]) -> str:
    """The JSONata expression of an object of objects of JSONata expressions."""
    jobs = []
    for job, results in outputs.items():
        inside = ", ".join(
            f'"{name}": {value.removeprefix("{% ").removesuffix(" %}")}' for name, value in results.items()
        )
        jobs.append(f'"{job}": {{{inside}}}')
    return f"{{{', '.join(jobs)}}}"


def _failed(error: str) -> dict[str, Json]:
    return {
        "status": {"S": "FAILED"},
        "finished": tables.text(_NOW),
        "error": tables.text(f'$exists({error}.Error) ? {error}.Error : "States.Unknown"'),
        "cause": tables.text(f'$exists({error}.Cause) ? $substring({error}.Cause, 0, {CAUSE_CHARACTERS}) : ""'),
    }


def _session_failed() -> State:
    return {**_update(SESSIONS_TABLE, tables.SESSION_KEY, _failed("$failure")), "Output": {}, "Next": "Fail session"}


def _job_started(job: str, names: Names) -> State:
    execution = f'"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:execution:{names.job(job)}:" & ' + _child_name(
        job
    ).removeprefix("{% ").removesuffix(" %}")
    values = {
        "job": {"S": job},
        "attempt": _ATTEMPT,
        "status": {"S": "RUNNING"},
        "started": tables.text(_NOW),
        "execution": tables.text(execution),
    }
    return _update(JOB_RUNS_TABLE, _run_key(job), values)


def _job_finished(job: str, result: str) -> State:
    values = {
        "status": {"S": "SUCCEEDED"},
        "finished": tables.text(_NOW),
        "outputs": tables.text(f"$string(${result})"),
    }
    return _update(JOB_RUNS_TABLE, _run_key(job), values)


def _job_failed(job: str, failure: str) -> State:
    return {**_update(JOB_RUNS_TABLE, _run_key(job), _failed(failure)), "Output": {}}


def _fail(failure: str = "$failure") -> State:
    return {
        "Type": "Fail",
        "Error": jsonata(f'$exists({failure}.Error) ? {failure}.Error : "States.Unknown"'),
        "Cause": jsonata(f'$exists({failure}.Cause) ? {failure}.Cause : ""'),
    }
