"""The ten worst days as a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def _plain(value: Any) -> str:
    return "-" if value is None else str(value)


def _with(unit: str, digits: int = 0) -> Callable[[Any], str]:
    return lambda value: "-" if value is None else f"{value:.{digits}f}{unit}"


COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("#", "rank", _plain),
    ("day", "day", _plain),
    ("", "weekday", lambda value: str(value)[:3]),
    ("flights", "flights", _plain),
    ("cancelled", "cancelled", _plain),
    ("late", "late", _plain),
    ("disrupted", "disrupted", _with(" %", 1)),
    ("mean delay", "arrival_delay", _with(" min", 1)),
    ("wind", "wind", _with(" mph")),
    ("low visibility", "low_visibility", _with(" %")),
    ("rain", "rain", _with(" %")),
)
"""Heading, field of a worst day, how it is written."""

LEFT = frozenset({"day", ""})


def table(worst_days: Iterable[Mapping[str, Any]]) -> str:
    """The rows of a session's `worst_days` as aligned lines, headings first."""
    cells = [[heading for heading, _, _ in COLUMNS]]
    cells += [[write(row[field]) for _, field, write in COLUMNS] for row in worst_days]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(row, widths) for row in cells)


def _line(row: list[str], widths: list[int]) -> str:
    padded = [
        cell.ljust(width) if heading in LEFT else cell.rjust(width)
        for cell, width, (heading, _, _) in zip(row, widths, COLUMNS, strict=True)
    ]
    return "  ".join(padded).rstrip()
