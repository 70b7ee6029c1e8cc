"""Questions to people: a Task that puts its token into the control stack's table, and waits for the answer."""

from __future__ import annotations

import json
from typing import NamedTuple

from bunsui.compile.states import CONTEXT_INPUT, jsonata, retrier
from bunsui.compile.workers import table_arn
from bunsui.model.calls import Call, Why
from bunsui.model.names import APPROVALS_TABLE, PARTITION
from bunsui.model.target import Json, State

KEPT_SECONDS = 400 * 86_400
"""How long an answered approval is kept after it was asked for: longer than an execution may take, for the record."""

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


class Asker(NamedTuple):
    """Who asks.

    Attributes:
        pipeline, prefix: of the session.
        job: name.
        operation: the step that asks, or the job where it asks as a whole.
        step: the step, or empty.
    """

    pipeline: str
    prefix: str
    job: str
    operation: str
    step: str


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


def ask(asker: Asker, said: str, terms: Terms) -> State:
    """The Task that asks and waits, without what comes of it; its result is what the answer brings.

    Args:
        asker: who asks.
        said: JSONata of what people read.
        terms: how they may answer.
    """
    at = f"$floor($toMillis({_NOW}) / 1000)"
    values: dict[str, Json] = {
        "token": {"S": jsonata(TOKEN)},
        "pending": {"S": "yes"},
        "pipeline": {"S": asker.pipeline},
        "prefix": {"S": asker.prefix},
        "job": {"S": asker.job},
        "operation": {"S": asker.operation},
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
    key = jsonata(f'$string({CONTEXT_INPUT}.attempt) & "#{asker.job}#{asker.step}"')
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


def question_call(why: Why) -> Call:
    """What asking needs."""
    return Call("dynamodb:UpdateItem", table_arn(APPROVALS_TABLE), why)
