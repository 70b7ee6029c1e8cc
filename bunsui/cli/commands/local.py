"""`bunsui local start|stop|status|reset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bunsui.cli.menu import COMMANDS
from bunsui.cli.options import CONTEXT, App, Command, pass_app
from bunsui.errors import ExitCode

if TYPE_CHECKING:
    from bunsui.local import LocalStatus


@click.group("local", short_help=COMMANDS["local"], context_settings=CONTEXT)
def command() -> None:
    """Start, stop, look at and reset the embedded AWS of the project: AWS's services as one process on 127.0.0.1."""


@command.command("start", cls=Command)
@pass_app
def start(app: App) -> ExitCode:
    """Start it, or find that it runs already; it goes on until it is stopped."""
    return _show(app, app.workspace.local.start())


@command.command("stop", cls=Command)
@pass_app
def stop(app: App) -> ExitCode:
    """Stop it; what it holds is kept for the next start."""
    done = app.workspace.local.stop()
    if app.out.json:
        app.out.result(done)
    else:
        app.out.print(done.message)
    return ExitCode.OK


@command.command("status", cls=Command)
@pass_app
def status(app: App) -> ExitCode:
    """Tell whether it runs, and where. Exits 0 either way."""
    return _show(app, app.workspace.local.status())


@command.command("reset", cls=Command)
@pass_app
def reset(app: App) -> ExitCode:
    """Delete everything in it; it runs afterwards if it ran before."""
    return _show(app, app.workspace.local.reset())


def _show(app: App, found: LocalStatus) -> ExitCode:
    if app.out.json:
        app.out.result(found)
    elif found.running:
        app.out.print(f"the embedded AWS runs at {found.endpoint_url} (process {found.pid}, MiniStack {found.version})")
    else:
        app.out.print("the embedded AWS is not running")
    return ExitCode.OK
