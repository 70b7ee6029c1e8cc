"""`bunsui synth`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.cli.words import number
from bunsui.errors import ExitCode

if TYPE_CHECKING:
    from bunsui.compile.assembly import Format


@click.command("synth", cls=Command)
@click.argument("pipelines", metavar="[PIPELINE]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; print how the assemblies differ, and exit 1 when they do.")
@click.option("--format", "template_format", type=click.Choice(["json", "yaml"]), help="Of the templates.")
@pass_app
def command(app: App, pipelines: tuple[str, ...], check: bool, template_format: Format | None) -> ExitCode:
    """Compile pipelines and write their assemblies: templates, state machines, permissions, graph, manifest.

    A PIPELINE is a name or `package.module:object`; all of the project when none is given. Those that are deployed
    together with it are compiled as well. Needs no AWS.
    """
    wanted = pipelines or tuple(app.workspace.pipelines) or (None,)
    names = tuple(dict.fromkeys(one.name for name in wanted for one in app.workspace.family(name)))
    return (_check if check else _write)(app, names, template_format)


def _write(app: App, names: tuple[str, ...], template_format: Format | None) -> ExitCode:
    done = [app.workspace.synth(name, template_format=template_format) for name in names]
    if app.out.json:
        app.out.result({"pipelines": [one.model_dump(mode="json") for one in done]})
        return ExitCode.OK
    for one in done:
        counts = ", ".join(
            (
                number(one.templates, "template"),
                number(one.machines, "state machine"),
                number(one.workers, "function"),
                f"{number(len(one.changed), 'file')} changed" if one.changed else "nothing changed",
            )
        )
        app.out.print(f"{click.style(one.pipeline, bold=True)} -> {one.folder} ({counts}) {one.digest[:12]}")
    return ExitCode.OK


def _check(app: App, names: tuple[str, ...], template_format: Format | None) -> ExitCode:
    from bunsui.compile.assembly import MANIFEST

    found = [app.workspace.check(name, template_format=template_format) for name in names]
    same = all(one.same for one in found)
    if app.out.json:
        app.out.result({"same": same, "pipelines": [one.model_dump(mode="json") for one in found]})
        return ExitCode.OK if same else ExitCode.FAILED
    for one in found:
        if one.same:
            app.out.note(f"{one.pipeline}: {one.folder} is what the declaration says")
            continue
        differs = (app.workspace.config.root / one.folder / MANIFEST).exists()
        for line in one.diff.splitlines() if differs else ():
            app.out.print(_coloured(line))
        how, command = "differs" if differs else "is not written yet", app.next_command("synth", one.pipeline)
        app.out.note(f"{one.pipeline}: {one.folder} {how}; `{command}` writes it")
    return ExitCode.OK if same else ExitCode.FAILED


def _coloured(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour else line
