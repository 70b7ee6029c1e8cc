"""`bunsui list`."""

from __future__ import annotations

from datetime import datetime

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.reports import sessions_table
from bunsui.cli.values import Moment
from bunsui.errors import ExitCode

STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@click.command("list", cls=Command)
@click.option("--pipeline", metavar="NAME", help="Only its sessions.")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only those with that status.")
@click.option(
    "--since", type=Moment(), metavar="WHEN", help="Only those started since: 10m, 2h, 3d, or ISO 8601 (UTC)."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@click.option("--token", metavar="TEXT", help="Go on behind an earlier page, which names it.")
@pass_app
def command(
    app: App, pipeline: str | None, status: str | None, since: datetime | None, limit: int, token: str | None
) -> ExitCode:
    """List the sessions of the environment, newest first."""
    from bunsui.session.model import Status

    wanted = Status(status) if status else None
    page = app.workspace.list(pipeline=pipeline, status=wanted, since=since, limit=limit, token=token)
    if app.out.json:
        app.out.result(page)
        return ExitCode.OK
    if page.sessions:
        app.out.show(sessions_table(page.sessions))
    else:
        app.out.note("no sessions")
    if page.next:
        app.out.note(f"more: --token {page.next}")
    return ExitCode.OK
