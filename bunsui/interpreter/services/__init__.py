"""In-memory services: what a Task finds behind its Resource.

    services={"lambda": Lambda({"clean": clean}), "dynamodb": DynamoDB(tables), "sqs:sendMessage": my_function}

A key names one integration (`lambda:invoke`) or a whole service; a value is a callable, one of the classes here, or
simply the result.
A callable gets the evaluated arguments, or a `Call` if it asks for a parameter named `call`. It returns the result,
a `Took(seconds, result)`, or raises `TaskFailed(error, cause)`.
"""

from bunsui.interpreter.services.activities import Activities
from bunsui.interpreter.services.dynamodb import DynamoDB
from bunsui.interpreter.services.functions import Lambda
from bunsui.interpreter.services.machines import StateMachines
from bunsui.interpreter.services.messages import SNS, SQS, EventBridge
from bunsui.interpreter.services.registry import Service, registry
from bunsui.interpreter.services.s3 import S3

__all__ = [
    "S3",
    "SNS",
    "SQS",
    "Activities",
    "DynamoDB",
    "EventBridge",
    "Lambda",
    "Service",
    "StateMachines",
    "registry",
]
