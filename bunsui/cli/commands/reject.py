"""`bunsui reject`."""

from __future__ import annotations

import click

from bunsui.cli.commands.answer import give
from bunsui.cli.options import App, Command, pass_app
from bunsui.errors import ExitCode


@click.command("reject", cls=Command)
@click.argument("session")
@click.argument("operation", required=False)
@click.option("--comment", metavar="TEXT", default="", help="For the record, and for who takes the decision.")
@pass_app
def command(app: App, session: str, operation: str | None, comment: str) -> ExitCode:
    """Reject what a session asks.

    SESSION is its id, or `latest`; OPERATION is the step that asks, where the session asks several things.
    """
    return give(app, session, "reject", operation, comment)
