"""Declared resources at run time: what `lake.name` and `(lake / "raw").uri` are in a function.

The function's environment variable BUNSUI_RESOURCES says what it may use: resource id -> `{"name", "reads", "writes"}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from . import store
from .dataset import Dataset
from .failures import OutsideFunction, UndeclaredAccess
from .invocation import subject

VARIABLE = "BUNSUI_RESOURCES"
HANDLER = "BUNSUI_HANDLER"
MODES = ("reads", "writes")


def resolve_bucket(resource: str) -> str:
    """Name of a bucket of which any part is declared.

    Raises:
        UndeclaredAccess: none of it is.
        OutsideFunction: no operation runs here.
    """
    return _name(resource)


def resolve_table(resource: str) -> str:
    """Name of a declared table.

    Raises:
        UndeclaredAccess, OutsideFunction: see `resolve_bucket`.
    """
    return _name(resource)


def resolve_prefix(resource: str, path: str, mode: str | None = None) -> tuple[str, str]:
    """Bucket name and key of a part of a bucket.

    Args:
        resource: id of the bucket.
        path: below the bucket, without slashes at its ends.
        mode: `reads` or `writes` when only that declaration will do.

    Raises:
        UndeclaredAccess: no declaration covers the path.
        OutsideFunction: see `resolve_bucket`.
    """
    entry = _declared(resource).get(resource, {})
    prefixes = [prefix for one in ([mode] if mode else MODES) for prefix in entry.get(one, ())]
    if not any(_covers(prefix, path) for prefix in prefixes):
        raise _undeclared(resource, path, mode)
    return str(entry["name"]), path


def read_bytes(resource: str, path: str, name: str) -> bytes:
    """Content of the object `name` below the path.

    Raises:
        UndeclaredAccess: `reads=` does not cover it.
    """
    return store.get(*resolve_prefix(resource, _join(path, name), "reads"))


def write_bytes(
    resource: str, path: str, name: str, data: bytes, format: str | None = None, rows: int | None = None
) -> Dataset:
    """Write the object `name` below the path and return the pointer to it.

    Raises:
        UndeclaredAccess: `writes=` does not cover it.
    """
    bucket, key = resolve_prefix(resource, _join(path, name), "writes")
    return Dataset.write_bytes(f"s3://{bucket}/{key}", data, format, rows)


def list_names(resource: str, path: str) -> list[str]:
    """Names of the objects below the path, relative to it, in order.

    Raises:
        UndeclaredAccess: `reads=` does not cover it.
    """
    bucket, key = resolve_prefix(resource, path, "reads")
    below = f"{key}/" if key else ""
    return [found[len(below) :] for found in store.keys(bucket, below)]


@contextmanager
def resources_at(names: Mapping[str, str] | None = None, /, **more: str) -> Iterator[None]:
    """For unit tests: let declared resources resolve to these names, all of each readable and writable.

    `with resources_at(lake="test-lake"): ...`; a mapping serves ids that are no Python names.
    """
    before = os.environ.get(VARIABLE)
    entries = {id: {"name": name, "reads": [""], "writes": [""]} for id, name in {**(names or {}), **more}.items()}
    os.environ[VARIABLE] = json.dumps(entries)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _covers(declared: str, path: str) -> bool:
    return declared in ("", path) or path.startswith(f"{declared}/")


def _name(resource: str) -> str:
    declared = _declared(resource)
    if resource not in declared:
        raise _undeclared(resource, "", None)
    return str(declared[resource]["name"])


def _declared(resource: str) -> dict[str, Any]:
    text = os.environ.get(VARIABLE)
    if text is None and HANDLER not in os.environ:
        raise OutsideFunction(
            f"the name of {resource!r} in AWS is known where an operation runs, and no operation runs here; in a unit"
            f" test write: with bunsui.runtime.resources.resources_at({{{resource!r}: 'name-in-the-test'}}): ..."
        )
    return _parse(text or "{}")


@lru_cache(maxsize=1)
def _parse(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def _undeclared(resource: str, path: str, mode: str | None) -> UndeclaredAccess:
    declared = _declared(resource)
    told = ", ".join(f"{one}=[{_listed(declared, one)}]" for one in MODES if not mode or one == mode)
    verb = {"reads": "reads", "writes": "writes", None: "uses"}[mode]
    wanted = f"{mode}=" if mode else "reads= or writes="
    used = _written(resource, path)
    return UndeclaredAccess(f"{subject()} {verb} {used}, but declares {told}; add {used} to {wanted}")


def _listed(declared: Mapping[str, Any], mode: str) -> str:
    return ", ".join(_written(id, prefix) for id, entry in sorted(declared.items()) for prefix in entry.get(mode, ()))


def _written(resource: str, path: str) -> str:
    return f"{resource} / {path!r}" if path else resource
