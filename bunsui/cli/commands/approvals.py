"""`bunsui approvals`."""

from __future__ import annotations

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.reports import questions_table
from bunsui.errors import ExitCode


@click.command("approvals", cls=Command)
@click.argument("session", required=False)
@pass_app
def command(app: App, session: str | None) -> ExitCode:
    """List what sessions ask people, the oldest first.

    SESSION is the id of one session, or `latest`; without it, those of the environment are told.
    """
    found = app.workspace.approvals(app.session(session) if session else None)
    if app.out.json:
        app.out.result(found)
    elif found.questions:
        app.out.show(questions_table(found.questions))
    else:
        app.out.note("nothing waits for an answer")
    return ExitCode.OK
