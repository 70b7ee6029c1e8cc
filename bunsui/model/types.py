"""Whether the result of one operation fits the parameter of another, as JSON carries it between them.

The rules are those of a static type checker where JSON keeps the difference: an int widens to float, a member fits its
union, a subclass fits its base, TypedDicts fit by structure. What is not annotated fits everything.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import pathlib
import types
import typing
import uuid
from typing import Any, Literal, NamedTuple, Union, is_typeddict

_NONE = type(None)
_UNKNOWN = (Any, object, None)
_JSON_KEEPS_APART = ((bool, int), (datetime.datetime, datetime.date))
"""Subclass and base whose JSON forms differ, so that the one does not pass for the other."""
_WRITTEN_AS_TEXT = (
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    pathlib.Path,
    uuid.UUID,
)


class NoSuchField(LookupError):
    """A type has no field of that name; `candidates` has those it has, or None where it has no named fields."""

    def __init__(self, candidates: list[str] | None) -> None:
        super().__init__()
        self.candidates = candidates


def bare(annotation: Any) -> Any:
    """The annotation without Annotated, NewType, Required and aliases, which say nothing about the value's form."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated or origin in (typing.Required, typing.NotRequired):
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif type(origin).__name__ == "TypeAliasType":
            annotation = origin.__value__[typing.get_args(annotation)]
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or Any
        else:
            return _NONE if annotation is None else annotation


