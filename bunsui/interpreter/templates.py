"""Payload templates: JSON with expressions inside, compiled once.

JSONPath marks an expression by its key (`"x.$": "$.a"`), JSONata by its value (`"x": "{% $states.input.a %}"`).
A part without expressions is handed out as it is; nothing in the interpreter changes a value in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.expressions import Constant, Evaluate, ExpressionSyntaxError, Frame, path_or_intrinsic
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonpath import PathNotFound
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.queries import is_jsonata, jsonata


class TemplateError(ValueError):
    """A part of a template cannot be compiled.

    Attributes:
        place: where, below the template's field: a JSON pointer such as `/Payload`.
    """

    def __init__(self, message: str, place: str) -> None:
        super().__init__(message)
        self.place = place


def jsonpath_template(value: Any, place: str = "") -> Evaluate:
    """Compile a template of a JSONPath state.

    Raises:
        TemplateError: an expression in it cannot be read.
    """
    if isinstance(value, dict):
        return mapping([jsonpath_field(key, item, place) for key, item in value.items()], value)
    if isinstance(value, list):
        return sequence([jsonpath_template(item, f"{place}[{at}]") for at, item in enumerate(value)], value)
    return Constant(value)


def jsonpath_field(key: str, value: Any, place: str) -> tuple[str, Evaluate]:
    """One entry: an expression if its key ends in `.$`."""
    if not key.endswith(".$"):
        return key, jsonpath_template(value, f"{place}/{key}")
    wrong = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
    if not isinstance(value, str):
        raise TemplateError(wrong, place)
    try:
        expression = path_or_intrinsic(value)
    except ExpressionSyntaxError:
        raise TemplateError(wrong, place) from None
    return key[:-2], found_or_fault(expression, value, key)


def found_or_fault(expression: Evaluate, text: str, field: str) -> Evaluate:
    """A path of a template that matches nothing ends the execution."""

    def evaluate(frame: Frame, data: Any) -> Any:
        try:
            return expression(frame, data)
        except PathNotFound:
            seen = frame.context() if text.startswith("$$") else data
            raise Fault(
                faults.RUNTIME,
                f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input "
                f"'{compact(seen)}'",
            ) from None

    return evaluate


def jsonata_template(value: Any, field: str, place: str = "") -> Evaluate:
    """Compile a template of a JSONata state; `field` is how errors name it, such as `Assign/total`.

    Raises:
        TemplateError: an expression in it cannot be read.
    """
    if isinstance(value, dict):
        entries = [
            (key, jsonata_template(item, f"{field}/{key}" if field else key, f"{place}/{key}"))
            for key, item in value.items()
        ]
        return mapping(entries, value)
    if isinstance(value, list):
        items = [jsonata_template(item, f"{field}[{at}]", f"{place}[{at}]") for at, item in enumerate(value)]
        return sequence(items, value)
    if not is_jsonata(value):
        return Constant(value)
    try:
        return jsonata(value, field)
    except ExpressionSyntaxError as error:
        raise TemplateError(f"The JSONata expression cannot be parsed: {error}", place) from None


def mapping(entries: list[tuple[str, Evaluate]], original: Any) -> Evaluate:
    """An object of compiled entries."""
    if all(isinstance(expression, Constant) for _, expression in entries):
        return Constant(original)
    if len(entries) == 1:
        key, only = entries[0]
        return lambda frame, data: {key: only(frame, data)}
    return lambda frame, data: {key: expression(frame, data) for key, expression in entries}


def sequence(items: list[Evaluate], original: Any) -> Evaluate:
    """An array of compiled items."""
    if all(isinstance(item, Constant) for item in items):
        return Constant(original)
    return lambda frame, data: [item(frame, data) for item in items]


Template = Callable[[Any, str], Evaluate]


def template(language: str, value: Any, field: str) -> Evaluate:
    """Compile a template of either language."""
    return jsonata_template(value, field) if language == "JSONata" else jsonpath_template(value)
