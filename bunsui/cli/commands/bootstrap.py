"""`bunsui bootstrap`."""

from __future__ import annotations

import click

from bunsui.cli.approval import Conversation
from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.plans import show_deployment
from bunsui.errors import ExitCode


@click.command("bootstrap", cls=Command)
@click.option("--yes", "-y", is_flag=True, help="Agree beforehand to whatever changes.")
@pass_app
def command(app: App, yes: bool) -> ExitCode:
    """Create or update the control stack: the session tables, the artefact bucket and the log bucket.

    One per account and region; the first deployment offers to create it as well.
    """
    with Conversation(app.out, yes=yes) as conversation:
        done = app.workspace.bootstrap(approve=conversation.approve, notify=conversation.notify)
    if app.out.json:
        app.out.result(done)
    else:
        show_deployment(app.out, done)
    return ExitCode.OK
