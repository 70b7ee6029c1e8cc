"""What a session's machine records of the session and its job runs (docs/architecture.md, "Session tables").

All writes are idempotent, so every error of theirs is retried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bunsui.compile import tables
from bunsui.compile.states import CONTEXT_INPUT, jsonata
from bunsui.model import names as known
from bunsui.model.names import ACCOUNT, JOB_RUNS_TABLE, PARTITION, REGION, SESSIONS_TABLE, Names
from bunsui.model.target import Json, State

CAUSE_CHARACTERS = 8000
"""How much of a cause is recorded; an item has 400 KB for everything."""

_NOW = "$states.context.State.EnteredTime"
_ATTEMPT = {"N": jsonata(f"$string({CONTEXT_INPUT}.attempt)")}

_PARENT = {"parent": f"{CONTEXT_INPUT}.parent.session", "step": f"{CONTEXT_INPUT}.parent.step"}
"""What is recorded of the session and its step that run this one."""


def session_started(pipeline: str) -> State:
    """The session runs; what an earlier attempt came to is gone."""
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


def session_succeeded(outputs: Mapping[str, Mapping[str, str]]) -> State:
    """The session went well; `outputs` are the fields of the machine's output."""
    values = {
        "status": {"S": "SUCCEEDED"},
        "finished": tables.text(_NOW),
        "outputs": tables.text(f"$string({_object(outputs)})"),
    }
    return _update(SESSIONS_TABLE, tables.SESSION_KEY, values)


def session_failed(failure: str) -> State:
    """The session failed with an error, JSONata."""
    return {**_update(SESSIONS_TABLE, tables.SESSION_KEY, _failed(failure)), "Output": {}}


def job_started(job: str, names: Names) -> State:
    """The job runs."""
    machine = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:execution:{names.job(job)}:"
    values = {
        "job": {"S": job},
        "attempt": _ATTEMPT,
        "status": {"S": "RUNNING"},
        "started": tables.text(_NOW),
        "execution": tables.text(f'"{machine}" & {run_name(job)}'),
    }
    return _update(JOB_RUNS_TABLE, _run_key(job), values)


def job_finished(job: str, outputs: str) -> State:
    """The job went well; its outputs are JSONata."""
    values = {
        "status": {"S": "SUCCEEDED"},
        "finished": tables.text(_NOW),
        "outputs": tables.text(f"$string({outputs})"),
    }
    return _update(JOB_RUNS_TABLE, _run_key(job), values)


def job_failed(job: str, failure: str) -> State:
    """The job failed with an error, JSONata, and the session with it."""
    return {**_update(JOB_RUNS_TABLE, _run_key(job), _failed(failure)), "Output": {}}


def job_handled(job: str, failure: str, outputs: str) -> State:
    """The job failed with an error, and the session goes on with these outputs instead; both are JSONata."""
    values = {
        **_failed(failure),
        "handled": {"BOOL": True},
        "outputs": tables.text(f"$string({outputs})"),
    }
    return {**_update(JOB_RUNS_TABLE, _run_key(job), values), "Output": {}}


def job_skipped(job: str, reason: str, outputs: str) -> State:
    """The job was skipped; the reason and what stands for its outputs are JSONata."""
    values = {
        "job": {"S": job},
        "attempt": _ATTEMPT,
        "status": {"S": "SKIPPED"},
        "started": tables.text(_NOW),
        "finished": tables.text(_NOW),
        "cause": tables.text(reason),
        "outputs": tables.text(f"$string({outputs})"),
    }
    return _update(JOB_RUNS_TABLE, _run_key(job), values)


def run_name(job: str) -> str:
    """JSONata of the name of a job's execution.

    `{session}-{attempt}-{job}`: a session's id has 40 characters at most, so the job alone may be shortened.
    """
    return f'{CONTEXT_INPUT}.session & "-" & $string({CONTEXT_INPUT}.attempt) & "-{known.execution_part(job)}"'


def _run_key(job: str) -> dict[str, str]:
    return {**tables.SESSION_KEY, "run": jsonata(f'$string({CONTEXT_INPUT}.attempt) & "#{job}"')}


def _failed(error: str) -> dict[str, Json]:
    return {
        "status": {"S": "FAILED"},
        "finished": tables.text(_NOW),
        "error": tables.text(f'$exists({error}.Error) ? {error}.Error : "States.Unknown"'),
        "cause": tables.text(f'$exists({error}.Cause) ? $substring({error}.Cause, 0, {CAUSE_CHARACTERS}) : ""'),
    }


def _object(outputs: Mapping[str, Mapping[str, str]]) -> str:
    """The JSONata expression of an object of objects of JSONata expressions."""
    jobs = []
    for job, results in outputs.items():
        inside = ", ".join(
            f'"{name}": {value.removeprefix("{% ").removesuffix(" %}")}' for name, value in results.items()
        )
        jobs.append(f'"{job}": {{{inside}}}')
    return f"{{{', '.join(jobs)}}}"


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
