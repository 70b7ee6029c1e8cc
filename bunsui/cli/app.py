"""The group of all commands, and how a run ends."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click

from bunsui.cli import faults
from bunsui.cli.menu import COMMANDS, help_text, version_text
from bunsui.cli.options import CONTEXT, App, global_options
from bunsui.errors import BunsuiError, BunsuiErrors, ExitCode, UsageError


class Menu(click.Group):
    """A group that imports a command when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of `bunsui/cli/commands/<name>.py`."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"bunsui.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a hint of ours for a name that is none."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(COMMANDS)}"
            raise UsageError("BUN406", f"there is no command {name!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """The same as without click."""
        return help_text().rstrip("\n")


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(version_text(), nl=False)
        context.exit()


group = Menu(
    "bunsui",
    params=[
        *global_options(),
        click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version),
    ],
    context_settings=CONTEXT,
    no_args_is_help=True,
)


class NoPlugins(ModuleType):
    """Stands for what pydantic looks for plugins with; they watch validation, and have nothing to watch in a command.

    Looking for them reads the metadata of every installed package, so they are disabled. Even then pydantic imports
    `importlib.metadata` to look with, and thereby a mail parser and an archiver: 20 ms of every command. Should it ask
    for anything else, it gets the real module.
    """

    NAME = "pydantic.plugin._loader"
    get_plugins = tuple

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        sys.modules.pop(self.NAME, None)
        return getattr(importlib.import_module(self.NAME), name)


def run(words: Sequence[str]) -> int:
    """Run one command; tell errors, and return the exit code."""
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        sys.modules.setdefault(NoPlugins.NAME, NoPlugins(NoPlugins.NAME))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app = App()
    try:
        try:
            code = group.main(list(words), prog_name="bunsui", standalone_mode=False, obj=app)
        finally:
            app.settings.json = app.settings.json or _wants_json(words)
        sys.stdout.flush()
        return int(code or ExitCode.OK)
    except (click.Abort, KeyboardInterrupt):
        app.out.err("interrupted")
        return ExitCode.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as bare:
        app.out.err(bare.format_message())
        return ExitCode.USAGE
    except BrokenPipeError:
        # Whoever read us has gone; Python's own flush at exit would complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except click.UsageError as wrong:
        return _tell(app, [_usage(wrong, words)], ExitCode.USAGE)
    except BunsuiErrors as several:
        return _tell(app, several.errors, several.exit_code)
    except BunsuiError as one:
        return _tell(app, [one], one.exit_code)
    except Exception as unforeseen:
        return _tell_unforeseen(app, unforeseen)


def _wants_json(words: Sequence[str]) -> bool:
    """Whether `--json` is among the words, when click did not get as far as to say."""
    return "--json" in words


def _usage(wrong: click.UsageError, words: Sequence[str]) -> UsageError:
    if isinstance(wrong, click.NoSuchOption):
        wrong = click.NoSuchOption(wrong.option_name, wrong.message, _close(wrong), wrong.ctx)
    message = wrong.format_message().rstrip(".")
    named = [word for word in words if word in COMMANDS][:1]
    path = wrong.ctx.command_path if wrong.ctx else " ".join(["bunsui", *named])
    latest = isinstance(wrong, click.MissingParameter) and wrong.param is not None and wrong.param.name == "session"
    hint = f"`{path} latest` is about the newest session; {path} --help" if latest else f"{path} --help"
    return UsageError("BUN406", message[:1].lower() + message[1:], hint=hint)


def _close(wrong: click.NoSuchOption) -> list[str]:
    """Of the options that click would suggest those that may be meant: it counts the dashes, which all have."""
    name = wrong.option_name.lstrip("-")
    return [
        one for one in wrong.possibilities or () if difflib.SequenceMatcher(None, name, one.lstrip("-")).ratio() > 0.7
    ]


def _tell(app: App, errors: Sequence[BunsuiError], code: ExitCode) -> int:
    if app.settings.json:
        app.out.result(faults.as_json(errors, code))
        return code
    for number, error in enumerate(errors):
        if number:
            app.out.err()
        for line in faults.as_text(error):
            app.out.err(line)
    return code


def _tell_unforeseen(app: App, error: Exception) -> int:
    if os.environ.get("BUNSUI_DEBUG"):
        import traceback

        traceback.print_exc()
    if app.settings.json:
        app.out.result(faults.unexpected_as_json(error))
    else:
        app.out.err(f"{click.style('unexpected error', fg='red', bold=True)}: {faults.in_words(error)}")
        app.out.err(f"  {faults.REPORT}")
    return ExitCode.FAILED
