"""A wait: a Wait state, or a loop that looks until something is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bunsui.compile.states import ONWARD, Link, jsonata, machine, retrier, state_name, text
from bunsui.compile.steps.context import Context
from bunsui.compile.workers import table_arn
from bunsui.model.binding import Bound
from bunsui.model.calls import Call, Why
from bunsui.model.names import ACCOUNT, PARTITION, REGION, SESSIONS_TABLE, Names
from bunsui.model.references import FromConstant
from bunsui.model.target import State
from bunsui.model.wait import SECONDS, UNTIL, Wait

TIMED_OUT = "Bunsui.TimedOut"
WITH_OFFSET = r'($at := {}; $contains($at, /(Z|[+-]\d\d:?\d\d)$/) ? $at : $at & "Z")'
"""JSONata of a time, in UTC where it has no offset: a Timestamp has to have one (Amazon States Language, "Wait")."""

BY_PIPELINE = "by-pipeline"
LOOK_TIMEOUT = 60
LISTED = 100
"""Objects that one look lists, small enough for a state's output of 256 KiB."""
_NOW = "$states.context.State.EnteredTime"
_RETRY = {"IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2.0}


def links(bound: Bound, context: Context) -> list[Link]:
    """A Wait and a result of None, or the loop in a branch of its own, so that its end can be caught."""
    step = bound.operation
    assert isinstance(step, Wait)
    return _loop(step, context) if step.polls else _wait(bound, step, context)


def _wait(bound: Bound, step: Wait, context: Context) -> list[Link]:
    state: State = {"Type": "Wait"}
    for name, field, form in ((SECONDS, "Seconds", "{}"), (UNTIL, "Timestamp", WITH_OFFSET)):
        source = bound.inputs.get(name)
        if isinstance(source, FromConstant):
            state[field] = source.value
        elif source is not None:
            state[field] = jsonata(form.format(context.inside(source)))
    state["Assign"] = {context.result(step.name): {"value": None}}
    return [Link(state_name(step.name), state)]


class _Look(NamedTuple):
    """A Task that looks, and JSONata of what it found; undefined where it found nothing, and of the step's value."""

    task: State
    found: str
    value: str


def _loop(step: Wait, context: Context) -> list[Link]:
    name, result = step.name, context.result(step.name)
    look = _object(step, context.plan.names) if step.object is not None else _session(step, context.plan.names)
    begin, looks, wait, late = (state_name(f"{name}: {one}") for one in ("begin", "look", "wait", "too late"))
    task: State = {
        **look.task,
        "TimeoutSeconds": LOOK_TIMEOUT,
        "Assign": {"value": jsonata(f"$exists({look.found}) ? {look.value} : null")},
        "Retry": [retrier(("States.TaskFailed", "States.Timeout"), **_RETRY)],
    }
    waited = f"$toMillis({_NOW}) - $toMillis($begun)"
    choice: State = {
        "Type": "Choice",
        "Choices": [
            {"Condition": jsonata("$value != null"), "Next": ONWARD},
            {"Condition": jsonata(f"{waited} >= {step.timeout * 1000}"), "Next": late},
        ],
        "Default": wait,
    }
    ends: dict[str, State] = {
        wait: {"Type": "Wait", "Seconds": step.every, "Next": looks},
        late: {"Type": "Fail", "Error": TIMED_OUT, "Cause": f"{_what(step)} was not there in {step.timeout:,} seconds"},
    }
    links = [
        Link(begin, {"Type": "Pass", "Assign": {"begun": jsonata(_NOW)}}),
        Link(looks, task),
        Link(state_name(f"{name}: there?"), choice, ends=ends),
    ]
    told = jsonata(context.told(name, "$states.result[0]"))
    body = machine(links, jsonata("$value"))
    return [Link(state_name(name), {"Type": "Parallel", "Branches": [body], "Assign": {result: told}})]


def _object(step: Wait, names: Names) -> _Look:
    """The key itself or one below it; a listing begins with names that only begin alike."""
    assert step.object is not None
    bucket, path = step.object.resource.physical_name(names), step.object.path
    task: State = {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::aws-sdk:s3:listObjectsV2",
        "Arguments": {"Bucket": bucket, "Prefix": path, "MaxKeys": LISTED},
    }
    key, below = text(path), text(f"{path}/")
    found = f"$states.result.Contents[Key = {key} or $substring(Key, 0, {len(path) + 1}) = {below}][0]"
    value = f'{{"uri": "s3://{bucket}/" & {found}.Key, "format": null, "rows": null, "bytes": $number({found}.Size)}}'
    return _Look(task, found, value)


def _session(step: Wait, names: Names) -> _Look:
    """The newest session of the environment; the record knows pipelines of all environments by their own name."""
    wanted = step.session
    assert wanted is not None
    stack = Names(wanted.pipeline, names.prefix)
    since = f"$fromMillis($toMillis($begun) - {wanted.within * 1000})"
    values = {
        "pipeline": wanted.pipeline,
        "started": jsonata(since),
        "status": "SUCCEEDED",
        "execution": f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:execution:{stack.machine}:",
    }
    task: State = {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::aws-sdk:dynamodb:query",
        "Arguments": {
            "TableName": SESSIONS_TABLE,
            "IndexName": BY_PIPELINE,
            "KeyConditionExpression": "#pipeline = :pipeline AND #started >= :started",
            "FilterExpression": "#status = :status AND begins_with(#execution, :execution)",
            "ProjectionExpression": "#session",
            "ScanIndexForward": False,
            "ExpressionAttributeNames": {f"#{name}": name for name in (*values, "session")},
            "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in values.items()},
        },
    }
    found = "$states.result.Items[0].session.S"
    return _Look(task, found, found)


def _what(step: Wait) -> str:
    if step.object is not None:
        return f"object {step.object.label}"
    assert step.session is not None
    return f"a successful session of pipeline {step.session.pipeline!r}"


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """What looking needs: to list the objects at the key, or to read the record of sessions."""
    step = bound.operation
    assert isinstance(step, Wait)
    if step.object is not None:
        why = Why(step.name, f"wait for {step.object.label}", step.where)
        needed = step.object.resource.calls("reads", step.object.path, names, why)
        yield from (call for call in needed if call.action == "s3:ListBucket")
    if step.session is not None:
        why = Why(step.name, f"wait for pipeline {step.session.pipeline}", step.where)
        yield Call("dynamodb:Query", f"{table_arn(SESSIONS_TABLE)}/index/{BY_PIPELINE}", why)
