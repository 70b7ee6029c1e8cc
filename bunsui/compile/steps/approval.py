"""An approval: its token is put into the control stack's table, and the Task waits until somebody sends the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bunsui.compile.states import CONTEXT_INPUT, Link, jsonata, retrier, state_name, text
from bunsui.compile.steps.context import Context
from bunsui.compile.workers import table_arn
from bunsui.model.approval import Approval, placeholders
from bunsui.model.binding import Bound
from bunsui.model.calls import Call, Why
from bunsui.model.names import APPROVALS_TABLE, PARTITION, Names
from bunsui.model.step import Step
from bunsui.model.target import Json, State

KEPT_SECONDS = 400 * 86_400
"""How long an answered approval is kept after it was asked for: longer than an execution may take, for the record."""

ANSWERS = ("approve", "reject")

TRANSIENT = tuple(
    f"DynamoDb.{name}"
    for name in (
        "DynamoDbException",
        "InternalServerErrorException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceededException",
        "SdkClientException",
        "ThrottlingException",
    )
)
"""Errors of an SDK integration have the SDK's names (AWS Step Functions guide, "supported-services-awssdk")."""

TOKEN = "$states.context.Task.Token"  # noqa: S105 - the name of a field
_NOW = "$states.context.State.EnteredTime"


def links(bound: Bound, context: Context) -> list[Link]:
    """The Task that waits for the answer; where silence is an answer, a Pass that gives it."""
    step = bound.operation
    assert isinstance(step, Approval)
    name, result = step.name, context.result(step.name)
    state = ask(bound, context, message(bound, context), Terms(step.approvers, step.timeout, ANSWERS, step.rejected))
    state["Assign"] = {result: jsonata(context.told(name, "$states.result"))}
    if step.heartbeat is not None:
        state["HeartbeatSeconds"] = step.heartbeat
    if step.on_timeout == "fail":
        return [Link(state_name(name), state)]
    silent = state_name(f"{name}: no answer")
    state["Catch"] = [{"ErrorEquals": ["States.Timeout"], "Next": silent}]
    return [Link(state_name(name), state, beside={silent: _silence(step, result, context)})]


def _silence(step: Approval, result: str, context: Context) -> State:
    approved = json.dumps(step.on_timeout == "approve")
    said = f'"approved": {approved}, "by": "", "comment": "no answer within {step.timeout:,} seconds", "at": {_NOW}'
    return {"Type": "Pass", "Assign": {result: jsonata(context.told(step.name, f"{{{said}}}"))}}


class Terms(NamedTuple):
    """How a question may be answered.

    Attributes:
        approvers: ARN patterns of who may.
        timeout: seconds to wait.
        answers: what they may say.
        rejected: `fail` where the last answer fails the Task with `Bunsui.Rejected`.
        retries: how often `retry` may be said in an attempt.
    """

    approvers: tuple[str, ...]
    timeout: int
    answers: tuple[str, ...]
    rejected: str = "continue"
    retries: int = 0


def ask(bound: Bound, context: Context, said: str, terms: Terms) -> State:
    """The Task that asks and waits, without what comes of it; its result is what the answer brings.

    Args:
        bound: the step that waits.
        context: where it stands.
        said: JSONata of what people read.
        terms: how they may answer.
    """
    name = bound.operation.name
    at = f"$floor($toMillis({_NOW}) / 1000)"
    values: dict[str, Json] = {
        "token": {"S": jsonata(TOKEN)},
        "pending": {"S": "yes"},
        "pipeline": {"S": context.plan.pipeline},
        "prefix": {"S": context.plan.names.prefix},
        "job": {"S": context.plan.job},
        "operation": {"S": name},
        "attempt": {"N": jsonata(f"$string({CONTEXT_INPUT}.attempt)")},
        "execution": {"S": jsonata("$states.context.Execution.Id")},
        "message": {"S": jsonata(said)},
        "approvers": {"S": json.dumps(terms.approvers)},
        "answers": {"S": json.dumps(terms.answers)},
        "rejected": {"S": terms.rejected},
        "retries": {"N": str(terms.retries)},
        "requested": {"S": jsonata(_NOW)},
        "until": {"N": jsonata(f"$string({at} + {terms.timeout})")},
        "expires": {"N": jsonata(f"$string({at} + {KEPT_SECONDS})")},
    }
    sets, gone = ", ".join(f"#{one} = :{one}" for one in values), ("answer", "by", "comment", "at")
    key = jsonata(f'$string({CONTEXT_INPUT}.attempt) & "#{context.plan.job}#{name}"')
    return {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "Arguments": {
            "TableName": APPROVALS_TABLE,
            "Key": {"session": {"S": jsonata(f"{CONTEXT_INPUT}.session")}, "approval": {"S": key}},
            "UpdateExpression": f"SET {sets} REMOVE {', '.join(f'#{one}' for one in gone)} ADD #asked :one",
            "ExpressionAttributeNames": {f"#{one}": one for one in (*values, *gone, "asked")},
            "ExpressionAttributeValues": {**{f":{one}": value for one, value in values.items()}, ":one": {"N": "1"}},
        },
        "TimeoutSeconds": terms.timeout,
        "Retry": [retrier(TRANSIENT, IntervalSeconds=1, MaxAttempts=8, BackoffRate=2.0)],
    }


def message(bound: Bound, context: Context) -> str:
    """JSONata of the message with its inputs filled in; what is no text is written as JSON."""
    step = bound.operation
    assert isinstance(step, Approval)
    pieces = []
    for said, name in placeholders(step.message):
        if said:
            pieces.append(text(said))
        if name is not None:
            pieces.append(f"$string({context.inside(bound.inputs[name])})")
    return " & ".join(pieces)


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """The record of the question."""
    yield question_call(bound.operation)


def question_call(step: Step) -> Call:
    """What asking needs."""
    return Call("dynamodb:UpdateItem", table_arn(APPROVALS_TABLE), Why(step.name, "ask for approval", step.where))
