"""Text as the JSON that an annotation asks for: the cells of a CSV file have no types of their own.

| annotation | text |
|---|---|
| int, float, timedelta (seconds) | a number |
| bool | true, false, yes, no, on, off, 1 or 0, in any case |
| None in a union that has no str | empty |
| Literal, Enum | one of its values |

Everything else stays text; `decode` reads dates, Decimal and the like from it, and tells what does not fit. In a union
with str, text is a number or a boolean only where it is spelled as JSON spells it, so that "007" stays text.
"""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import datetime
import enum
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Union

from .annotation import bare, rank, substituted
from .decode import fields
from .encode import encode

_WORDS = {**dict.fromkeys(("true", "yes", "on", "1"), True), **dict.fromkeys(("false", "no", "off", "0"), False)}


def as_json(value: Any, annotation: Any) -> Any:
    """The value with text replaced where the annotation asks for it; a row by its columns."""
    annotation = bare(annotation)
    origin = typing.get_origin(annotation)
    if origin in (Union, types.UnionType):
        members = [bare(member) for member in typing.get_args(annotation)]
        if isinstance(value, str):
            return _union(value, members)
        return as_json(value, min(members, key=lambda member: rank(value, member)))
    kind = origin or annotation
    if isinstance(value, dict):
        return _row(value, annotation, kind)
    if not isinstance(value, str):
        return value
    if origin is Literal:
        return _option(value, typing.get_args(annotation))
    if not isinstance(kind, type):
        return value
    if issubclass(kind, enum.Enum):
        return _option(value, [member.value for member in kind])
    return next((parse(value) for base, parse in _PARSERS if issubclass(kind, base)), value)


def _union(text: str, members: Sequence[Any]) -> Any:
    plain = str in members
    if not plain and type(None) in members and not text.strip():
        return None
    for member in members:
        found = as_json(text, member)
        if found is not text and (not plain or json.dumps(found) == text):
            return found
    return text


def _row(row: dict[str, Any], annotation: Any, kind: Any) -> dict[str, Any]:
    if not isinstance(kind, type):
        return row
    if typing.is_typeddict(kind) or dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        stands_for = dict(zip(getattr(kind, "__parameters__", ()), typing.get_args(annotation)))  # noqa: B905
        kinds = {name: substituted(one, stands_for) for name, one in fields(kind)[0].items()}
        return {name: as_json(one, kinds.get(name, Any)) for name, one in row.items()}
    if issubclass(kind, collections.abc.Mapping) and len(arguments := typing.get_args(annotation)) == 2:
        return {name: as_json(one, arguments[1]) for name, one in row.items()}
    return row


def _option(text: str, options: Iterable[Any]) -> Any:
    values = [encode(option) for option in options]
    if text in values:
        return text
    return next((value for value in values if value == as_json(text, type(value))), text)


def _number(text: str) -> Any:
    with contextlib.suppress(ValueError):
        return int(text)
    with contextlib.suppress(ValueError):
        return number if math.isfinite(number := float(text)) else text
    return text


def _boolean(text: str) -> Any:
    return _WORDS.get(text.strip().lower(), text)


_PARSERS: tuple[tuple[Any, Callable[[str], Any]], ...] = (
    (bool, _boolean),
    ((int, float, datetime.timedelta), _number),
)
