"""Results: the envelope that a function returns (docs/architecture.md, "Values between operations")."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import store
from .encode import encode
from .envelope import has, written
from .failures import EncodeError, ResultTooLarge
from .invocation import subject

INLINE = 32 * 1024
"""Bytes of JSON that travel in the envelope where the event does not say."""

SMALL = 128
"""Bytes; a value that is no larger than a reference to it is never spilled."""

FACT = 1024
"""Bytes of JSON that a fact may have."""

_LONG = re.compile(rb"\d(?:\.?\d){15}")
"""A number of more than 15 digits, to which JSONata rounds where a value becomes text: in joins and in records."""

LENGTH = "#"
"""The last step of a fact's path that means the length of what is there."""

THERE = "?"
"""The last step of a fact's path that means whether something is there and not None."""


def enveloped(result: Any, about: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The envelope of a result, and how many bytes of it were put into S3.

    Args:
        result: what the function returned.
        about: the event's `bunsui` object.

    Raises:
        EncodeError: it cannot be written as JSON.
        ResultTooLarge: of the result, or of a fact of it.
    """
    value = encode(result, f"{subject()}: result")
    data = _json(value)
    wanted = about.get("facts") or {}
    facts = {"facts": facts_of(value, wanted)} if wanted else {}
    kept = about.get("store") or about.get("part") is not None
    exact = _exact(data)
    size = len(data) + (len(_json(exact)) if exact else 0)
    if not kept and not about.get("apart") and size <= max(about.get("inline", INLINE), SMALL):
        return {"value": value, **exact, **facts}, 0
    bucket = store.artefact_bucket(f"{subject()}: keeping a result of {len(data)} bytes")
    place = _place(about)
    key = f"{prefix(about)}/{place}.json"
    store.put(bucket, key, data, "application/json")
    return {**({"stored": place, "job": about["job"]} if kept else {"pointer": key}), **facts}, len(data)


def travelling(value: Any, wanted: Mapping[str, Sequence[str | int]]) -> dict[str, Any]:
    """The envelope that a JSON value travels in, with the facts at these paths.

    Raises:
        ResultTooLarge: a fact is.
    """
    facts = facts_of(value, wanted)
    return {"value": value, **_exact(_json(value)), **({"facts": facts} if facts else {})}


def _exact(data: bytes) -> dict[str, str]:
    """The text that stands beside a value whose JSON is this, where it may be rounded."""
    return {"text": data.decode()} if _LONG.search(data) else {}


def prefix(about: Mapping[str, Any]) -> str:
    """What the keys of all results of a job run begin with."""
    return "/".join([os.environ["BUNSUI_SPILL"], *(str(about[name]) for name in ("session", "attempt", "job"))])


def _place(about: Mapping[str, Any]) -> str:
    """Where a result lies below the prefix: one that is made more than once has a place for each time."""
    times = (about[name] for name in ("turn", "part") if about.get(name) is not None)
    return "/".join([str(about["operation"]), *map(str, times)])


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        raise EncodeError(f"{subject()}: result has text that is no valid Unicode (a lone surrogate)") from None


def facts_of(value: Any, wanted: Mapping[str, Sequence[str | int]]) -> dict[str, Any]:
    """The values at the paths; an optional field that is not there makes no fact."""
    found: dict[str, Any] = {}
    for name, path in wanted.items():
        for one in _at(value, path):
            size = len(_json(one))
            if size > FACT:
                what = f"field {written(path)!r} of its result" if path else "its result"
                raise ResultTooLarge(
                    f"{subject()}: {what} has {size} bytes of JSON, and what is read inside the state machine may have"
                    f" {FACT}; return a smaller field that tells what matters, such as a count"
                )
            found[name] = one
    return found


def _at(value: Any, path: Sequence[str | int]) -> list[Any]:
    """What is at the path, or nothing."""
    for depth, step in enumerate(path, 1):
        if step == LENGTH and depth == len(path):
            return [len(value)] if isinstance(value, list | dict | str) else []
        if step == THERE and depth == len(path):
            return [value is not None]
        if not has(value, step):
            return []
        value = value[step]
    return [value]
