"""Tables for people; imported where one is printed, for it imports rich."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

Cell = str | tuple[str, str]
"""Text, or text and a style of rich."""

GAP = 2
READABLE = 12
"""Columns that a wrapped column should have, before others are left out for it."""


class Fitted:
    """Aligned columns without lines that fit the width they are printed in.

    Columns that are empty throughout are left out, and where there is little room those that matter least. Only some
    columns may be broken over lines: an id or a name in pieces cannot be copied, so it rather reaches beyond the width.
    """

    def __init__(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        wrapped: Collection[int] | None,
        spare: Sequence[int],
        indent: int,
    ) -> None:
        self._headers = headers
        self._rows = list(rows)
        self._wrapped = {len(headers) - 1} if wrapped is None else wrapped
        self._spare = spare
        self._indent = indent
        widths = (max([0, *(_width(row[number]) for row in self._rows)]) for number in range(len(headers)))
        self._widths = {
            number: max(width, cell_len(headers[number])) for number, width in enumerate(widths) if width > 0
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = self._kept(options.max_width)
        width = max(options.max_width, self._needed(kept, 1))
        yield from console.render(self._table(kept), options.update(width=width))

    def _kept(self, width: int) -> list[int]:
        """The numbers of the columns that are shown where there is so much room."""
        kept = list(self._widths)
        for number in self._spare:
            if number in kept and self._needed(kept, READABLE) > width:
                kept.remove(number)
        return kept

    def _needed(self, kept: Sequence[int], least: int) -> int:
        """Width of these columns when the wrapped ones get no more than `least`."""
        widths = [
            min(self._widths[number], least) if number in self._wrapped else self._widths[number] for number in kept
        ]
        return self._indent + sum(widths) + GAP * len(kept)

    def _table(self, kept: Sequence[int]) -> Table:
        made = Table(
            box=None,
            pad_edge=False,
            padding=(0, GAP, 0, 0),
            header_style="bold",
            show_header=any(self._headers),
            show_edge=False,
        )
        if self._indent:
            made.add_column("", width=max(self._indent - GAP, 0), no_wrap=True)
        for number in kept:
            made.add_column(self._headers[number], overflow="fold", no_wrap=number not in self._wrapped)
        for row in self._rows:
            made.add_row(*([Text("")] if self._indent else []), *(_cell(row[number]) for number in kept))
        return made


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    wrapped: Collection[int] | None = None,
    spare: Sequence[int] = (),
    indent: int = 0,
) -> Fitted:
    """A table that fits where it is printed.

    Args:
        headers: of the columns; none is printed when all of them are empty.
        rows: as many cells each.
        wrapped: numbers of the columns whose text may be broken over lines; the last one when not given.
        spare: numbers of the columns to leave out where there is little room, the first one first.
        indent: columns of blanks before each line.
    """
    return Fitted(headers, rows, wrapped=wrapped, spare=spare, indent=indent)


def _width(cell: Cell) -> int:
    return max((cell_len(line) for line in _text(cell).splitlines()), default=0)


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _cell(cell: Cell) -> Text:
    return Text(cell) if isinstance(cell, str) else Text(cell[0], style=cell[1])
