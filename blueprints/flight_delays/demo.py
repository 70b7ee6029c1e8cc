"""The whole way on the embedded AWS: `python -m blueprints.flight_delays.demo`, or `make demo`.

Starts the embedded AWS, deploys the pipeline, loads one month, runs a session, and shows what came of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from blueprints.embedded import demonstrate, failed, session_of
from blueprints.flight_delays import load, show
from blueprints.flight_delays.periods import period
from blueprints.flight_delays.pipeline import pipeline
from blueprints.flight_delays.source import raw_objects
from bunsui import Workspace

MONTH = 1


def run(workspace: Workspace, month: int) -> int:
    """Deploy, load, run and show; gives the exit code.

    Raises:
        BunsuiError: whatever went wrong on the way.
    """
    report = session_of(workspace, pipeline, load.into, lambda: raw_objects(period(month).months), month=month)
    print(f"\nTimeline of session {report.session.id}\n\n{show.timeline(report)}")
    if not failed(report):
        print(summary(workspace.sessions.output(report.session.id, "publish", "report")))
    return int(report.exit_code)


def summary(found: dict[str, Any]) -> str:
    """The report operation's result in words and a table."""
    quality = found["quality"]
    reasons = ", ".join(f"{count} {reason}" for reason, count in quality["rejected_by_reason"].items())
    return "\n".join(
        [
            f"\n{quality['records']:,} flights read, {quality['rejected']:,} rejected: {reasons or 'none'}",
            f"Ten worst days of {quality['label']}: flights cancelled or at least 15 minutes late\n",
            show.table(found["worst_days"]),
            f"\n{len(found['files'])} files published, {found['items']} items in the table",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the only argument is the month, 1 to 12, or 0 for the whole year."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        month = int(given[0]) if given else MONTH
        period(month)
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return demonstrate(lambda workspace: run(workspace, month))


if __name__ == "__main__":
    sys.exit(main())
