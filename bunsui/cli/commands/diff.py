"""`bunsui diff`."""

from __future__ import annotations

import click

from bunsui.cli.approval import Conversation
from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.plans import show_plan
from bunsui.errors import ExitCode


@click.command("diff", cls=Command)
@click.argument("pipeline", required=False)
@pass_app
def command(app: App, pipeline: str | None) -> ExitCode:
    """Tell what deploying a pipeline would add, change, replace and remove, and which permissions would widen.

    The PIPELINE may be left out where the project has only one. Changes nothing; exits 0 with or without differences.
    """
    with Conversation(app.out, yes=False) as conversation:
        plan = app.workspace.diff(pipeline, notify=conversation.notify)
    if app.out.json:
        app.out.result(plan)
    else:
        show_plan(app.out, plan, err=False)
    return ExitCode.OK
