"""The mock of a state under test: which states take one, and whether a result looks like the service's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.interpreter.calls import Call
from bunsui.interpreter.definition import MapState, ParallelState, State, TaskState
from bunsui.interpreter.faults import TaskFailed

MOCKABLE = frozenset({"Task", "Map", "Parallel"})
CONTEXT_FIELDS: Mapping[str, frozenset[str]] = {
    "Execution": frozenset({"Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"}),
    "State": frozenset({"EnteredTime", "Name", "RetryCount"}),
    "StateMachine": frozenset({"Id", "Name"}),
    "Task": frozenset({"Token"}),
}
NOT_STRINGS = frozenset({"Input", "RetryCount", "RedriveCount"})

Shapes = Callable[[str, str], Any]
"""From service and action to the shape of the result, as botocore models it."""


class StateTestRefused(ValueError):
    """A request that TestState refuses, with its words."""


@dataclass(frozen=True, slots=True)
class Mock:
    """What a state under test gets instead of calling its service.

    Attributes:
        result: the result as a value.
        error: fails the state instead, together with `cause`.
        validation: STRICT, PRESENT or NONE: how the result is held against the service's model.
    """

    result: Any = None
    error: str | None = None
    cause: str | None = None
    failing: bool = False
    validation: str = "STRICT"

    def answer(self, call: Call) -> Any:
        """Answer in place of the service."""
        if self.failing:
            raise TaskFailed(self.error, self.cause)
        return self.result


def check_mock(mock: Mock | None, state: State, failures: int | None) -> None:
    """Refuse mocks that do not fit the state.

    Raises:
        StateTestRefused: with the reason.
    """
    if mock is None:
        if isinstance(state, MapState | ParallelState):
            raise StateTestRefused(
                "TestState API does not support Map or Parallel states. "
                "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]"
            )
        return
    if state.kind not in MOCKABLE:
        raise StateTestRefused(f"State type '{state.kind}' is not supported when a mock is specified")
    if mock.failing:
        return
    if isinstance(state, ParallelState) and (
        not isinstance(mock.result, list) or len(mock.result) != len(state.branches)
    ):
        raise StateTestRefused("Mocked result must contain the same number of items as number of Parallel branches.")
    if isinstance(state, MapState):
        if state.writer is not None and not isinstance(mock.result, dict):
            raise StateTestRefused("Mocked result must be a JSON object.")
        if state.writer is None and not isinstance(mock.result, list):
            raise StateTestRefused("Mocked result must be an array.")
        if failures is not None and failures > len(mock.result):
            raise StateTestRefused(
                "Map iteration failure count must be less than or equal to the number of Map iterations"
            )


def check_context(context: Any, state: State) -> None:
    """Refuse context objects that could not be.

    Raises:
        StateTestRefused: with the reason.
    """
    head = "Invalid Context object provided: "
    if not isinstance(context, dict):
        raise StateTestRefused(head + "Context object must be a JSON object")
    for name, content in context.items():
        if name == "Map":
            raise StateTestRefused(head + "'Map' field is not supported when mocking a Context object")
        if name not in CONTEXT_FIELDS:
            raise StateTestRefused(f"{head}Field '{name}' is not allowed")
        for field, value in content.items() if isinstance(content, dict) else ():
            if field not in CONTEXT_FIELDS[name]:
                raise StateTestRefused(f"{head}Field '{field}' is not allowed")
            if field not in NOT_STRINGS and not isinstance(value, str):
                raise StateTestRefused(f"{head}{name}.{field} must be a string")
    waits = isinstance(state, TaskState) and state.resource.pattern
    if "Task" in context and not waits:
        raise StateTestRefused(
            head + "Context object contains 'Task' when state is not a Task state with a '.sync' or "
            "'.waitForTaskToken' service integration pattern"
        )


def check_result(mock: Mock | None, state: State, shapes: Shapes | None) -> None:
    """Hold a mocked result against the model of its service, if that is known.

    Raises:
        StateTestRefused: with the first field that does not fit.
    """
    if mock is None or mock.failing or mock.validation == "NONE" or shapes is None:
        return
    if not isinstance(state, TaskState) or state.resource.family != "integration" or state.resource.pattern:
        return
    shape = shapes(state.resource.service.removeprefix("aws-sdk:"), state.resource.action)
    if shape is not None:
        fits(shape, mock.result, "", mock.validation == "STRICT")


def refuse(problem: str) -> StateTestRefused:
    """A field of a mocked result is wrong."""
    return StateTestRefused(f"Mock result schema validation error: {problem}")


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("a string", lambda value: isinstance(value, str)),
    "blob": ("a string", lambda value: isinstance(value, str)),
    "timestamp": ("a string", lambda value: isinstance(value, str)),
    "boolean": ("a boolean", lambda value: isinstance(value, bool)),
    **dict.fromkeys(
        ("integer", "long", "float", "double"),
        ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    ),
    "list": ("an array", lambda value: isinstance(value, list)),
    "structure": ("an object", lambda value: isinstance(value, dict)),
    "map": ("an object", lambda value: isinstance(value, dict)),
}


def fits(shape: Any, value: Any, field: str, strict: bool) -> None:
    """Compare a value with a shape, from the outside in.

    Raises:
        StateTestRefused: where they differ.
    """
    kind = shape.type_name
    wanted, accepts = KINDS.get(kind, ("", lambda _: True))
    # A payload is a blob to the API, but Step Functions hands it on as JSON.
    if kind == "blob" and field in {"Payload", "Body"}:
        return
    if not accepts(value):
        raise refuse(f"Field '{field}' must be {wanted}")
    within_limits(shape, value, field)
    if kind == "structure":
        members = {name[0].upper() + name[1:]: member for name, member in shape.members.items()}
        for name in shape.required_members if strict else ():
            if name[0].upper() + name[1:] not in value:
                raise refuse(f"Field '{name[0].upper() + name[1:]}' is missing")
        for name, item in value.items():
            if name in members:
                fits(members[name], item, name, strict)
    elif kind == "list":
        for item in value:
            fits(shape.member, item, field, strict)
    elif kind == "map":
        for item in value.values():
            fits(shape.value, item, field, strict)


def within_limits(shape: Any, value: Any, field: str) -> None:
    """Enumerations, lengths and ranges."""
    if getattr(shape, "enum", None) and value not in shape.enum:
        raise refuse(f"Field '{field}' is not an expected value")
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(value, str | list):
        if low is not None and len(value) < low:
            raise refuse(f"Field '{field}' is smaller than the minimum length")
        if high is not None and len(value) > high:
            raise refuse(f"Field '{field}' exceeds the maximum length")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if low is not None and value < low:
            raise refuse(f"Field '{field}' is less than the minimum value")
        if high is not None and value > high:
            raise refuse(f"Field '{field}' exceeds the maximum value")
