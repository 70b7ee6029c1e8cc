"""Single fields of a definition, compiled: paths, numbers, times, reference paths, resources."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from bunsui.interpreter import faults
from bunsui.interpreter.definition import Resource, Steps
from bunsui.interpreter.expressions import Constant, Evaluate, ExpressionSyntaxError, Frame, path_or_intrinsic
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonpath import Index, PathNotFound, PathSyntaxError, Property
from bunsui.interpreter.jsonpath_parser import parse as parse_path
from bunsui.interpreter.jsonvalue import compact, is_integer, is_number
from bunsui.interpreter.queries import is_jsonata, jsonata, typed

TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z")
SERVICE: Final = re.compile(
    r"arn:[\w-]+:states:[\w-]*:[\w-]*:(aws-sdk:[\w-]+|[\w-]+):([A-Za-z0-9]+)(?:\.(\w+(?::2)?))?\Z"
)
FUNCTION: Final = re.compile(r"arn:[\w-]+:lambda:")


def data_path(text: str, field: str) -> Evaluate:
    """InputPath, OutputPath and ItemsPath: a path that has to match."""
    expression = path_or_intrinsic(text)

    def evaluate(frame: Frame, data: Any) -> Any:
        try:
            return expression(frame, data)
        except PathNotFound as error:
            raise Fault(faults.RUNTIME, f"Invalid path '{text}' : {error}") from None

    return evaluate


def empty(frame: Frame, data: Any) -> Any:
    """An InputPath or OutputPath of null."""
    return {}


def reference(text: str, field: str) -> Evaluate:
    """A `...Path` field that names one value of the input."""
    expression = path_or_intrinsic(text)

    def evaluate(frame: Frame, data: Any) -> Any:
        try:
            return expression(frame, data)
        except PathNotFound:
            raise Fault(faults.RUNTIME, f"The {field} parameter does not reference an input value: {text}") from None

    return evaluate


def text_reference(text: str, field: str) -> Evaluate:
    """A `...Path` field that names a string of the input."""
    read = reference(text, field)

    def evaluate(frame: Frame, data: Any) -> Any:
        found = read(frame, data)
        if not isinstance(found, str):
            shown = compact(found)
            raise Fault(faults.RUNTIME, f"The {field} parameter does not reference a string value: {text} == {shown}")
        return found

    return evaluate


def refers_to(field: str, text: str, value: Any, kind: str, quote: str = '"') -> str:
    """What AWS says when a `...Path` field names the wrong kind of value."""
    shown = value if isinstance(value, str) else compact(value)
    return f"The {field} field refers to value {quote}{shown}{quote} which is not a valid {kind}: {text}"


def counted(value: Any) -> Any:
    """A whole number, also where it is text."""
    return int(value) if isinstance(value, str) and value.removeprefix("-").isdecimal() else value


def integer_path(text: str, field: str) -> Evaluate:
    """A `...Path` field that has to name a whole number, not below 0."""
    read = reference(text, field)

    def evaluate(frame: Frame, data: Any) -> Any:
        found = read(frame, data)
        value = counted(found)
        if not is_integer(value):
            raise Fault(faults.RUNTIME, refers_to(field, text, found, "integer"))
        if value < 0:
            raise Fault(faults.RUNTIME, f"{field.removesuffix('Path')} cannot be negative.")
        return value

    return evaluate


def percentage_path(text: str, field: str) -> Evaluate:
    """ToleratedFailurePercentagePath: from 0 to 100."""
    read = reference(text, field)

    def evaluate(frame: Frame, data: Any) -> Any:
        found = read(frame, data)
        value = counted(found)
        if not is_number(value):
            raise Fault(faults.RUNTIME, refers_to(field, text, found, "float"))
        if not 0 <= value <= 100:
            raise Fault(faults.RUNTIME, "ToleratedFailurePercentage must be between 0 and 100.")
        return value

    return evaluate


def any_integer_path(text: str, field: str) -> Evaluate:
    """MaxItemsPath: whole, but perhaps negative, which its reader refuses."""
    read = reference(text, field)

    def evaluate(frame: Frame, data: Any) -> Any:
        found = read(frame, data)
        value = counted(found)
        if not is_integer(value):
            raise Fault(faults.ITEM_READER_FAILED, refers_to(field, text, found, "integer", "'"))
        return value

    return evaluate


def number(value: Any, field: str) -> Evaluate:
    """A number, literally or by JSONata."""
    if is_jsonata(value):
        expected = "number" if field.endswith("Percentage") else "integer"
        return typed(jsonata(value, field), value, field, expected)
    return Constant(value)


def text(value: Any, field: str) -> Evaluate:
    """A string, literally or by JSONata."""
    return typed(jsonata(value, field), value, field, "string") if is_jsonata(value) else Constant(value)


def moment(value: Any) -> float | None:
    """Seconds since 1970 of an RFC 3339 timestamp, or None."""
    found = TIMESTAMP.match(value) if isinstance(value, str) else None
    if not found:
        return None
    digits = (found[1] or "")[:7]
    try:
        return datetime.fromisoformat(value[:19] + digits + found[2].replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def seconds_from_now(value: Evaluate) -> Evaluate:
    """Wait's Seconds as a time."""

    def evaluate(frame: Frame, data: Any) -> Any:
        seconds = value(frame, data)
        if not is_number(seconds) or seconds < 0:
            raise Fault(faults.RUNTIME, f"The number of seconds to wait must not be negative: {compact(seconds)}")
        return frame.ambient.milliseconds() / 1000 + seconds

    return evaluate


