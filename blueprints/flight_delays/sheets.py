"""CSV in memory: rows by column name, read and written the same way everywhere (UTF-8, LF, empty means missing)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


def rows(data: bytes, *columns: str) -> Iterator[tuple[str, ...]]:
    """The values of two or more columns, row by row.

    Raises:
        ValueError: a column is missing, or a row is shorter than the header.
    """
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""))
    header = next(reader, [])
    absent = [column for column in columns if column not in header]
    if absent:
        raise ValueError(f"there is no column {', '.join(absent)}; the header is {','.join(header)}")
    places = [header.index(column) for column in columns]
    for row in reader:
        if len(row) != len(header):
            raise ValueError(f"line {reader.line_num} has {len(row)} fields, the header {len(header)}")
        yield tuple([row[place] for place in places])


class Sheet:
    """A CSV that is being written."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._text = io.StringIO(newline="")
        writer = csv.writer(self._text, lineterminator="\n")
        writer.writerow(columns)
        self.add = writer.writerow

    def add_all(self, many: Iterable[Sequence[Any]]) -> None:
        """Write several rows."""
        for row in many:
            self.add(row)

    def encode(self) -> bytes:
        """What was written."""
        return self._text.getvalue().encode()
