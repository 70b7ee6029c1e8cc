"""Results as JSON.

| Python | JSON |
|---|---|
| None, bool, int, finite float, str | the same |
| list, tuple, deque, set, frozenset | array; sets sorted by their JSON text |
| dict and other mappings | object; keys become text: `1`, `true`, `2013-01-31` |
| dataclass, NamedTuple, TypedDict | object by field name |
| pydantic model | what `model_dump(mode="json", by_alias=True)` gives |
| Enum | its value |
| datetime, date, time | ISO 8601 |
| timedelta | seconds, a number |
| Decimal, UUID, Path | text |
| bytes, bytearray | base64 |

NaN and infinities are refused: JSON has none, and Step Functions would refuse the state's output.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import json
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from .failures import EncodeError

TEXT_CLASSES = ("decimal.Decimal", "uuid.UUID")
"""Classes that `str` writes and their constructor reads; by name, so that nothing is imported for them."""


def encode(value: Any, path: str = "result") -> Any:
    """The value as JSON.

    Raises:
        EncodeError: names the place in the value and its type.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, enum.Enum):
        return encode(value.value, path)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise EncodeError(f"{path} is {value}, which JSON cannot carry; return None instead")
        return float(value)
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value, path)
    return _structured(value, path)


def is_text_class(kind: type) -> bool:
    """Whether `str` and the constructor are each other's inverse."""
    names = [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__]
    return any(name in TEXT_CLASSES for name in names) or issubclass(kind, os.PathLike)


def _structured(value: Any, path: str) -> Any:
    if hasattr(value, "model_dump") and not isinstance(value, type):
        return encode(value.model_dump(mode="json", by_alias=True), path)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: encode(getattr(value, field.name), f"{path}.{field.name}") for field in fields}
    if is_text_class(type(value)):
        text = str(value)
        if text.lstrip("-").lower() in ("nan", "snan", "infinity"):
            raise EncodeError(f"{path} is Decimal {text}, which JSON cannot carry; return None instead")
        return text
    raise EncodeError(
        f"{path} is of type {_named(type(value))}, which cannot be written as JSON; return a dataclass, dict, list,"
        " text or number, or write it to a bucket and return a Dataset"
    )


def _mapping(value: Mapping[Any, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, one in value.items():
        text = _key(key, path)
        if text in found:
            raise EncodeError(f"{path} has two keys that are {text!r} in JSON")
        found[text] = encode(one, f"{path}[{text!r}]")
    return found


def _key(key: Any, path: str) -> str:
    encoded = encode(key, f"a key of {path}")
    if isinstance(encoded, list | dict) or encoded is None:
        raise EncodeError(f"a key of {path} is of type {_named(type(key))}, which cannot be a key in JSON")
    return encoded if isinstance(encoded, str) else json.dumps(encoded)


def _array(value: Any, path: str) -> Any:
    if hasattr(value, "_fields"):
        return {name: encode(getattr(value, name), f"{path}.{name}") for name in value._fields}
    return [encode(one, f"{path}[{number}]") for number, one in enumerate(value)]


def _set(value: Any, path: str) -> list[Any]:
    return sorted((encode(one, f"an element of {path}") for one in value), key=json.dumps)


def _bytes(value: bytes, path: str) -> str:
    import base64

    return base64.b64encode(value).decode("ascii")


def _seconds(value: datetime.timedelta, path: str) -> float:
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _named(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


_WRITERS: tuple[tuple[Any, Callable[[Any, str], Any]], ...] = (
    (str, lambda value, path: str.__str__(value)),
    (int, lambda value, path: int(value)),
    (Mapping, _mapping),
    ((list, tuple, collections.deque), _array),
    ((set, frozenset), _set),
    ((datetime.datetime, datetime.date, datetime.time), lambda value, path: value.isoformat()),
    (datetime.timedelta, _seconds),
    ((bytes, bytearray, memoryview), _bytes),
)
