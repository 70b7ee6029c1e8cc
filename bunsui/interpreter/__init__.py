"""A Step Functions interpreter: runs Amazon States Language in this process, on a virtual or a real clock.

    execution = execute(definition, {"n": 1}, services={"lambda": Lambda({"clean": clean})})
    execution.status, execution.output, execution.history

It imports nothing of bunsui but its errors, and could stand alone.
"""

from bunsui.interpreter.api import Execution, Handle, execute, start
from bunsui.interpreter.calls import Call, Submitted, Took
from bunsui.interpreter.diagnostics import Diagnostic, InvalidDefinition
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.mocks import Mock, StateTestRefused
from bunsui.interpreter.parsing import diagnose, parse
from bunsui.interpreter.run import NotRedrivable
from bunsui.interpreter.scheduler import RealClock, VirtualClock
from bunsui.interpreter.services import S3, SNS, SQS, Activities, DynamoDB, EventBridge, Lambda, StateMachines
from bunsui.interpreter.teststate import StateConfiguration, StateResult, try_state
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
    "StateTestRefused",
    "Submitted",
    "TaskFailed",
    "Took",
    "VirtualClock",
    "diagnose",
    "execute",
    "parse",
    "start",
    "try_state",
]
