"""Lambda: Python callables with the results and errors that Lambda gives."""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.calls import Call, Handler, Took
from bunsui.interpreter.faults import Fault, TaskFailed
from bunsui.interpreter.jsonvalue import compact, to_json
from bunsui.interpreter.services.metadata import cause, dressed

Function = Callable[..., Any]


class Lambda:
    """Functions by name or ARN; each takes the event, or the event and a context."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = {name: (function, takes_context(function)) for name, function in functions.items()}

    def integrations(self) -> Mapping[str, Handler]:
        """The optimized integration, the SDK's, and function ARNs as Resource."""
        return {"lambda:invoke": self.invoke, "lambda:function": self.call, "aws-sdk:lambda:invoke": self.invoke}

    def invoke(self, call: Call) -> Any:
        """`lambda:invoke`."""
        name = str(call.arguments.get("FunctionName", ""))
        answer = self._run(call, name, call.arguments.get("Payload"), compact, legacy=False)
        if isinstance(answer, Took):
            return Took(answer.seconds, self._result(call, answer.result), answer.error)
        return self._result(call, answer)

    def call(self, call: Call) -> Any:
        """A Task whose Resource is the function."""
        return self._run(call, call.resource, call.arguments, json.dumps, legacy=True)

    def _result(self, call: Call, payload: Any) -> dict[str, Any]:
        result: dict[str, Any] = {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}
        extra: dict[str, str] = {}
        if call.arguments.get("LogType") == "Tail":
            result["LogResult"] = extra["X-Amz-Log-Result"] = "U1RBUlQ="
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Executed-Version": "$LATEST",
            "X-Amzn-Trace-Id": f"root=1-{call.run.world.identifier()};sampled=0",
            "x-amzn-Remapped-Content-Length": "0",
        }
        return dressed(call, result, len(json.dumps(payload)), **headers, **extra)

    def _run(self, call: Call, name: str, payload: Any, spell: Callable[[Any], str], *, legacy: bool) -> Any:
        found = self._functions.get(name) or self._functions.get(short(name))
        if found is None:
            raise missing(call, name)
        function, wants_context = found
        event = json.loads(compact({} if payload is None and not legacy else payload))
        try:
            answer = function(event, Context(call, name)) if wants_context else function(event)
            if isinstance(answer, Took):
                return Took(answer.seconds, decoded(answer.result), answer.error)
            return decoded(answer)
        except Fault:
            raise
        except Exception as error:
            raise TaskFailed(type(error).__name__, spell(described(error, call))) from error


class Context:
    """What a handler can ask about its call."""

    def __init__(self, call: Call, name: str) -> None:
        self.function_name = short(name)
        self.function_version = "$LATEST"
        self.invoked_function_arn = name
        self.memory_limit_in_mb = "128"
        self.aws_request_id = call.run.world.identifier()

    def get_remaining_time_in_millis(self) -> int:
        """Fifteen minutes, always."""
        return 900_000


def short(name: str) -> str:
    """The bare name of a function, without ARN, version or alias."""
    parts = name.split(":")
    return parts[6] if name.startswith("arn:") and len(parts) > 6 else parts[0]


def takes_context(function: Function) -> bool:
    """Whether a handler has a second positional parameter."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [
        p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD} and p.default is p.empty
    ]
    return len(positional) >= 2 or any(p.kind is p.VAR_POSITIONAL for p in parameters)


def decoded(value: Any) -> Any:
    """What a handler returned, as the JSON that Lambda sends."""
    return to_json(value.decode() if isinstance(value, bytes) else value)


def described(error: Exception, call: Call) -> dict[str, Any]:
    """The error as Lambda's Python runtime reports it."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    lines = [
        f'  File "/var/task/{frame.filename.rpartition("/")[2]}", line {frame.lineno}, in {frame.name}\n    '
        f"{frame.line}\n"
        for frame in frames
    ]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": call.run.world.identifier(),
        "stackTrace": lines,
    }


def missing(call: Call, name: str) -> TaskFailed:
    """The function does not exist."""
    world = call.run.world
    arn = name if name.startswith("arn:") else f"arn:aws:lambda:{world.region}:{world.account}:function:{name}"
    qualified = arn if arn.count(":") > 6 else f"{arn}:$LATEST"
    text = cause(f"Function not found: {qualified}", "AWSLambda", 404, "ResourceNotFoundException", call)
    return TaskFailed("Lambda.ResourceNotFoundException", text)