def seconds_path(path: str) -> Evaluate:
    """Wait's SecondsPath as a time."""
    read = reference(path, "SecondsPath")

    def whole(frame: Frame, data: Any) -> Any:
        found = read(frame, data)
        value = counted(found)
        if not is_integer(value):
            shown = found if isinstance(found, str) else compact(found)
            raise Fault(
                faults.RUNTIME, f"The SecondsPath parameter does not reference an integer value: {path} == {shown}"
            )
        return value

    return seconds_from_now(whole)


def timestamp(value: Any) -> Evaluate:
    """Wait's Timestamp as a time."""
    if not is_jsonata(value):
        return Constant(moment(value))
    expression = text(value, "Timestamp")

    def evaluate(frame: Frame, data: Any) -> Any:
        found = expression(frame, data)
        when = moment(found)
        if when is None:
            raise Fault(
                faults.QUERY_EVALUATION_ERROR,
                f"The JSONata expression '{value[2:-2].strip()}' specified for the field 'Timestamp' does not "
                f"reference a valid ISO-8601 extended offset date-time format string: {found}",
                location="Timestamp",
            )
        return when

    return evaluate


def timestamp_path(path: str) -> Evaluate:
    """Wait's TimestampPath as a time."""
    read = reference(path, "TimestampPath")

    def evaluate(frame: Frame, data: Any) -> Any:
        found = read(frame, data)
        when = moment(found)
        if when is None:
            shown = found if isinstance(found, str) else compact(found)
            raise Fault(
                faults.RUNTIME,
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                f"string: {path} == {shown}",
            )
        return when

    return evaluate


def result_path(value: Any) -> Steps | None:
    """A reference path to write to: its steps, or None where the result is discarded.

    Raises:
        ExpressionSyntaxError: the path can name more than one place.
    """
    if value is None:
        return None
    try:
        tokens = parse_path(value)
    except PathSyntaxError as error:
        raise ExpressionSyntaxError(str(error)) from None
    steps: list[str | int] = []
    for token in tokens:
        if isinstance(token, Property) and len(token.names) == 1:
            steps.append(token.names[0])
        elif isinstance(token, Index) and len(token.positions) == 1:
            steps.append(token.positions[0])
        else:
            raise ExpressionSyntaxError(f"{value!r} is not a reference path")
    return tuple(steps)


def resource(arn: str) -> Resource:
    """What a task's Resource means; anything that is neither an integration nor a function is an activity."""
    if FUNCTION.match(arn):
        return Resource(arn, "lambda", "lambda", "function")
    found = SERVICE.match(arn)
    if found and found[1] != "activity":
        return Resource(arn, "integration", found[1], found[2], found[3] or "")
    return Resource(arn, "activity", "activity", arn)


Compiler = Callable[[Any, str], Evaluate]
