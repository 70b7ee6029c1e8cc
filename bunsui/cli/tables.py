"""Tables for people; imported where one is printed, for it imports rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

Cell = str | tuple[str, str]
"""Text, or text and a style of rich."""


def table(headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, indent: int = 0) -> Table:
    """Aligned columns without lines; columns that are empty throughout are left out.

    Args:
        headers: of the columns; none is printed when all of them are empty.
        rows: as many cells each.
        indent: columns of blanks before each line.
    """
    rows = list(rows)
    kept = [number for number in range(len(headers)) if any(_text(row[number]) for row in rows)]
    made = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=any(headers), show_edge=False
    )
    if indent:
        made.add_column("", width=max(indent - 2, 0), no_wrap=True)
    for number in kept:
        made.add_column(headers[number], overflow="fold")
    for row in rows:
        cells = [_cell(row[number]) for number in kept]
        made.add_row(*([Text("")] if indent else []), *cells)
    return made


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _cell(cell: Cell) -> Text:
    return Text(cell) if isinstance(cell, str) else Text(cell[0], style=cell[1])
