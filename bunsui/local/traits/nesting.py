"""Starting an execution by name, and waiting for the execution of a child.

AWS: StartExecution with the name and input of an execution that still runs returns that execution, so a start may be
repeated. `states:startExecution.sync:2` fails with States.TaskFailed when the child fails, is stopped or times out, and
the cause is the child's description as JSON, with its Error and Cause; it stops the child when the parent is stopped,
when its branch is given up or its task times out; a name that was used is an error of its own,
StepFunctions.ExecutionAlreadyExistsException. The SDK integration of Step Functions itself names its errors as the Java
SDK does: Sfn.TaskDoesNotExistException, Sfn.TaskTimedOutException.

MiniStack: refuses every second start; runs the child inside the parent's thread, writes over an execution of the same
name, raises the child's own error name in the parent, and lets the child run on when the parent is stopped; says
Sfn.TaskDoesNotExist.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from bunsui.local.traits import stopping
from bunsui.local.traits.anchor import wrap

_POLL_SECONDS = 0.01


def apply() -> None:
    """Patch the start of an execution, and of a child that is waited for."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_start_execution", _idempotent)
    wrap(stepfunctions, "_invoke_nested_start_execution_sync", lambda _: _run_child)
    wrap(stepfunctions, "_prefix_sdk_error", _as_java)


def _idempotent(start: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def start_execution(data: dict[str, Any]) -> Any:
        machine = sfn._state_machines.get(sfn._resolve_state_machine_arn(data.get("stateMachineArn", "")) or "")
        if machine is not None and data.get("name"):
            scope = f"{sfn.get_region()}:{sfn.get_account_id()}"
            execution = sfn._executions.get(f"arn:aws:states:{scope}:execution:{machine['name']}:{data['name']}")
            same = execution is not None and execution["input"] == data.get("input", "{}")
            if execution is not None and same and execution["status"] == "RUNNING":
                return sfn.json_response(
                    {"executionArn": execution["executionArn"], "startDate": execution["startDate"]}
                )
        return start(data)

    return start_execution


def _as_java(prefix: Callable[[str, str], str]) -> Callable[[str, str], str]:
    def prefix_error(service: str, code: str) -> str:
        name = prefix(service, code)
        return f"{name}Exception" if name.startswith("Sfn.") and not name.endswith("Exception") else name

    return prefix_error


def _run_child(resource: str, input_data: dict[str, Any]) -> dict[str, Any]:
    from ministack.services import stepfunctions as sfn

    status, _, body = sfn._start_execution(sfn._nested_start_execution_request(input_data))
    answer = json.loads(body)
    if status >= 400:
        kind = str(answer.get("__type", "Runtime")).rsplit("#", 1)[-1].removesuffix("Exception")
        raise sfn._ExecutionError(f"StepFunctions.{kind}Exception", answer.get("message", ""))
    child = sfn._executions[answer["executionArn"]]
    try:
        while child["status"] == "RUNNING":
            stopping.check()
            time.sleep(_POLL_SECONDS)
    except stopping.StoppedError:
        sfn._stop_execution({"executionArn": child["executionArn"]})
        raise
    description = _describe(child)
    if child["status"] != "SUCCEEDED":
        raise sfn._ExecutionError("States.TaskFailed", json.dumps(description))
    output = child["output"] or "{}"
    return {
        **description,
        "Output": json.loads(output) if resource.endswith(".sync:2") else output,
        "OutputDetails": {"Included": True},
    }


def _describe(child: dict[str, Any]) -> dict[str, Any]:
    failure = {"Error": child.get("error"), "Cause": child.get("cause")}
    return {
        **{key: value for key, value in failure.items() if value},
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
