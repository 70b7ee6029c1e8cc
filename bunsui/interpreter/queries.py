"""Expressions of JSONata states: `{% ... %}` compiled to functions of a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bunsui.interpreter import faults
from bunsui.interpreter.expressions import Evaluate, ExpressionSyntaxError, Frame
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonata import UNDEFINED, Expression, JsonataError, compiled, walk
from bunsui.interpreter.jsonvalue import compact, type_name


def is_jsonata(value: Any) -> bool:
    """Whether a string is to be evaluated: nothing may stand outside the delimiters."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def jsonata(text: str, field: str) -> Evaluate:
    """The expression between `{%` and `%}`.

    Raises:
        ExpressionSyntaxError: it is not JSONata.
    """
    source = text[2:-2].strip()
    try:
        expression = compiled(source)
    except JsonataError as error:
        raise ExpressionSyntaxError(str(error)) from None
    look = by_engine(expression, field) if expression.names is None else by_names(expression, expression.names, field)

    def evaluate(frame: Frame, data: Any) -> Any:
        value = look(frame)
        if value is UNDEFINED:
            raise Fault(
                faults.QUERY_EVALUATION_ERROR,
                f"The JSONata expression '{source}' specified for the field '{field}' returned nothing (undefined).",
                location=field,
            )
        return value

    return evaluate


Look = Callable[[Frame], Any]


def by_names(expression: Expression, names: tuple[str, ...], field: str) -> Look:
    """A path of names is followed here, unless it meets an array."""
    ask = by_engine(expression, field)
    head, rest = names[0], names[1:]
    if head != "states":

        def variable(frame: Frame) -> Any:
            value = walk(rest, frame.variables.get(head, UNDEFINED))
            return ask(frame) if value is NotImplemented else value

        return variable
    if not rest:
        return ask
    part, below = rest[0], rest[1:]

    def state(frame: Frame) -> Any:
        value = walk(below, frame.part_of_states(part))
        return ask(frame) if value is NotImplemented else value

    return state


def by_engine(expression: Expression, field: str) -> Look:
    """Anything else is evaluated by the engine."""
    engine = expression.evaluate
    names = expression.variables
    reads_states = expression.states is None or bool(expression.states)

    def ask(frame: Frame) -> Any:
        variables = frame.variables
        bound = {}
        for name in names:
            if name in variables:
                bound[name] = variables[name]
        if reads_states:
            bound["states"] = states_of(expression, frame)
        try:
            return engine(bound, frame.ambient)
        except JsonataError as error:
            raise Fault(
                faults.QUERY_EVALUATION_ERROR,
                f"The JSONata expression '{expression.text}' specified for the field '{field}' threw an error during "
                f"evaluation. {error}",
                location=field,
            ) from None

    return ask


STATES_PARTS: Final = ("input", "result", "errorOutput", "context")


def states_of(expression: Expression, frame: Frame) -> dict[str, Any]:
    """`$states`, with only what the expression can read: handing all over would cost as much as the data is large."""
    states = {}
    for name in STATES_PARTS if expression.states is None else expression.states:
        value = frame.part_of_states(name)
        if name == "context" and expression.context is not None:
            value = pruned(value, expression.context)
        if value is not UNDEFINED:
            states[name] = value
    return states


def pruned(context: Mapping[str, Any], paths: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """The context object with nothing but the named paths."""
    kept: dict[str, Any] = {}
    for path in paths:
        head = path[0]
        if head not in context:
            continue
        value = context[head]
        if len(path) == 1 or not isinstance(value, dict) or kept.get(head) is value:
            kept[head] = value
        elif path[1] in value:
            kept.setdefault(head, {})[path[1]] = value[path[1]]
    for path in paths:
        if len(path) == 1 and path[0] in context:
            kept[path[0]] = context[path[0]]
    return kept


def typed(expression: Evaluate, text: str, field: str, expected: str, also: str | None = None) -> Evaluate:
    """An expression of JSONata whose value must have a type, or `also` another one that errors do not speak of."""
    accepts = TYPES[expected]
    accepts_also = TYPES[also or expected]

    def evaluate(frame: Frame, data: Any) -> Any:
        value = expression(frame, data)
        if not accepts(value) and not accepts_also(value):
            raise Fault(
                faults.QUERY_EVALUATION_ERROR,
                f"The JSONata expression '{text[2:-2].strip()}' specified for the field '{field}' returned an "
                f"unexpected result type. Expected '{expected}', but was '{type_name(value)}' for "
                f"value: {compact(value)}",
                location=field,
            )
        return value

    return evaluate


TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
    "object": lambda value: isinstance(value, dict),
}
