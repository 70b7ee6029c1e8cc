"""What annotations mean for values in JSON: their bare types, their names, how well a value fits."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, Literal, Union

from . import hints

_NONE = type(None)
_WRAPPERS = ("Annotated", "Required", "NotRequired", "ReadOnly", "Final", "ClassVar")


def bare(annotation: Any) -> Any:
    """The annotation without what says nothing about the form of a value in JSON."""
    while True:
        origin = typing.get_origin(annotation)
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or Any
        elif type(annotation).__name__ == "InitVar":
            annotation = annotation.type
        elif (
            hasattr(annotation, "__metadata__")
            or getattr(origin, "_name", None) in _WRAPPERS
            or origin is typing.ClassVar
        ):
            annotation = (
                annotation.__origin__ if hasattr(annotation, "__metadata__") else typing.get_args(annotation)[0]
            )
        else:
            return _NONE if annotation is None else annotation


def describe(annotation: Any) -> str:
    """The annotation as a user would write it."""
    annotation = bare(annotation)
    if annotation is _NONE:
        return "None"
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(describe(member) for member in typing.get_args(annotation))
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("collections.abc.", "")


def substituted(annotation: Any, stands_for: dict[Any, Any]) -> Any:
    """The annotation with types in the place of type variables."""
    if annotation in stands_for:
        return stands_for[annotation]
    open_ones = () if isinstance(annotation, type) else getattr(annotation, "__parameters__", ())
    return annotation[tuple(stands_for.get(one, Any) for one in open_ones)] if open_ones else annotation


def rank(value: Any, member: Any) -> tuple[int, int]:
    """How badly the value fits at first sight; sorting keeps the annotation's order among equals."""
    origin = typing.get_origin(member)
    if origin is Literal:
        return (0, 0)
    if origin in (Union, types.UnionType):
        return min(rank(value, bare(one)) for one in typing.get_args(member))
    if member in (Any, object):
        return (9, 0)
    kind = origin or member
    if isinstance(value, dict):
        return (1, _distance(value, member))
    if isinstance(value, str):
        return ({str: 2, bytes: 3, bytearray: 3}.get(kind, 4 if _is_path(kind) else 1), 0)
    return (1 if kind is type(value) else 2, 0)


def _distance(value: dict[str, Any], member: Any) -> int:
    kind = typing.get_origin(member) or member
    if not isinstance(kind, type):
        return 1000
    if hasattr(kind, "model_fields"):
        names = {field.alias or name for name, field in kind.model_fields.items()}
    elif typing.is_typeddict(kind) or dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        names = set(hints.of(kind))
    else:
        return 1000
    return 2 * len(value.keys() - names) + len(names - value.keys())


def _is_path(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "__fspath__")