def members(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union or Literal, else the annotation alone."""
    annotation = bare(annotation)
    if typing.get_origin(annotation) is Literal:
        return tuple(Literal[value] for value in typing.get_args(annotation))
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for arg in typing.get_args(annotation) for member in members(arg))
    return (annotation,)


def describe(annotation: Any) -> str:
    """The annotation as a user would write it."""
    if annotation is _NONE or annotation is None:
        return "None"
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(describe(member) for member in typing.get_args(annotation))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return describe(arguments[0])
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None and arguments:
        return f"{describe(origin)}[{', '.join('...' if a is ... else describe(a) for a in arguments)}]"
    return str(getattr(annotation, "__name__", annotation)).removeprefix("typing.")


def fits(source: Any, target: Any) -> bool:
    """Whether every value of `source`, sent as JSON, can be read as `target`."""
    sources, targets = members(source), members(target)
    if any(option in _UNKNOWN for option in targets) or (len(sources) == 1 and sources[0] in _UNKNOWN):
        return True
    return all(any(_member_fits(one, option) for option in targets) for one in sources)


def _member_fits(source: Any, target: Any) -> bool:
    if source in _UNKNOWN or source == target:
        return True
    if typing.get_origin(target) is Literal:
        return typing.get_origin(source) is Literal and _alternatives(source) <= _alternatives(target)
    if typing.get_origin(source) is Literal:
        return all(fits(type(value), target) for value in typing.get_args(source))
    if is_typeddict(target):
        return is_typeddict(source) and _typed_dict_fits(source, target)
    source_class, target_class = _class(source), _class(target)
    if source_class is None or target_class is None:
        return False
    if target_class is float and source_class is int:
        return True
    if issubclass(target_class, collections.abc.Mapping):
        return _mapping_fits(source, source_class, target, target_class)
    if (source_class, target_class) in _JSON_KEEPS_APART or not issubclass(source_class, target_class):
        return False
    return _arguments_fit(source, target)


def _class(annotation: Any) -> type | None:
    found = typing.get_origin(annotation) or annotation
    return found if isinstance(found, type) else None


def _arguments_fit(source: Any, target: Any) -> bool:
    mine, theirs = typing.get_args(source), typing.get_args(target)
    if not mine or not theirs:
        return True
    if typing.get_origin(source) is tuple and typing.get_origin(target) is not tuple:
        return all(fits(one, theirs[0]) for one in mine if one is not ...)
    if typing.get_origin(target) is tuple and len(theirs) == 2 and theirs[1] is ...:
        return all(fits(one, theirs[0]) for one in mine if one is not ...)
    return len(mine) == len(theirs) and all(
        one is other or fits(one, other) for one, other in zip(mine, theirs, strict=True)
    )


def _mapping_fits(source: Any, source_class: type, target: Any, target_class: type) -> bool:
    key, value = typing.get_args(target) or (Any, Any)
    if is_typeddict(source):
        return fits(str, key) and all(fits(kind, value) for kind in _hints(source).values())
    if issubclass(source_class, collections.abc.Mapping):
        return issubclass(source_class, target_class) and _arguments_fit(source, target)
    return fields_of(source) is not None and bare(value) in _UNKNOWN


def _typed_dict_fits(source: Any, target: Any) -> bool:
    mine, theirs = _hints(source), _hints(target)
    return _required(target) <= _required(source) and all(
        fits(mine[name], kind) for name, kind in theirs.items() if name in mine
    )


def _required(annotation: Any) -> set[str]:
    """Required keys; Python itself does not see `NotRequired` where annotations are kept as text."""
    hints = typing.get_type_hints(annotation, include_extras=True)
    declared = {name: typing.get_origin(hint) for name, hint in hints.items()}
    return {
        name
        for name, origin in declared.items()
        if origin is typing.Required or (name in annotation.__required_keys__ and origin is not typing.NotRequired)
    }


def _hints(annotation: Any) -> dict[str, Any]:
    return typing.get_type_hints(annotation)


def fields_of(annotation: Any) -> dict[str, Any] | None:
    """Field names and types of a dataclass, pydantic model, TypedDict or NamedTuple; None for other types."""
    if is_typeddict(annotation):
        return _hints(annotation)
    if not isinstance(annotation, type):
        return None
    if dataclasses.is_dataclass(annotation):
        hints = _hints(annotation)
        return {field.name: hints[field.name] for field in dataclasses.fields(annotation)}
    if hasattr(annotation, "model_fields"):
        return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
    if issubclass(annotation, tuple) and hasattr(annotation, "_fields"):
        return _hints(typing.cast(type[NamedTuple], annotation))
    return None


def field_type(annotation: Any, field: str) -> Any:
    """The type of `field` of a value of this type.

    Raises:
        NoSuchField: no alternative of the type has that field, or one (such as None) has none.
    """
    found = [_field_of_member(member, field) for member in members(annotation)]
    return found[0] if len(found) == 1 else Union[tuple(found)]  # noqa: UP007 - built at run time


def _field_of_member(annotation: Any, field: str) -> Any:
    if annotation in _UNKNOWN:
        return Any
    fields = fields_of(annotation)
    if fields is not None:
        if field not in fields:
            raise NoSuchField(list(fields))
        return fields[field]
    kind = _class(annotation)
    if kind is not None and issubclass(kind, collections.abc.Mapping):
        return (typing.get_args(annotation) or (Any, Any))[1]
    raise NoSuchField(None)


def without_none(annotation: Any) -> Any:
    """The alternatives of a type besides None; None itself where there are no others."""
    found = tuple(member for member in members(annotation) if member is not _NONE)
    return Union[found] if found else annotation  # noqa: UP007 - built at run time


def item_type(annotation: Any) -> Any:
    """The type of the items where a list is given for this type; None where it takes no list."""
    found: list[Any] = []
    for member in members(annotation):
        if member in _UNKNOWN:
            return Any
        if _is_a(_class(member), collections.abc.Collection):
            found += [argument for argument in typing.get_args(member) if argument is not ...] or [Any]
    return Union[tuple(found)] if found else None  # noqa: UP007 - built at run time


def is_small(annotation: Any) -> bool:
    """Whether no value of this type can be too large to travel inside a state machine."""
    kinds = members(annotation)
    return all(kind in _SMALL or typing.get_origin(kind) is Literal for kind in kinds)


_SMALL = (bool, int, float, _NONE, datetime.date, datetime.datetime, datetime.time, datetime.timedelta)


def is_json(value: Any) -> bool:
    """Whether JSON can carry the value as it is; NaN and infinities are no JSON."""
    if isinstance(value, float):
        return value == value and value not in (float("inf"), float("-inf"))
    if value is None or isinstance(value, bool | int | str):
        return True
    if isinstance(value, list | tuple):
        return all(map(is_json, value))
    return isinstance(value, dict) and all(isinstance(key, str) and is_json(one) for key, one in value.items())


def holds(value: Any, annotation: Any) -> bool:
    """Whether a value that is written down can be given where this type is wanted; a dict may stand for a record."""
    return any(_member_holds(value, member) for member in members(annotation))


def _member_holds(value: Any, annotation: Any) -> bool:
    if annotation in _UNKNOWN:
        return True
    kind, arguments = _class(annotation), typing.get_args(annotation)
    if isinstance(value, dict):
        fields = fields_of(annotation)
        if fields is not None:
            return value.keys() <= fields.keys() and all(holds(one, fields[name]) for name, one in value.items())
        key, item = arguments if len(arguments) == 2 else (Any, Any)
        return _is_a(kind, collections.abc.Mapping) and all(
            holds(name, key) and holds(one, item) for name, one in value.items()
        )
    if isinstance(value, list | tuple):
        if kind is tuple and arguments and arguments[-1] is not ...:
            return len(value) == len(arguments) and all(map(holds, value, arguments))
        return _is_a(kind, collections.abc.Collection) and all(
            holds(one, arguments[0] if arguments else Any) for one in value
        )
    if typing.get_origin(annotation) is Literal:
        return (type(value), value) in _alternatives(annotation)
    if kind is not None and issubclass(kind, enum.Enum):
        return value in [member.value for member in kind] or isinstance(value, kind)
    return fits(type(value), annotation) or _is_text_of(value, annotation)


def _is_a(kind: type | None, base: type) -> bool:
    """A collection that is written as JSON's list or object; text is neither."""
    return (
        kind is not None
        and issubclass(kind, base)
        and not issubclass(kind, str | bytes)
        and (base is collections.abc.Mapping or not issubclass(kind, collections.abc.Mapping))
    )


def _is_text_of(value: Any, annotation: Any) -> bool:
    """Types that JSON has no form of its own for are written as text."""
    return isinstance(value, str) and annotation in _WRITTEN_AS_TEXT


def _alternatives(annotation: Any) -> set[tuple[type, Any]]:
    """The values of a Literal; True and 1 are equal in Python and different in JSON."""
    return {(type(value), value) for value in typing.get_args(annotation)}
