"""The events of an execution, in the shape of GetExecutionHistory.

Events are kept as tuples and rendered when somebody looks: most runs are only asked for their output.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.faults import StateMachineStopped
from bunsui.interpreter.jsonvalue import compact

Event = dict[str, Any]
NOT_TRUNCATED = {"truncated": False}
MOST = 25_000
"""The events that a STANDARD execution may have on AWS."""

ENDINGS: Mapping[str, str] = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
"""The last event of an execution by its status."""

_LAST = frozenset(ENDINGS.values())


def exhausted(most: int = MOST) -> StateMachineStopped:
    """How AWS ends an execution that has as many events as it may have."""
    text = f"The execution reached the maximum number of history events ({most})."
    return StateMachineStopped("FAILED", faults.RUNTIME, text)


class History:
    """An append-only list of events; the id of an event is its place, from 1.

    Attributes:
        most: how many events there may be; the last of them has to end the execution.
    """

    __slots__ = ("_events", "most")

    def __init__(self, most: int | None = None) -> None:
        self._events: list[tuple[str, int, float, tuple[Any, ...]]] = []
        self.most = sys.maxsize if most is None else most

    def add(self, kind: str, previous: int, time: float, details: tuple[Any, ...] = ()) -> int:
        """Append an event and return its id; `details` are as the renderer of its kind wants them.

        Raises:
            StateMachineStopped: there is only room for the end of the execution.
        """
        events = self._events
        number = len(events) + 1
        if number >= self.most and kind not in _LAST:
            raise exhausted(self.most)
        events.append((kind, previous, time, details))
        return number

    def __len__(self) -> int:
        return len(self._events)

    def previous_of(self, event: int) -> int:
        """The previousEventId of an event."""
        return self._events[event - 1][1]

    def types(self) -> list[str]:
        """The event types in order."""
        return [event[0] for event in self._events]

    def render(self) -> list[Event]:
        """Every event as the API returns it."""
        return [rendered(at, *event) for at, event in enumerate(self._events, 1)]


def rendered(number: int, kind: str, previous: int, time: float, details: tuple[Any, ...]) -> Event:
    """One event as the API returns it."""
    event: Event = {
        "timestamp": datetime.fromtimestamp(time, UTC),
        "type": kind,
        "id": number,
        "previousEventId": previous,
    }
    name = DETAILS.get(kind) or (details_name(kind) if details else None)
    if name:
        event[name] = RENDERERS[name](*details)
    return event


def details_name(kind: str) -> str:
    """The member that holds the details of an event type."""
    for ending in ("StateEntered", "StateExited"):
        if kind.endswith(ending):
            return ending[0].lower() + ending[1:] + "EventDetails"
    return kind[0].lower() + kind[1:] + "EventDetails"


DETAILS: Mapping[str, str] = {
    "ExecutionFailed": "executionFailedEventDetails",
    "ExecutionAborted": "executionAbortedEventDetails",
    "ExecutionTimedOut": "executionTimedOutEventDetails",
    "ActivityFailed": "activityFailedEventDetails",
    "ActivityTimedOut": "activityTimedOutEventDetails",
    "LambdaFunctionFailed": "lambdaFunctionFailedEventDetails",
    "LambdaFunctionTimedOut": "lambdaFunctionTimedOutEventDetails",
}


def error_and_cause(error: str | None = None, cause: str | None = None, **more: Any) -> Event:
    """Details of a failure: absent parts are left out."""
    return {key: value for key, value in {"error": error, "cause": cause, **more}.items() if value is not None}


def started(value: Any, role: str) -> Event:
    """ExecutionStarted."""
    return {"input": compact(value), "inputDetails": NOT_TRUNCATED, "roleArn": role}


def entered(name: str, value: Any) -> Event:
    """StateEntered."""
    return {"name": name, "input": compact(value), "inputDetails": NOT_TRUNCATED}


def exited(name: str, value: Any, assigned: Mapping[str, Any] | None = None) -> Event:
    """StateExited, with the variables that the state assigned."""
    event = {"name": name, "output": compact(value), "outputDetails": NOT_TRUNCATED}
    if assigned:
        event["assignedVariables"] = {key: compact(item) for key, item in assigned.items()}
        event["assignedVariablesDetails"] = NOT_TRUNCATED
    return event


def output(value: Any) -> Event:
    """The result of an execution, a function or an activity."""
    return {"output": compact(value), "outputDetails": NOT_TRUNCATED}


def scheduled(resource: str, value: Any, **more: Any) -> Event:
    """A function or an activity is to run."""
    return {"resource": resource, "input": compact(value), "inputDetails": NOT_TRUNCATED, **more}


def task(kind: str, resource: str, **more: Any) -> Event:
    """Details of the events of an integration."""
    return {"resourceType": kind, "resource": resource, **{k: v for k, v in more.items() if v is not None}}


def task_scheduled(kind: str, resource: str, parameters: Any, region: str, **more: Any) -> Event:
    """TaskScheduled."""
    return {"resourceType": kind, "resource": resource, "region": region, "parameters": compact(parameters), **more}


def task_output(kind: str, resource: str, value: Any) -> Event:
    """TaskSucceeded and TaskSubmitted."""
    return {**task(kind, resource), **output(value)}


def task_failed(kind: str, resource: str, error: str | None, cause: str | None) -> Event:
    """TaskFailed and TaskTimedOut."""
    return {**task(kind, resource), **error_and_cause(error, cause)}


def extra(renderer: Callable[..., Event]) -> Callable[..., Event]:
    """A renderer whose last detail is a dict of optional members."""
    return lambda *details: renderer(*details[:-1], **details[-1])


RENDERERS: Mapping[str, Callable[..., Event]] = {
    "executionStartedEventDetails": started,
    "executionSucceededEventDetails": output,
    "executionFailedEventDetails": error_and_cause,
    "executionAbortedEventDetails": error_and_cause,
    "executionTimedOutEventDetails": error_and_cause,
    "executionRedrivenEventDetails": lambda count: {"redriveCount": count},
    "stateEnteredEventDetails": entered,
    "stateExitedEventDetails": exited,
    "evaluationFailedEventDetails": lambda state, error, cause, location: error_and_cause(
        error, cause, location=location, state=state
    ),
    "mapStateStartedEventDetails": lambda length: {"length": length},
    "mapIterationStartedEventDetails": lambda name, index: {"name": name, "index": index},
    "mapIterationSucceededEventDetails": lambda name, index: {"name": name, "index": index},
    "mapIterationFailedEventDetails": lambda name, index: {"name": name, "index": index},
    "mapIterationAbortedEventDetails": lambda name, index: {"name": name, "index": index},
    "mapRunStartedEventDetails": lambda arn: {"mapRunArn": arn},
    "mapRunFailedEventDetails": error_and_cause,
    "mapRunRedrivenEventDetails": lambda arn, count: {"mapRunArn": arn, "redriveCount": count},
    "lambdaFunctionScheduledEventDetails": extra(scheduled),
    "lambdaFunctionSucceededEventDetails": output,
    "lambdaFunctionFailedEventDetails": error_and_cause,
    "lambdaFunctionTimedOutEventDetails": error_and_cause,
    "activityScheduledEventDetails": extra(scheduled),
    "activityStartedEventDetails": lambda worker: {"workerName": worker},
    "activitySucceededEventDetails": output,
    "activityFailedEventDetails": error_and_cause,
    "activityTimedOutEventDetails": error_and_cause,
    "taskScheduledEventDetails": extra(task_scheduled),
    "taskStartedEventDetails": task,
    "taskSubmittedEventDetails": task_output,
    "taskSucceededEventDetails": task_output,
    "taskFailedEventDetails": task_failed,
    "taskTimedOutEventDetails": task_failed,
}
