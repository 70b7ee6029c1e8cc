"""`bunsui watch`."""

from __future__ import annotations

import click

from bunsui.cli.follow import Follower
from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.reports import show_report
from bunsui.errors import ExitCode


@click.command("watch", cls=Command)
@click.argument("session")
@pass_app
def command(app: App, session: str) -> ExitCode:
    """Follow a session until it is over; Ctrl-C only ends the watching.

    SESSION is its id, or `latest`. Exits as `bunsui status` does; with --json it prints the session once it is over.
    """
    follower = Follower(app.out, err=app.out.json)
    follower.follow(app.workspace.watch(app.session(session)))
    report = follower.last
    if report is None:
        return ExitCode.RUNNING
    if app.out.json:
        app.out.result(report)
    else:
        show_report(app, report)
    return report.exit_code
