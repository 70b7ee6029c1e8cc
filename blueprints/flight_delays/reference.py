"""What flights refer to: airlines by code, and the year in which a plane was built by its tail number."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.sheets import Sheet, rows

AIRLINES = "airlines.csv"
PLANES = "planes.csv"
FIRST_PLANE = 1920
"""Year in which no airliner of today had been built."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The planes of `name`.

    Attributes:
        name: of the file with tail numbers and years.
        planes: how many it has.
        unknown_age: planes whose year is missing or impossible; they are in the file without it.
    """

    name: str
    planes: int
    unknown_age: int


def carriers(raw: Folder) -> dict[str, str]:
    """Names of the airlines by code.

    Raises:
        FileNotFoundError: the list is not there.
        ValueError: a code is there twice, or a column is missing.
    """
    names: dict[str, str] = {}
    for code, name in rows(raw.read(AIRLINES), "carrier", "name"):
        if code in names:
            raise ValueError(f"carrier {code} is in {AIRLINES} twice")
        names[code] = name
    return names


def fleet(raw: Folder, clean: Folder, last_year: int) -> Fleet:
    """Reduce `raw/planes.csv` to tail numbers and the years of building, 1920 to `last_year`.

    Raises:
        FileNotFoundError: the list is not there.
        ValueError: a column is missing.
    """
    years = {}
    for plane, year in rows(raw.read(PLANES), "tailnum", "year"):
        years[plane] = year if year.isdecimal() and FIRST_PLANE <= int(year) <= last_year else ""
    sheet = Sheet(("plane", "year"))
    sheet.add_all(sorted(years.items()))
    clean.write(PLANES, sheet.encode())
    return Fleet(PLANES, len(years), sum(not year for year in years.values()))
