"""From what users pass as `services` to one table of handlers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from bunsui.interpreter.calls import Call, Handler, Submitted, Took
from bunsui.interpreter.jsonvalue import compact, to_json
from bunsui.interpreter.scheduler import Future


@runtime_checkable
class Service(Protocol):
    """Several integrations that share a state."""

    def integrations(self) -> Mapping[str, Handler]:
        """The handlers, by the keys of `services`."""


def registry(services: Mapping[str, Any] | None) -> dict[str, Handler]:
    """One handler for each integration; what is named singly wins over what a service brings."""
    from bunsui.interpreter.services.machines import TOKENS

    found: dict[str, Handler] = dict(TOKENS)
    single: dict[str, Handler] = {}
    for name, value in (services or {}).items():
        if isinstance(value, Service):
            found.update(value.integrations())
        else:
            single[name] = adapted(value)
    found.update(single)
    if "lambda:invoke" in single and "lambda:function" not in single:
        found["lambda:function"] = through_invoke(single["lambda:invoke"])
    return found


def adapted(function: Any) -> Handler:
    """A plain callable as a handler, or a value that is always the result.

    A callable gets copies, so that it cannot change what the interpreter holds.
    """
    if not callable(function):
        constant = to_json(function)
        return lambda call: constant
    wants_call = takes_call(function)

    def handle(call: Call) -> Any:
        if wants_call:
            return answer(function(call))
        return answer(function(json.loads(compact(call.arguments))))

    return handle


def answer(value: Any) -> Any:
    """A result as JSON; ways to answer later pass through."""
    if isinstance(value, Took):
        return Took(value.seconds, to_json(value.result), value.error)
    return value if isinstance(value, Future | Submitted) else to_json(value)


def takes_call(function: Callable[..., Any]) -> bool:
    """Whether a callable asks for the whole call."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    return bool(parameters) and (parameters[0].name == "call" or parameters[0].annotation in {Call, "Call"})


def through_invoke(invoke: Handler) -> Handler:
    """A task whose Resource is a function, answered by a stub of `lambda:invoke`."""

    def handle(call: Call) -> Any:
        arguments = {"FunctionName": call.resource, "Payload": call.arguments}
        inner = Call(
            "lambda:invoke", call.resource, arguments, call.token, call.state, call.attempt, call.time, call.run
        )
        result = invoke(inner)
        return result["Payload"] if isinstance(result, dict) and "Payload" in result else result

    return handle
