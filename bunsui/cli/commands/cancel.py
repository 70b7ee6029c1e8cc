"""`bunsui cancel`."""

from __future__ import annotations

import os

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.errors import ExitCode


@click.command("cancel", cls=Command)
@click.argument("session")
@click.option("--why", metavar="TEXT", default="", help="For the record.")
@pass_app
def command(app: App, session: str, why: str) -> ExitCode:
    """Stop a session and what it runs. A session that is over stays as it is, which is no error.

    SESSION is its id, or `latest`. A function that is running goes on to its end; its result is dropped.
    """
    who = os.environ.get("USER") or os.environ.get("USERNAME", "")
    done = app.workspace.cancel(app.session(session), who=who, why=why)
    if app.out.json:
        app.out.result(done)
    else:
        app.out.print(done.message)
    return ExitCode.OK
