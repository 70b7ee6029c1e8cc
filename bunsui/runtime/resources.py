"""Declared resources as values: names and keys, resolved where the code runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

VARIABLE = "BUNSUI_RESOURCES"


class UndeclaredAccess(RuntimeError):
    """The code uses a resource that its operation declares neither to read nor to write."""


def resolve_bucket(id: str) -> str:
    """The name of a bucket of which any part is declared."""
    return str(_entry(id, id)["name"])


def resolve_table(id: str) -> str:
    """The name of a table."""
    return str(_entry(id, id)["name"])


def resolve_prefix(id: str, prefix: str) -> tuple[str, str]:
    """Bucket and key of a prefix that is declared, or that lies within a declared one."""
    used = f"{id} / {prefix!r}"
    entry = _entry(id, used)
    if not any(_covers(declared, prefix) for declared in (*entry["reads"], *entry["writes"])):
        raise _undeclared(used)
    return str(entry["name"]), prefix


@contextmanager
def resources_at(**names: str) -> Iterator[None]:
    """Let resources resolve in a unit test: `with resources_at(lake="test-bucket"): ...`; everything is allowed."""
    entries = {id.replace("_", "-"): {"name": name, "reads": [""], "writes": [""]} for id, name in names.items()}
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = json.dumps(entries)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def _covers(declared: str, prefix: str) -> bool:
    return not declared or prefix == declared or prefix.startswith(f"{declared}/")


def _resources() -> dict[str, Any]:
    text = os.environ.get(VARIABLE)
    if text is not None:
        return dict(json.loads(text))
    if "BUNSUI_HANDLER" in os.environ:
        return {}
    raise RuntimeError(
        "resources resolve where the code runs; in a unit test use `with bunsui.runtime.resources.resources_at(lake='name')`"
    )


def _entry(id: str, used: str) -> dict[str, Any]:
    entry = _resources().get(id)
    if entry is None:
        raise _undeclared(used)
    return dict(entry)


def _undeclared(used: str) -> UndeclaredAccess:
    declared = [
        f"{mode}=[{', '.join(_label(id, path) for id, entry in _resources().items() for path in entry[mode])}]"
        for mode in ("reads", "writes")
    ]
    handler = os.environ.get("BUNSUI_HANDLER", "").partition(":")[2] or "the operation"
    return UndeclaredAccess(
        f"{handler} uses {used}, but declares {' and '.join(declared)}; add {used} to its reads= or writes="
    )


def _label(id: str, path: str) -> str:
    return f"{id} / {path!r}" if path else id
