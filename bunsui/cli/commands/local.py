"""`bunsui local start|stop|status|reset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bunsui.cli.faults import path_of
from bunsui.cli.menu import COMMANDS
from bunsui.cli.options import CONTEXT, App, Command, pass_app
from bunsui.errors import ApprovalError, ExitCode

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
@click.option("--yes", "-y", is_flag=True, help="Agree beforehand to the deletion.")
@pass_app
def reset(app: App, yes: bool) -> ExitCode:
    """Delete everything in it, after asking; it runs afterwards if it ran before.

    Without a terminal or with --json nobody is asked: it takes --yes, or exits 4.
    """
    server = app.workspace.local
    what = f"all stacks, buckets, tables, sessions and logs of the embedded AWS ({path_of(server.status().state_dir)})"
    if not yes:
        _ask(app, what)
    done = server.reset()
    if not app.out.json:
        app.out.print(f"deleted: {what}")
    return _show(app, done)


def _ask(app: App, what: str) -> None:
    if not app.out.can_ask:
        hint = "run the command where it can ask, or agree beforehand with --yes"
        raise ApprovalError("BUN603", f"somebody has to agree to deleting {what}", hint=hint)
    if not app.out.ask(f"Delete {what}?"):
        raise ApprovalError("BUN604", "the deletion was declined", hint="nothing was changed")


def _show(app: App, found: LocalStatus) -> ExitCode:
    if app.out.json:
        app.out.result(found)
    elif found.running:
        app.out.print(f"the embedded AWS runs at {found.endpoint_url} (process {found.pid}, MiniStack {found.version})")
    else:
        app.out.print("the embedded AWS is not running")
    return ExitCode.OK
