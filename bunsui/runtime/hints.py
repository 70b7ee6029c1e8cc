"""Annotations of functions and classes as types, for every way in which Python keeps them.

An annotation that cannot be resolved at run time (imported under TYPE_CHECKING only) counts as absent.
"""

from __future__ import annotations

import sys
import typing
from functools import lru_cache
from types import SimpleNamespace
from typing import Any


@lru_cache(maxsize=1024)
def of(subject: Any) -> dict[str, Any]:
    """Name -> type of the annotated parameters of a function or fields of a class."""
    try:
        return typing.get_type_hints(subject, include_extras=True)
    except Exception:  # any expression can stand in an annotation, and fail in any way
        return _one_by_one(subject)


def _one_by_one(subject: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for holder in reversed(subject.__mro__) if isinstance(subject, type) else [subject]:
        scope = _scope(holder)
        for name, annotation in _raw(holder).items():
            one = SimpleNamespace(__annotations__={name: annotation})
            try:
                found.update(typing.get_type_hints(one, scope, include_extras=True))
            except Exception:
                found[name] = Any
    return found


def _scope(holder: Any) -> dict[str, Any]:
    while hasattr(holder, "__wrapped__"):
        holder = holder.__wrapped__
    if hasattr(holder, "__globals__"):
        return dict(holder.__globals__)
    module = sys.modules.get(holder.__module__)
    return dict(vars(module)) if module is not None else {}


def _raw(holder: Any) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return dict(annotationlib.get_annotations(holder, format=annotationlib.Format.FORWARDREF))
    own = vars(holder) if isinstance(holder, type) else {"__annotations__": getattr(holder, "__annotations__", {})}
    return dict(own.get("__annotations__", {}))
