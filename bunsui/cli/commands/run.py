"""`bunsui run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bunsui.cli.follow import Follower
from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.reports import show_report
from bunsui.errors import ExitCode

if TYPE_CHECKING:
    from bunsui.session.model import Session


@click.command("run", cls=Command)
@click.argument("words", metavar="[PIPELINE] [NAME=VALUE]...", nargs=-1)
@click.option("--wait/--detach", default=True, help="Wait for its end (the default), or print its id and go.")
@click.option(
    "--session", metavar="ID", help="Id of the session; starting it again with the same parameters does nothing."
)
@pass_app
def command(app: App, words: tuple[str, ...], wait: bool, session: str | None) -> ExitCode:
    """Start a session of a pipeline with the parameters NAME=VALUE, and wait for its end.

    The PIPELINE may be left out where the project has only one. Values are plain (month=1, day=2026-01-31) or JSON
    (days='[1, 2]'). Exits 0 when the session succeeded, 1 when it failed, 130 when Ctrl-C ended the waiting: the
    session goes on then. With --detach it exits 0 as soon as the session has started.
    """
    from bunsui.session.parameters import parse_assignments

    name = words[0] if words and "=" not in words[0] else None
    texts = parse_assignments(words[1:] if name else words)
    started = app.workspace.start(name, session=session, texts=texts)
    return _wait(app, started) if wait else _detach(app, started)


def _detach(app: App, started: Session) -> ExitCode:
    if app.out.json:
        app.out.result({"session": started.model_dump(mode="json"), "jobs": [], "failure": None})
    else:
        app.out.print(started.id)
        app.out.note(f"to follow it: {app.next_command('watch', started.id)}")
    return ExitCode.OK


def _wait(app: App, started: Session) -> ExitCode:
    app.out.note(f"session {click.style(started.id, bold=True)} of {started.pipeline} has started")
    follower, interrupted = Follower(app.out, err=True), False
    try:
        follower.follow(app.workspace.watch(started.id))
    except KeyboardInterrupt:
        interrupted = True
        app.out.note(f"the session goes on; to follow it: {app.next_command('watch', started.id)}")
        app.out.note(f"to stop it: {app.next_command('cancel', started.id)}")
    if app.out.json:
        unseen: dict[str, Any] = {"session": started.model_dump(mode="json"), "jobs": [], "failure": None}
        app.out.result(follower.last or unseen)
    elif follower.last is not None and not interrupted:
        show_report(app, follower.last)
    if interrupted:
        return ExitCode.INTERRUPTED
    return follower.last.exit_code if follower.last else ExitCode.RUNNING
