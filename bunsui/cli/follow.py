"""A session while it runs: a table that changes on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bunsui.cli.output import Output
from bunsui.cli.reports import change_text, headline, report_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bunsui.session.model import SessionReport, Snapshot


class Follower:
    """Shows snapshots as they come.

    Attributes:
        last: the report of the last snapshot; None before the first.
    """

    def __init__(self, out: Output, *, err: bool) -> None:
        self._out = out
        self._err = err
        self.last: SessionReport | None = None

    def follow(self, snapshots: Iterable[Snapshot]) -> None:
        """Show each until there are no more."""
        if self._out.quiet:
            for _ in self._each(snapshots):
                pass
        elif self._out.is_terminal(err=self._err):
            self._live(snapshots)
        else:
            for snapshot in self._each(snapshots):
                for change in snapshot.changes:
                    self._out.line(change_text(change), err=self._err)

    def _each(self, snapshots: Iterable[Snapshot]) -> Iterator[Snapshot]:
        for snapshot in snapshots:
            self.last = snapshot.report
            yield snapshot

    def _live(self, snapshots: Iterable[Snapshot]) -> None:
        from rich.live import Live

        console = self._out.console(err=self._err)
        with Live(console=console, get_renderable=self._now, refresh_per_second=4, transient=True) as live:
            for _ in self._each(snapshots):
                live.refresh()

    def _now(self) -> RenderableType:
        """The table with durations as of now."""
        from rich.console import Group
        from rich.text import Text

        if self.last is None:
            return Text("…")
        return Group(Text.from_ansi(headline(self.last.session)), report_table(self.last))
