"""Task states that run another state machine and wait for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bunsui.compile.budget import INLINE
from bunsui.compile.states import CONTEXT_INPUT, jsonata, retrier
from bunsui.model.calls import Call, Why
from bunsui.model.names import ACCOUNT, PARTITION, REGION
from bunsui.model.target import Json, State

TRANSIENT = (
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.SdkClientException",
)
"""Throttling has no exception of its own and comes as the service's base class (as `DynamoDB.AmazonDynamoDBException`
does); to start an execution again under its name with the same input changes nothing (AWS API, StartExecution)."""

OUTPUT = "$states.result.Output"
"""JSONata of what the machine results in."""


def allowed() -> str:
    """Bytes that a result may have in the machine: whoever runs the pipeline as a step may allow less than usual."""
    return jsonata(f"$min([{INLINE}, {CONTEXT_INPUT}.inline])")


def child(machine: str, name: str, given: Mapping[str, Json], timeout: int) -> State:
    """The Task that runs a state machine and results in its description.

    Args:
        machine: its name in AWS.
        name: of the execution, JSONata or text.
        given: its input besides session and attempt.
        timeout: seconds.
    """
    return {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::states:startExecution.sync:2",
        "Arguments": {
            "StateMachineArn": f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:stateMachine:{machine}",
            "Name": name,
            "Input": {
                "session": jsonata(f"{CONTEXT_INPUT}.session"),
                "attempt": jsonata(f"{CONTEXT_INPUT}.attempt"),
                **given,
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": jsonata("$states.context.Execution.Id"),
            },
        },
        "TimeoutSeconds": timeout,
        "Retry": [retrier(TRANSIENT, IntervalSeconds=2, MaxAttempts=6, BackoffRate=2.0)],
    }


def child_calls(machine: str, why: Why) -> Iterator[Call]:
    """What the Task needs (AWS Step Functions developer guide, "connect-stepfunctions")."""
    states = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}"
    rule = f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    yield Call("states:StartExecution", f"{states}:stateMachine:{machine}", why)
    yield Call("states:DescribeExecution", f"{states}:execution:{machine}:*", why)
    yield Call("states:StopExecution", f"{states}:execution:{machine}:*", why)
    for action in ("events:DescribeRule", "events:PutRule", "events:PutTargets"):
        yield Call(action, rule, why)
