"""A session's result for a terminal: the ten worst days as a table, and its timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from bunsui.session.model import OperationRun, SessionReport


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

BAR = 40
"""Characters of a timeline."""

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


def timeline(report: SessionReport) -> str:
    """When each operation of a session ran, as bars on one scale, with seconds and peak memory."""
    runs = [(job.job, run) for job in report.jobs for run in job.operations]
    timed = [run for _, run in runs if run.started and run.finished]
    if not timed:
        return "no operation has run"
    start = min(run.started for run in timed if run.started)
    length = max((run.finished - start).total_seconds() for run in timed if run.finished) or 1.0
    jobs = max(len(job) for job, _ in runs)
    names = max(len(run.operation) for _, run in runs)
    lines = []
    for place, (job, run) in enumerate(runs):
        heading = job if not place or runs[place - 1][0] != job else ""
        lines.append(f"{heading:{jobs}}  {run.operation:{names}}  {_bar(run, start, length)}".rstrip())
    return "\n".join(lines)


def _bar(run: OperationRun, start: datetime, length: float) -> str:
    if run.started is None or run.finished is None or run.duration_s is None:
        return run.status.lower().replace("_", " ")
    before = min(round((run.started - start).total_seconds() / length * BAR), BAR - 1)
    filled = min(max(round(run.duration_s / length * BAR), 1), BAR - before)
    bar = f"{'·' * before}{'█' * filled}{'·' * (BAR - before - filled)}"
    memory = "" if run.memory_mb is None else f"{run.memory_mb:6.0f} MB"
    failed = "" if run.status == "SUCCEEDED" else f"  {run.status.lower()} {run.error}"
    return f"{bar} {run.duration_s:6.2f} s{memory}{failed}"
