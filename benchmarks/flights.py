"""The demo session over the full year on an embedded AWS of its own: `python -m benchmarks.flights [runs]`.

Prints wall time of the session, records per second in the cleaning operation, and duration and peak memory of each
function, taken from the log lines that the functions wrote. With several runs the first has cold functions.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blueprints.flight_delays import load, periods
from blueprints.flight_delays.pipeline import pipeline
from bunsui import BunsuiError, BunsuiErrors, Lambda, Workspace
from bunsui.session.model import LogLine, SessionReport, Status

AIM = 30_000
"""Records per second in the cleaning operation."""


@contextmanager
def deployed() -> Iterator[Workspace]:
    """A workspace whose embedded AWS is empty but for the pipeline and the year's raw data."""
    from bunsui.local import ephemeral

    scratch = tempfile.TemporaryDirectory(prefix="bunsui-flights-", ignore_cleanup_errors=True)
    with scratch as folder, ephemeral(Path(folder)):
        workspace = Workspace.load(folder, environment="local", pipelines=[pipeline])
        workspace.deploy(pipeline.name, approve=lambda plan: True)
        load.load(load.into(workspace)[1], periods.period(periods.WHOLE_YEAR).months)
        try:
            yield workspace
        finally:
            workspace.aws.close()


def measure(workspace: Workspace) -> tuple[SessionReport, float, list[LogLine]]:
    """One session over the whole year: its report, its wall time in seconds, and how each operation finished."""
    began = time.monotonic()
    session = workspace.start(pipeline.name, month=periods.WHOLE_YEAR)
    report = workspace.wait(session.id)
    wall = time.monotonic() - began
    lines = [line for line in workspace.logs(session.id) if line.event == "operation.finished"]
    return report, wall, lines


def table(lines: list[LogLine]) -> str:
    """Duration and peak memory of each function beside its limit."""
    rows = [f"{'operation':20} {'seconds':>8} {'peak MB':>8} {'limit MB':>9}"]
    for line in lines:
        target = pipeline.operations[line.operation].operation.runs
        limit = target.memory if isinstance(target, Lambda) else 0
        seconds = (line.duration_ms or 0) / 1000
        rows.append(f"{line.operation:20} {seconds:8.2f} {line.memory_mb or 0:8.0f} {limit:9}")
    return "\n".join(rows)


def cleaning(lines: list[LogLine], records: int) -> float:
    """Records per second of the cleaning operation's function, S3 included."""
    (line,) = (line for line in lines if line.operation == "clean_flights")
    return records / ((line.duration_ms or 0) / 1000)


def show(workspace: Workspace, report: SessionReport, wall: float, lines: list[LogLine]) -> None:
    quality: dict[str, Any] = workspace.sessions.output(report.session.id, "publish", "report")["quality"]
    rate = cleaning(lines, quality["records"])
    print(f"session   {wall:6.1f} s wall, {report.session.duration_s} s as recorded, {quality['records']:,} flights")
    print(f"cleaning  {rate:,.0f} records per second; aim {AIM:,}: {'reached' if rate >= AIM else 'MISSED'}\n")
    print(table(lines), "\n")


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    try:
        with deployed() as workspace:
            for _ in range(runs):
                report, wall, lines = measure(workspace)
                if report.session.status != Status.SUCCEEDED:
                    print(report.failure, file=sys.stderr)
                    return int(report.exit_code)
                show(workspace, report, wall, lines)
    except (BunsuiError, BunsuiErrors) as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
