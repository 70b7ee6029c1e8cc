"""A small value of a declared type, as JSON carries it: what a stub results in, so that what follows has something."""

from __future__ import annotations

import collections.abc
import datetime
import decimal
import enum
import pathlib
import typing
import uuid
from typing import Any

from bunsui.model.types import fields_of, members
from bunsui.runtime.dataset import Dataset

LENGTH = 3
"""Items of a list, so that a map has something to do."""

VALUES: dict[Any, Any] = {
    bool: True,
    int: 1,
    float: 1.0,
    str: "text",
    bytes: "",
    bytearray: "",
    datetime.date: "2025-01-01",
    datetime.datetime: "2025-01-01T00:00:00+00:00",
    datetime.time: "00:00:00",
    datetime.timedelta: 1.0,
    decimal.Decimal: "1",
    uuid.UUID: "00000000-0000-4000-8000-000000000000",
    pathlib.Path: "path",
    pathlib.PurePath: "path",
    Dataset: {"uri": "s3://bucket/key", "format": None, "rows": LENGTH, "bytes": 1024},
}


Inside = frozenset[Any]
"""The records that a value lies in: a type may contain itself."""


def last(annotation: Any) -> Any:
    """The same for what a loop repeats: a field of a record that may be None is, as a last page has no next."""
    kind = _kind(annotation, frozenset())
    fields = fields_of(kind) if kind not in VALUES else None
    if fields is None:
        return plausible(annotation)
    return {name: None if type(None) in members(field) else plausible(field) for name, field in fields.items()}


def plausible(annotation: Any, inside: Inside = frozenset()) -> Any:
    """A JSON value of the type: of a union the first member that is not None, of an enum its first value.

    What is not annotated, or not known here, is None.
    """
    kind = _kind(annotation, inside)
    if kind in VALUES:
        return VALUES[kind]
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)[0]
    fields = fields_of(kind)
    if fields is not None:
        return {name: plausible(field, inside | {kind}) for name, field in fields.items()}
    cls = typing.get_origin(kind) or kind
    return _collection(cls, typing.get_args(kind), inside) if isinstance(cls, type) else None


def _kind(annotation: Any, inside: Inside) -> Any:
    """The member to make a value of; None where there is none."""
    return next((one for one in members(annotation) if one is not type(None) and one not in inside), None)


def _collection(cls: type, arguments: tuple[Any, ...], inside: Inside) -> Any:
    if issubclass(cls, enum.Enum):
        return next((one.value for one in cls), None)
    if issubclass(cls, tuple) and arguments and arguments[-1] is not ...:
        return [plausible(one, inside) for one in arguments]
    if issubclass(cls, collections.abc.Mapping):
        key, value = arguments if len(arguments) == 2 else (str, Any)
        return {str(plausible(key, inside)): plausible(value, inside)} if _kind(value, inside) is not None else {}
    if not issubclass(cls, collections.abc.Collection):
        return None
    item = arguments[0] if arguments else Any
    length = 1 if issubclass(cls, collections.abc.Set) else LENGTH
    return [plausible(item, inside)] * length if _kind(item, inside) is not None else []
