"""`bunsui answer`."""

from __future__ import annotations

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.errors import ExitCode


@click.command("answer", cls=Command)
@click.argument("session")
@click.argument("answer")
@click.argument("operation", required=False)
@click.option("--comment", metavar="TEXT", default="", help="For the record, and for who takes the decision.")
@pass_app
def command(app: App, session: str, answer: str, operation: str | None, comment: str) -> ExitCode:
    """Answer what a session asks, in one of the ways that `bunsui approvals` lists: `retry`, `skip`, ….

    SESSION is its id, or `latest`; OPERATION is the step that asks, where the session asks several things.
    """
    return give(app, session, answer, operation, comment)


def give(app: App, session: str, answer: str, operation: str | None, comment: str) -> ExitCode:
    """Give an answer and tell what was answered."""
    done = app.workspace.answer(app.session(session), answer, operation, comment)
    if app.out.json:
        app.out.result(done)
    else:
        app.out.print(f"{done.question.operation} of session {done.question.session}: {done.answer}")
    return ExitCode.OK
