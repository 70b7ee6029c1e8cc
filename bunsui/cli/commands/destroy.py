"""`bunsui destroy`."""

from __future__ import annotations

import click

from bunsui.cli.approval import Conversation
from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.plans import show_destruction
from bunsui.errors import ExitCode


@click.command("destroy", cls=Command)
@click.argument("pipeline", required=False)
@click.option("--yes", "-y", is_flag=True, help="Agree beforehand to the deletion.")
@pass_app
def command(app: App, pipeline: str | None, yes: bool) -> ExitCode:
    """Delete a pipeline's stack: show what goes and what stays, ask, and carry it out.

    The PIPELINE may be left out where the project has only one. Buckets and tables that the environment retains stay,
    and so do pipelines that were deployed together with it.
    """
    with Conversation(app.out, yes=yes) as conversation:
        done = app.workspace.destroy(pipeline, approve=conversation.approve, notify=conversation.notify)
    if app.out.json:
        app.out.result(done)
    else:
        show_destruction(app.out, done)
    return ExitCode.OK
