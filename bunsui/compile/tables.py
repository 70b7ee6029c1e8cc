"""Task states that read and write the control stack's tables."""

from __future__ import annotations

from collections.abc import Mapping

from bunsui.compile.states import CONTEXT_INPUT, jsonata, retrier
from bunsui.model.names import PARTITION
from bunsui.model.target import Json, State

TIMEOUT = 60
"""Seconds that one read or write may take."""

RETRY = {"IntervalSeconds": 1, "MaxAttempts": 8, "BackoffRate": 2.0}

SESSION_KEY = {"session": jsonata(f"{CONTEXT_INPUT}.session")}


def task(action: str, table: str, key: Mapping[str, str], **arguments: Json) -> State:
    """An action on one item; repeating it changes nothing, so every error is retried."""
    return {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::dynamodb:{action}",
        "Arguments": {"TableName": table, "Key": {name: {"S": value} for name, value in key.items()}, **arguments},
        "TimeoutSeconds": TIMEOUT,
        "Retry": [retrier(("States.TaskFailed", "States.Timeout"), **RETRY)],
    }


def text(expression: str) -> Json:
    """A string attribute whose value is JSONata."""
    return {"S": jsonata(expression)}


def number(expression: str) -> Json:
    """A number attribute whose value is JSONata."""
    return {"N": jsonata(f"$string({expression})")}
