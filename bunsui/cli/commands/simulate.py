"""`bunsui simulate`."""

from __future__ import annotations

from pathlib import Path

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.errors import ExitCode


@click.command("simulate", cls=Command)
@click.argument("pipeline", required=False)
@click.option(
    "--durations",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="JSON, YAML or CSV: operation -> seconds, or operation -> {seconds, result}; `*` for all others.",
)
@click.option("--history", metavar="SESSION", help="Take as long as in this session; --durations goes before.")
@click.option(
    "--fail",
    multiple=True,
    metavar="OPERATION[:ERROR[:TIMES]]",
    help="Let an operation fail, always or so often; may be given again.",
)
@click.option("--set", "words", multiple=True, metavar="NAME=VALUE", help="A parameter, as `run` takes it.")
@pass_app
def command(
    app: App,
    pipeline: str | None,
    durations: Path | None,
    history: str | None,
    fail: tuple[str, ...],
    words: tuple[str, ...],
) -> ExitCode:
    """Run a pipeline's compiled state machines here, on a virtual clock, and tell how long it takes and what it costs.

    The PIPELINE may be left out where the project has only one. No function runs: each takes as long as FILE or the
    SESSION says, or 1 s, and results in a small value of its type. Parameters that are not set get one, too. Exits 0
    however the simulated run ends. Needs no AWS, other than for --history.
    """
    from bunsui.session.parameters import parse_assignments

    found = app.workspace.simulate(
        pipeline,
        texts=parse_assignments(words),
        durations=durations,
        history=app.session(history) if history else None,
        fail=fail,
    )
    if app.out.json:
        app.out.result(found)
        return ExitCode.OK
    from bunsui.cli.simulations import show_simulation

    show_simulation(app.out, found)
    return ExitCode.OK
