"""The global options, and what every command is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from bunsui.cli.menu import COMMANDS, OPTIONS, spelled
from bunsui.cli.output import Output

if TYPE_CHECKING:
    from bunsui.workspace import Workspace

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass
class Settings:
    """The global options as they were given."""

    environment: str | None = None
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    root: str | None = None
    json: bool = False
    quiet: bool = False
    no_color: bool = False

    def words(self) -> list[str]:
        """Those that say which project and AWS is meant, for a command to be typed next."""
        named = ((flags, getattr(self, name)) for name, flags, metavar, _ in OPTIONS if metavar)
        return [word for flags, value in named if value is not None for word in (flags, value)]


@dataclass
class App:
    """What a command works with."""

    settings: Settings = field(default_factory=Settings)

    @cached_property
    def out(self) -> Output:
        """Standard output and standard error."""
        given = self.settings
        return Output(json=given.json, quiet=given.quiet, no_color=given.no_color)

    @cached_property
    def workspace(self) -> Workspace:
        """The project.

        Raises:
            UsageError, BunsuiErrors: BUN401, BUN404.
        """
        from bunsui.workspace import Workspace

        given = self.settings
        return Workspace.load(
            given.root,
            environment=given.environment,
            profile=given.profile,
            region=given.region,
            endpoint_url=given.endpoint_url,
        )

    def session(self, word: str) -> str:
        """The id of the session that a word means."""
        return self.workspace.latest().id if word == "latest" else word

    def next_command(self, *words: str) -> str:
        """A command as it is to be typed next."""
        import shlex

        return shlex.join(["bunsui", *words, *self.settings.words()])


pass_app = click.make_pass_decorator(App)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value:
        setattr(context.ensure_object(App).settings, str(parameter.name), value)


def global_options() -> list[click.Option]:
    """One click option for each row of the table; they write to the settings, before the command or behind it."""
    made = []
    for name, flags, value, text in OPTIONS:
        kind: dict[str, Any] = {"metavar": value} if value else {"is_flag": True, "default": False}
        if name == "root":
            kind["type"] = click.Path(exists=True, file_okay=False)
        declared = [name, *flags.split(" / ")]
        made.append(click.Option(declared, help=text, callback=_keep, expose_value=False, **kind))
    return made


class Command(click.Command):
    """A command that takes the global options as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **kwargs)
        self.short_help = COMMANDS.get(self.name or "")
        self.common = global_options()
        self.params += self.common

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the global ones."""
        own = [parameter for parameter in self.get_params(ctx) if parameter not in self.common]
        records = [parameter.get_help_record(ctx) for parameter in own if not isinstance(parameter, click.Argument)]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record is not None])
        with formatter.section("Global options"):
            formatter.write_dl([(spelled(flags, value), text) for _, flags, value, text in OPTIONS])
