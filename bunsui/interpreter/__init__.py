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
from bunsui.interpreter.services import S3, Activities, DynamoDB, Lambda, StateMachines
from bunsui.interpreter.validation import Diagnostic, InvalidDefinition
from bunsui.interpreter.world import Limits

__all__ = [
    "S3",
    "Activities",
    "Call",
    "Diagnostic",
    "DynamoDB",
    "Execution",
    "Handle",
    "InvalidDefinition",
    "Lambda",
    "Limits",
    "RealClock",
    "StateMachines",
    "Submitted",
    "TaskFailed",
    "Took",
    "VirtualClock",
    "diagnose",
    "execute",
    "parse",
    "start",
]
