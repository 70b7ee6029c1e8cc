"""Owns stdout and stderr: results go to stdout, everything else to stderr; with `--json` stdout holds one object."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDE = 10_000
"""Columns of a table where no terminal limits them."""


class Output:
    """Where a command prints.

    Attributes:
        json: whether stdout is for one JSON object.
        quiet: whether notes are left out.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, no_color: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self._colour = not no_color and not os.environ.get("NO_COLOR")

    # Results

    def result(self, value: Any) -> None:
        """Print the one JSON object: a model, a dataclass or what `json` takes."""
        click.echo(to_json(value))

    def print(self, text: str = "") -> None:
        """Print a line of the result for people."""
        click.echo(text, color=self._coloured(sys.stdout))

    # All else

    def note(self, text: str = "") -> None:
        """Print a line that is no result, unless it shall be quiet."""
        if not self.quiet:
            self.err(text)

    def err(self, text: str = "") -> None:
        """Print a line that is no result."""
        click.echo(text, err=True, color=self._coloured(sys.stderr))

    def line(self, text: str = "", *, err: bool) -> None:
        """Print a line to stdout or stderr."""
        (self.err if err else self.print)(text)

    def ask(self, question: str) -> bool:
        """Ask on stderr and read a line; whether it was `y` or `yes`."""
        click.echo(f"{question} [y/N] ", nl=False, err=True)
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            click.echo(err=True)
        return answer.strip().lower() in ("y", "yes")

    # What the streams are

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits there and `--json` does not forbid to ask."""
        return not self.json and sys.stdin.isatty() and sys.stderr.isatty()

    def is_terminal(self, *, err: bool) -> bool:
        """Whether a stream is a terminal that can move its cursor."""
        stream = sys.stderr if err else sys.stdout
        return stream.isatty() and os.environ.get("TERM") != "dumb"

    def console(self, *, err: bool = False) -> Console:
        """Rich's console on a stream, as wide as the terminal, or as the text where there is none."""
        from rich.console import Console

        stream = sys.stderr if err else sys.stdout
        width = None if stream.isatty() else WIDE
        return Console(
            file=stream,
            no_color=not self._colour,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
            width=width,
        )

    def show(self, *parts: RenderableType, err: bool = False) -> None:
        """Print tables and texts of rich, without blanks at the ends of lines."""
        console = self.console(err=err)
        with console.capture() as captured:
            console.print(*parts, sep="\n", crop=False)
        for line in captured.get().splitlines():
            click.echo(line.rstrip(), err=err, color=self._coloured(console.file))

    def _coloured(self, stream: IO[str]) -> bool:
        return self._colour and stream.isatty()


def to_json(value: Any) -> str:
    """JSON text of a model, a dataclass or plain values."""
    import json

    if isinstance(value, (dict, list)):
        return json.dumps(value, indent=2, ensure_ascii=False)
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_json(value, indent=2, by_alias=True).decode()
