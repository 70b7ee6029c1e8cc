"""A Step Functions interpreter: runs Amazon States Language in this process, on a virtual or a real clock.

    execution = execute(definition, {"n": 1}, services={"lambda": Lambda({"clean": clean})})
    execution.status, execution.output, execution.history

It imports nothing of bunsui but its errors, and could stand alone.
"""

from bunsui.interpreter.api import Execution, Handle, execute, start
from bunsui.interpreter.calls import Call, Submitted, Took
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.parsing import diagnose, parse
from bunsui.interpreter.scheduler import RealClock, VirtualClock
from bunsui.interpreter.mocks import Mock, TestStateError
from bunsui.interpreter.run import NotRedrivable
from bunsui.interpreter.services import S3, SNS, SQS, Activities, DynamoDB, EventBridge, Lambda, StateMachines
from bunsui.interpreter.teststate import StateConfiguration, StateResult, test_state
from bunsui.interpreter.validation import Diagnostic, InvalidDefinition
from bunsui.interpreter.world import Limits

__all__ = [
    "S3",
    "SNS",
    "SQS",
    "Activities",
    "Call",
    "Diagnostic",
    "DynamoDB",
    "EventBridge",
    "Execution",
    "Handle",
    "InvalidDefinition",
    "Lambda",
    "Limits",
    "Mock",
    "NotRedrivable",
    "RealClock",
    "StateConfiguration",
    "StateMachines",
    "StateResult",
    "Submitted",
    "TaskFailed",
    "TestStateError",
    "Took",
    "VirtualClock",
    "diagnose",
    "execute",
    "parse",
    "start",
    "test_state",
]
