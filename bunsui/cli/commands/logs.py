"""`bunsui logs`."""

from __future__ import annotations

from datetime import datetime

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.reports import log_text
from bunsui.cli.values import Moment
from bunsui.errors import ExitCode


@click.command("logs", cls=Command)
@click.argument("session")
@click.option("--job", metavar="NAME", help="Only its lines.")
@click.option("--operation", metavar="NAME", help="Only its lines.")
@click.option("--failed", is_flag=True, help="Only lines of tries that failed.")
@click.option("--follow", "-f", is_flag=True, help="Go on until the session is over.")
@click.option("--since", type=Moment(), metavar="WHEN", help="Only lines written since: 10m, 2h, or ISO 8601 (UTC).")
@pass_app
def command(
    app: App, session: str, job: str | None, operation: str | None, failed: bool, follow: bool, since: datetime | None
) -> ExitCode:
    """Print what the functions of a session logged, by time.

    SESSION is its id, or `latest`. With --json the lines are printed as one object once all are there.
    """
    id = app.session(session)
    lines = app.workspace.logs(id, job=job, operation=operation, failed=failed, follow=follow, since=since)
    if app.out.json:
        app.out.result({"session": id, "lines": [line.model_dump(mode="json", by_alias=True) for line in lines]})
        return ExitCode.OK
    for line in lines:
        app.out.print(log_text(line))
        for frame in line.traceback:
            for part in frame.rstrip().splitlines():
                app.out.print(f"    {part}")
    return ExitCode.OK
