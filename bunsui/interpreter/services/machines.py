"""Step Functions itself: nested executions and task tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import iso
from bunsui.interpreter.calls import Call, Handler, Submitted
from bunsui.interpreter.definition import Machine
from bunsui.interpreter.faults import Fault, TaskFailed
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.parsing import parse
from bunsui.interpreter.run import NotRedrivable, Run
from bunsui.interpreter.services.metadata import cause, dressed


class StateMachines:
    """State machines by name or ARN, which executions can start; definitions as JSON text or objects."""

    def __init__(self, machines: Mapping[str, Any] | None = None, workflow_type: str = "STANDARD") -> None:
        self._express = workflow_type == "EXPRESS"
        self._machines: dict[str, Machine] = {
            short(name): parse(definition, workflow_type) for name, definition in (machines or {}).items()
        }

    def integrations(self) -> Mapping[str, Handler]:
        """Starting, and answering task tokens."""
        return {
            **TOKENS,
            "states:startExecution": self.start,
            "states:startExecution.sync": self._synchronous(compact),
            "states:startExecution.sync:2": self._synchronous(lambda value: value),
            "aws-sdk:sfn:startExecution": self.start,
            "aws-sdk:sfn:startSyncExecution": self._synchronous(compact),
        }

    def begin(self, call: Call) -> Run:
        """Start a nested execution in the same world.

        Raises:
            TaskFailed: the machine does not exist.
        """
        arn = str(call.arguments.get("StateMachineArn", ""))
        machine = self._machines.get(short(arn))
        if machine is None:
            text = cause(
                f"State Machine Does Not Exist: '{arn}'", "AWSStepFunctions", 400, "StateMachineDoesNotExist", call
            )
            raise TaskFailed("StepFunctions.StateMachineDoesNotExistException", text)
        world = call.run.world
        given = call.arguments.get("Input")
        run = Run(
            world,
            machine,
            given_input(given),
            name=call.arguments.get("Name") or world.identifier(),
            machine_arn=arn if arn.startswith("arn:") else call.run.machine_arn.rpartition(":")[0] + f":{arn}",
            role=call.run.role,
            express=self._express,
            nested=True,
        )
        world.runs[run.arn] = run
        run.start()
        return run

    def start(self, call: Call) -> Any:
        """`startExecution`: does not wait."""
        return self.response(call, self.begin(call))

    @staticmethod
    def response(call: Call, run: Run) -> dict[str, Any]:
        """What starting answers."""
        found = {"ExecutionArn": run.arn, "StartDate": iso(run.started)}
        if call.integration.startswith("aws-sdk:"):
            return found
        length = len(run.arn) + len('{"executionArn":"","startDate":1.735689600000E9}')
        return dressed(call, found, length, Connection="", connection="keep-alive")

    def _synchronous(self, spell: Callable[[Any], Any]) -> Handler:
        """`startExecution.sync` gives the output as text, `.sync:2` as JSON."""

        def handle(call: Call) -> Any:
            run = redriven(call.earlier) or self.begin(call)
            future = call.run.world.scheduler.future()

            def ended(child: Run) -> None:
                if child.failure is not None:
                    future.fail(child.failure)
                elif child.status == "SUCCEEDED":
                    future.resolve(described(child, spell))
                else:
                    future.fail(Fault(faults.TASK_FAILED, compact(described(child, compact))))

            run.on_end = ended
            return Submitted(self.response(call, run), future, run)

        return handle


def redriven(run: Run | None) -> Run | None:
    """An execution that its parent started before, going on; None where there is none that can."""
    if run is None:
        return None
    try:
        run.redrive()
    except NotRedrivable:
        return None
    return run


def given_input(value: Any) -> Any:
    """The input of a nested execution: JSON text is read, nothing is an empty object."""
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def described(run: Run, spell: Callable[[Any], Any]) -> dict[str, Any]:
    """An execution as DescribeExecution gives it to a task."""
    found: dict[str, Any] = {
        "ExecutionArn": run.arn,
        "Input": spell(run.input),
        "InputDetails": {"Included": True},
        "Name": run.name,
        "RedriveCount": run.redrives,
        "StartDate": int(run.started * 1000),
        "StateMachineArn": run.machine_arn,
        "Status": run.status,
        "StopDate": int((run.stopped or run.started) * 1000),
    }
    if run.status == "SUCCEEDED":
        found |= {
            "Output": spell(run.output),
            "OutputDetails": {"Included": True},
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
    else:
        told = {"Error": run.error, "Cause": run.cause, "RedriveStatus": "REDRIVABLE"}
        found |= {key: value for key, value in told.items() if value is not None}
    return dict(sorted(found.items()))


def short(name: str) -> str:
    """The name of a state machine, out of its ARN."""
    return name.rpartition(":")[2] if name.startswith("arn:") else name


def send_success(call: Call) -> Any:
    """SendTaskSuccess; the output is JSON text, or a value that becomes one."""
    answer_token(call, lambda token: call.run.world.send_success(token, read_output(call)))
    return {}


def read_output(call: Call) -> Any:
    """The output of SendTaskSuccess.

    Raises:
        TaskFailed: it is text, but no JSON.
    """
    given = call.arguments.get("Output", call.arguments.get("TaskOutput"))
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise invalid_output() from None


def send_failure(call: Call) -> Any:
    """SendTaskFailure."""
    given = call.arguments
    reason = given.get("Cause")
    text = reason if reason is None or isinstance(reason, str) else compact(reason)
    answer_token(call, lambda token: call.run.world.send_failure(token, given.get("Error"), text))
    return {}


def send_heartbeat(call: Call) -> Any:
    """SendTaskHeartbeat."""
    answer_token(call, call.run.world.send_heartbeat)
    return {}


def describe_map_run(call: Call) -> Any:
    """DescribeMapRun, of a Map Run of the execution that asks.

    Raises:
        TaskFailed: it has none of that ARN.
    """
    arn = call.arguments.get("MapRunArn")
    found = next((one for one in call.run.map_runs if one.arn == arn), None)
    if found is None:
        text = cause(f"Map Run Does Not Exist: '{arn}'", "Sfn", 400, "ResourceNotFound", call)
        raise TaskFailed("Sfn.ResourceNotFoundException", text)
    return {
        "ExecutionArn": found.execution,
        "ExecutionCounts": _spelled(found.execution_counts),
        "ItemCounts": _spelled(found.item_counts),
        "MapRunArn": found.arn,
        "MaxConcurrency": found.max_concurrency,
        "RedriveCount": found.redrives,
        "StartDate": iso(found.started),
        "Status": found.status,
        "StopDate": iso(found.stopped or found.started),
        "ToleratedFailureCount": found.tolerated_count,
        "ToleratedFailurePercentage": found.tolerated_percentage,
    }


def _spelled(counts: Mapping[str, int]) -> dict[str, int]:
    """As the SDK integration writes them; how an execution ended that failed is told by it alone."""
    return {"Running": 0, "TimedOut": 0, **{name.capitalize(): count for name, count in counts.items()}}


def answer_token(call: Call, action: Callable[[Any], None]) -> None:
    """Do something with the token of a call.

    Raises:
        TaskFailed: nobody waits for it.
    """
    token = call.arguments.get("TaskToken")
    try:
        call.run.world.open_task(token)
        action(token)
    except TaskFailed as fault:
        request = call.run.world.identifier()
        text = f"{fault.cause} (Service: Sfn, Status Code: 400, Request ID: {request}) (SDK Attempt Count: 1)"
        raise TaskFailed(fault.error, text) from None


def invalid_output() -> TaskFailed:
    """The output is not JSON."""
    return TaskFailed("Sfn.InvalidOutputException", "Invalid Output: 'Invalid output'")


TOKENS: Mapping[str, Handler] = {
    "aws-sdk:sfn:sendTaskSuccess": send_success,
    "aws-sdk:sfn:sendTaskFailure": send_failure,
    "aws-sdk:sfn:sendTaskHeartbeat": send_heartbeat,
    "aws-sdk:sfn:describeMapRun": describe_map_run,
}
"""What works without any state machine to start."""
