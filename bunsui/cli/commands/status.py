"""`bunsui status`."""

from __future__ import annotations

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.reports import show_report
from bunsui.errors import ExitCode


@click.command("status", cls=Command)
@click.argument("session")
@pass_app
def command(app: App, session: str) -> ExitCode:
    """Tell how a session stands: its jobs and operations, durations, tries, and why it failed.

    SESSION is its id, or `latest`. Exits 0 when it succeeded, 1 when it failed, 8 while it runs.
    """
    report = app.workspace.report(app.session(session))
    if app.out.json:
        app.out.result(report)
    else:
        show_report(app, report)
    return report.exit_code
