"""`bunsui deploy`."""

from __future__ import annotations

import click

from bunsui.cli.approval import Conversation
from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.plans import show_deployment
from bunsui.errors import ExitCode


@click.command("deploy", cls=Command)
@click.argument("pipeline", required=False)
@click.option("--yes", "-y", is_flag=True, help="Agree beforehand to whatever changes.")
@pass_app
def command(app: App, pipeline: str | None, yes: bool) -> ExitCode:
    """Deploy a pipeline: show what changes and which permissions widen, ask, and carry it out.

    The PIPELINE may be left out where the project has only one. Without a terminal or with --json nobody is asked: it
    takes --yes, or exits 4. The first deployment to an account and region creates the control stack, after asking.
    """
    with Conversation(app.out, yes=yes) as conversation:
        done = app.workspace.deploy(pipeline, approve=conversation.approve, notify=conversation.notify)
    if app.out.json:
        app.out.result(done)
    else:
        show_deployment(app.out, done)
    return ExitCode.OK
