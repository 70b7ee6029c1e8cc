"""JSON values as Step Functions measures and prints them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

DATA_LIMIT = 262_144
"""The bytes of UTF-8 that the input or output of a state, and the result of a task, may have."""

SCALARS = frozenset({bool, int, float, type(None)})

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
_encode_ascii = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def compact(value: Any) -> str:
    """JSON text without blanks, which is how Step Functions passes data."""
    return _encode(value)


def size(value: Any) -> int:
    """The bytes of UTF-8 that a value takes."""
    return len(_encode(value).encode("utf-8", "surrogatepass"))


def size_at_most(value: Any) -> int:
    """A number of bytes that the value cannot exceed, found faster than its size."""
    if type(value) in SCALARS:
        return 32
    return 6 * len(value) + 2 if isinstance(value, str) else 4 * len(_encode(value))


def too_large(value: Any) -> bool:
    """Whether a value exceeds what may pass between states."""
    if value is None or isinstance(value, bool | int | float):
        return False
    if isinstance(value, str):
        return len(value) * 3 > DATA_LIMIT and size(value) > DATA_LIMIT
    if not value:
        return False
    text = _encode(value)
    return len(text) * 3 > DATA_LIMIT and len(text.encode("utf-8", "surrogatepass")) > DATA_LIMIT


def type_name(value: Any) -> str:
    """The JSON type, in the words of AWS's messages."""
    return TYPE_NAMES.get(type(value), "object")


TYPE_NAMES: Mapping[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
}


def number_text(value: float) -> str:
    """A number as JSON writes it: whole ones without a fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e16 else repr(value)


def java_text(value: Any) -> str:
    """A value inside `States.Format`: objects appear as Java's maps do, `{a=1, b=[]}`."""
    writer = JAVA_TEXT.get(type(value))
    return writer(value) if writer else str(value)


JAVA_TEXT: Mapping[type, Callable[[Any], str]] = {
    str: lambda value: value,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
    list: lambda value: "[" + ", ".join(map(java_text, value)) + "]",
    dict: lambda value: "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}",
}


def is_number(value: Any) -> bool:
    """JSON numbers; Python counts booleans as such, JSON does not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """A JSON number without a fraction."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not `1`."""
    if isinstance(left, dict):
        return isinstance(right, dict) and left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def to_json(value: Any) -> Any:
    """What a Python function returned, as the JSON that a service would answer.

    Raises:
        TypeError: a part of it has no JSON form.
    """
    return json.loads(_encode_ascii_with_decimals(value))


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_encode_ascii_with_decimals = json.JSONEncoder(default=_decimal, allow_nan=False).encode
