"""Which operation runs in this process right now.

Lambda gives an execution environment one invocation at a time, so one place for the whole process
also serves threads that user code starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

IDS = ("pipeline", "session", "attempt", "job", "operation", "try")
"""Fields of the event's `bunsui` object that every log line repeats."""

_current: dict[str, Any] = {}


@contextmanager
def running(ids: Mapping[str, Any]) -> Iterator[None]:
    """Make `ids` those of the current invocation until the block ends."""
    _current.clear()
    _current.update(ids)
    try:
        yield
    finally:
        _current.clear()


def current() -> dict[str, Any]:
    """The ids of the current invocation; empty between invocations."""
    return dict(_current)


def subject() -> str:
    """The current operation in words."""
    name = _current.get("operation")
    return f"operation {name!r}" if name else "this code"
