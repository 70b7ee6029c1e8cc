"""JSON as the types that a function's annotations name; the inverse of `encode`.

JSON has one kind of number: an int widens to float, and a whole float is an int. Of a union the member that fits best
is taken: what JSON tells apart, then text in the very form that a date, UUID, Decimal or Enum is written in before
plain text, then the object whose fields match most exactly, then the order of the annotation. Fields that a dataclass
does not have are dropped: the value may be of a subclass.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import datetime
import enum
import json
import types
import typing
from collections.abc import Callable
from typing import Any, Literal, Union

from . import hints
from .annotation import bare, describe, rank, substituted
from .encode import encode, is_text_class
from .failures import DecodeError

_NONE = type(None)
_FOUND = {
    _NONE: "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}


class _Mismatch(Exception):
    def __init__(self, expected: Any, found: Any, path: str, why: str = "") -> None:
        super().__init__()
        self.path = path
        what = why or _FOUND.get(type(found), type(found).__name__)
        self.reason = f"expected {expected if isinstance(expected, str) else describe(expected)}, found {what}"


def decode(value: Any, annotation: Any, subject: str) -> Any:
    """The JSON value as the annotated type.

    Args:
        value: as the json module reads it.
        annotation: a type; what is not annotated is passed through.
        subject: what the value is for, such as "operation 'clean', parameter 'month'".

    Raises:
        DecodeError: names the subject, the place in the value, and expected and found type; never the value.
    """
    try:
        return _decode(value, annotation, "")
    except _Mismatch as wrong:
        place = f", at {wrong.path.removeprefix('.')}" if wrong.path else ""
        raise DecodeError(f"{subject}{place}: {wrong.reason}") from None


def _decode(value: Any, annotation: Any, path: str) -> Any:
    annotation = bare(annotation)
    if annotation in (Any, object) or isinstance(annotation, str | typing.ForwardRef):
        return value
    origin = typing.get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _union(value, annotation, path)
    if origin is Literal:
        return _literal(value, annotation, path)
    kind = origin or annotation
    if not isinstance(kind, type):
        return value
    if kind in _SCALARS:
        return _SCALARS[kind](value, annotation, path)
    for test, read in _READERS:
        if test(kind):
            return read(value, annotation, path)
    return value


def _union(value: Any, annotation: Any, path: str) -> Any:
    wrong = _Mismatch(annotation, value, path)
    ranked = sorted(typing.get_args(annotation), key=lambda member: rank(value, bare(member)))
    possible = []
    for member in ranked:
        try:
            found = _decode(value, member, path)
        except _Mismatch as other:
            if len(other.path) > len(wrong.path):
                wrong = other
            continue
        if not isinstance(value, str) or encode(found) == value:
            return found
        possible.append(found)
    if possible:
        return possible[0]
    raise wrong


def _literal(value: Any, annotation: Any, path: str) -> Any:
    for option in typing.get_args(annotation):
        plain = encode(option)
        if plain == value and isinstance(plain, bool) == isinstance(value, bool):
            return option
    raise _Mismatch(annotation, value, path, f"another value ({_FOUND.get(type(value), 'unknown')})")


def _enum(value: Any, annotation: Any, path: str) -> Any:
    for option in annotation:
        plain = encode(option.value)
        if plain == value and isinstance(plain, bool) == isinstance(value, bool):
            return option
    raise _Mismatch(annotation, value, path, "a value that is not one of its members")


def _none(value: Any, annotation: Any, path: str) -> None:
    if value is not None:
        raise _Mismatch(annotation, value, path)


def _bool(value: Any, annotation: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _Mismatch(annotation, value, path)


def _int(value: Any, annotation: Any, path: str) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _Mismatch(annotation, value, path)


def _float(value: Any, annotation: Any, path: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise _Mismatch(annotation, value, path)


def _timedelta(value: Any, annotation: Any, path: str) -> datetime.timedelta:
    return datetime.timedelta(seconds=_float(value, annotation, path))


def _str(value: Any, annotation: Any, path: str) -> str:
    if isinstance(value, str):
        return value
    raise _Mismatch(annotation, value, path)


def _subclass(value: Any, annotation: Any, path: str) -> Any:
    base = next(base for base in (int, float, str) if issubclass(annotation, base))
    return annotation(_SCALARS[base](value, annotation, path))


def _parsed(parse: Callable[[str], Any], form: str) -> Callable[[Any, Any, str], Any]:
    def read(value: Any, annotation: Any, path: str) -> Any:
        try:
            return parse(_str(value, annotation, path))
        except (ValueError, ArithmeticError, OverflowError):
            raise _Mismatch(annotation, value, path, f"text that is not {form}") from None

    return read


def _base64(text: str) -> bytes:
    import base64

    return base64.b64decode(text, validate=True)


def _utc(text: str) -> str:
    """`Z` as Python before 3.11 reads it."""
    return f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text


def _text_class(value: Any, annotation: Any, path: str) -> Any:
    return _parsed(annotation, f"a {annotation.__name__}")(value, annotation, path)


def _sequence(value: Any, annotation: Any, path: str) -> Any:
    if not isinstance(value, list):
        raise _Mismatch(annotation, value, path)
    (item,) = typing.get_args(annotation) or (Any,)
    found = [_decode(one, item, f"{path}[{number}]") for number, one in enumerate(value)]
    kind = typing.get_origin(annotation) or annotation
    return next((make(found) for base, make in _SEQUENCES if issubclass(kind, base)), found)


def _tuple(value: Any, annotation: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _Mismatch(annotation, value, path)
    items = typing.get_args(annotation) or (Any, ...)
    if len(items) == 2 and items[1] is ...:
        items = (items[0],) * len(value)
    if len(items) != len(value):
        raise _Mismatch(annotation, value, path, f"an array of {len(value)}")
    pairs = enumerate(zip(value, items))  # noqa: B905 - their lengths are equal
    return tuple(_decode(one, item, f"{path}[{number}]") for number, (one, item) in pairs)


def _mapping(value: Any, annotation: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise _Mismatch(annotation, value, path)
    kind = typing.get_origin(annotation) or annotation
    arguments = typing.get_args(annotation) or (Any, Any)
    key, item = (arguments[0], int) if len(arguments) == 1 else arguments
    found = {_decode_key(name, key, path): _decode(one, item, f"{path}[{name!r}]") for name, one in value.items()}
    if issubclass(kind, collections.defaultdict):
        return collections.defaultdict(None, found)
    return found if kind in (dict, *_ABSTRACT_MAPPINGS) else kind(found)


def _decode_key(name: str, annotation: Any, path: str) -> Any:
    try:
        return _decode(name, annotation, path)
    except _Mismatch as wrong:
        try:
            return _decode(json.loads(name), annotation, path)
        except (_Mismatch, ValueError):
            raise wrong from None


def _object(value: Any, annotation: Any, path: str) -> Any:
    """A dataclass, NamedTuple or TypedDict; a generic one with what stands for its type variables."""
    kind = typing.get_origin(annotation) or annotation
    if hasattr(kind, "_fields") and isinstance(value, list) and len(value) == len(kind._fields):
        value = dict(zip(kind._fields, value))  # noqa: B905 - their lengths are equal
    if not isinstance(value, dict):
        raise _Mismatch(annotation, value, path)
    known, required = fields(kind)
    if missing := sorted(required - value.keys()):
        raise _Mismatch(annotation, value, path, f"an object without {missing[0]!r}")
    stands_for = dict(zip(getattr(kind, "__parameters__", ()), typing.get_args(annotation)))  # noqa: B905
    kinds = {name: substituted(kind, stands_for) for name, kind in known.items()}
    found = {name: _decode(value[name], kinds[name], f"{path}.{name}") for name in kinds if name in value}
    if typing.is_typeddict(kind):
        return {**value, **found}
    try:
        return kind(**found)
    except (ValueError, TypeError) as refused:
        raise _Mismatch(annotation, value, path, f"an object that it refuses: {refused}") from None


def fields(kind: Any) -> tuple[dict[str, Any], set[str]]:
    """Name -> annotation of the fields of a dataclass, NamedTuple or TypedDict, and which of them are required."""
    known = hints.of(kind)
    if typing.is_typeddict(kind):
        return known, {name for name, one in known.items() if _is_required(one, name in kind.__required_keys__)}
    if hasattr(kind, "_fields"):
        known = {name: known.get(name, Any) for name in kind._fields}
        return known, set(kind._fields) - set(kind._field_defaults)
    none = dataclasses.MISSING
    given = [field for field in dataclasses.fields(kind) if field.init]
    required = {field.name for field in given if field.default is none and field.default_factory is none}
    return {field.name: known.get(field.name, Any) for field in given}, required


def _is_required(annotation: Any, otherwise: bool) -> bool:
    """`__required_keys__` does not see the wrappers in annotations that are strings."""
    name = getattr(typing.get_origin(annotation), "_name", "")
    return {"Required": True, "NotRequired": False}.get(name or "", otherwise)


def _model(value: Any, annotation: Any, path: str) -> Any:
    """A pydantic model; its JSON mode reads what `model_dump(mode="json")` wrote, in strict models too."""
    try:
        return annotation.model_validate_json(json.dumps(value))
    except ValueError as wrong:
        errors = getattr(wrong, "errors", None)
        first = errors()[0] if errors else {"loc": (), "msg": "an object that it refuses"}
        place = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in first["loc"])
        raise _Mismatch(annotation, value, f"{path}{place}", f"what pydantic refuses: {first['msg']}") from None


_ABSTRACT_MAPPINGS = (collections.abc.Mapping, collections.abc.MutableMapping)
_SEQUENCES: tuple[tuple[type, Callable[[list[Any]], Any]], ...] = (
    (frozenset, frozenset),
    (collections.abc.Set, set),
    (collections.deque, collections.deque),
)
_SCALARS: dict[Any, Callable[[Any, Any, str], Any]] = {
    _NONE: _none,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _parsed(_base64, "base64"),
    bytearray: _parsed(lambda text: bytearray(_base64(text)), "base64"),
    datetime.datetime: _parsed(lambda text: datetime.datetime.fromisoformat(_utc(text)), "an ISO 8601 date and time"),
    datetime.date: _parsed(datetime.date.fromisoformat, "an ISO 8601 date"),
    datetime.time: _parsed(lambda text: datetime.time.fromisoformat(_utc(text)), "an ISO 8601 time"),
    datetime.timedelta: _timedelta,
}
_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any, str], Any]], ...] = (
    (lambda kind: issubclass(kind, enum.Enum), _enum),
    (lambda kind: hasattr(kind, "model_validate_json"), _model),
    (typing.is_typeddict, _object),
    (dataclasses.is_dataclass, _object),
    (lambda kind: issubclass(kind, tuple) and hasattr(kind, "_fields"), _object),
    (lambda kind: issubclass(kind, int | float | str), _subclass),
    (lambda kind: issubclass(kind, tuple), _tuple),
    (lambda kind: issubclass(kind, collections.abc.Mapping), _mapping),
    (lambda kind: issubclass(kind, collections.abc.Iterable) and not hasattr(kind, "__fspath__"), _sequence),
    (is_text_class, _text_class),
)
