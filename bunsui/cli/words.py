"""Durations, times and sizes as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def duration(seconds: float | None) -> str:
    """Such as `0.4 s`, `3 min 05 s` or `2 h 07 min`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 59.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


def moment(time: datetime | None) -> str:
    """Such as `2026-11-21 10:15:30Z`; empty for None."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if time else ""


def clock(time: datetime | None) -> str:
    """The time of day in UTC with milliseconds, such as `10:15:30.042Z`; empty for None."""
    return f"{time.astimezone(UTC).isoformat(timespec='milliseconds')[11:23]}Z" if time else ""


def size(count: int) -> str:
    """Bytes, such as `312 B`, `48.1 KiB` or `7.9 MiB`."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1024**2 else f"{count / 1024**2:.1f} MiB"


def number(count: int, noun: str, plural: str = "") -> str:
    """Such as `1 file` or `3 files`."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def shortened(value: Any, limit: int = 100) -> str:
    """A value as JSON on one line, cut to so many characters."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
