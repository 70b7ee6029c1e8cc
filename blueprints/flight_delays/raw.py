"""The raw flights: whether they are there, and how many."""

from __future__ import annotations

import calendar
from dataclasses import dataclass

from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import YEAR, Period, flights_of


@dataclass(frozen=True, slots=True)
class RawFlights:
    """A period's raw files.

    Attributes:
        label: of the period.
        month: the pipeline's parameter that it came from; 0 is the whole year.
        days: calendar days of the period.
        records, bytes: in all files together, headers aside and included.
    """

    label: str
    month: int
    days: int
    records: int
    bytes: int


def raw_flights(raw: Folder, month: int, period: Period) -> RawFlights:
    """Count what is in the period's raw files.

    Raises:
        FileNotFoundError: a month is missing.
        ValueError: a month is empty.
    """
    records = size = 0
    for number in period.months:
        data = raw.read(flights_of(number))
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        if lines < 2:
            raise ValueError(f"{flights_of(number)} has no flights")
        records += lines - 1
        size += len(data)
    days = sum(calendar.monthrange(YEAR, number)[1] for number in period.months)
    return RawFlights(period.label, month, days, records, size)
