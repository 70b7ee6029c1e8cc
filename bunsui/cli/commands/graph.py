"""`bunsui graph`."""

from __future__ import annotations

import shutil

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.errors import ExitCode

FORMATS = ("text", "mermaid", "dot", "svg")


@click.command("graph", cls=Command)
@click.argument("pipeline", required=False)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="Of the drawing."
)
@pass_app
def command(app: App, pipeline: str | None, format_: str) -> ExitCode:
    """Draw the graph of a pipeline: its jobs, their operations, and where branches wait for each other in a join.

    The PIPELINE may be left out where the project has only one. Text is as wide as the terminal, or 100 columns where
    there is none; what does not fit is listed layer by layer, with a star for a join. Needs no AWS.
    """
    from bunsui.diagram.draw import WIDTH

    wide = shutil.get_terminal_size().columns if app.out.is_terminal(err=False) else WIDTH
    drawn = app.workspace.graph(pipeline, format_, wide)
    if app.out.json:
        app.out.result({"pipeline": app.workspace.pipeline(pipeline).name, "format": format_, "text": drawn})
    else:
        app.out.print(drawn.rstrip("\n"))
    return ExitCode.OK
