"""Cleaning flights: every row is either accepted in a tidy form, or rejected for one reason and counted."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import Period, flights_of
from blueprints.flight_delays.sheets import Sheet

RAW_COLUMNS = (
    "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay",
    "carrier", "flight", "tailnum", "origin", "dest", "air_time", "distance", "hour", "minute", "time_hour",
)  # fmt: skip

DAY = 24 * 60
MIDNIGHT = "2400"
"""How the source writes midnight at the end of a day; a clock shows 00:00."""

FASTEST = 650
"""Miles per hour over ground: an airliner's 580 and a strong jet stream."""

SHORTEST = 50
"""Miles; New York's airports lie 11 to 21 from each other, and no airline flies between them."""


class Flight(NamedTuple):
    """An accepted flight; times are minutes after local midnight, delays and air time minutes, distance miles."""

    day: str
    hour_utc: str
    carrier: str
    number: int
    plane: str
    origin: str
    dest: str
    scheduled_departure: int
    departure: int | None
    departure_delay: int | None
    scheduled_arrival: int
    arrival: int | None
    arrival_delay: int | None
    air_time: int | None
    distance: int

    @property
    def cancelled(self) -> bool:
        """It never departed."""
        return self.departure is None


CLEAN_COLUMNS = Flight._fields


class Unreadable(ValueError):
    """A row that is not a flight; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


UNREADABLE = ("wrong number of fields", "missing value", "not a number", "impossible date", "impossible time")


def _contradicts(scheduled: int, actual: int | None, delay: int | None) -> bool:
    return actual is not None and delay is not None and (scheduled + delay - actual) % DAY != 0


CHECKS: tuple[tuple[str, Callable[[Flight], bool]], ...] = (
    ("no arrival time", lambda f: f.departure is not None and f.arrival is None),
    ("no arrival delay", lambda f: f.arrival is not None and f.arrival_delay is None),
    ("departed without delay", lambda f: (f.departure is None) != (f.departure_delay is None)),
    ("arrived without departing", lambda f: f.departure is None and f.arrival is not None),
    ("departure contradicts delay", lambda f: _contradicts(f.scheduled_departure, f.departure, f.departure_delay)),
    ("arrival contradicts delay", lambda f: _contradicts(f.scheduled_arrival, f.arrival, f.arrival_delay)),
    ("impossible speed", lambda f: f.air_time is not None and f.distance * 60 > FASTEST * f.air_time),
    ("impossible distance", lambda f: f.distance < SHORTEST),
)
"""Reason and what makes a readable flight bad; the first that holds counts."""

ELSEWHERE = "another month"
DUPLICATE = "duplicate"
REASONS = (*UNREADABLE, ELSEWHERE, *(reason for reason, _ in CHECKS), DUPLICATE)


@dataclass(frozen=True, slots=True)
class CleanFlights:
    """What cleaning made of a period's flights.

    Attributes:
        label: of the period.
        months: of the files that hold the accepted flights.
        records: rows read; each was accepted or rejected.
        accepted, cancelled: rows; what is cancelled is accepted too.
        rejected: reason -> rows; every reason is there.
        midnights: times written 24:00 that became 00:00.
    """

    label: str
    months: tuple[int, ...]
    records: int
    accepted: int
    cancelled: int
    rejected: dict[str, int]
    midnights: int


def clean_flights(raw: Folder, clean: Folder, period: Period) -> CleanFlights:
    """Clean `raw/flights/{month}.csv` into the same below `clean`; bad rows go to `clean/rejected/{period}.csv`.

    Raises:
        FileNotFoundError: a month is missing.
        ValueError: a file has other columns.
    """
    totals = Totals()
    rejected = Sheet(("reason", "line", *RAW_COLUMNS))
    for month in period.months:
        accepted = Sheet(CLEAN_COLUMNS)
        accepted.add_all(accept(raw.read(flights_of(month)), month, totals, rejected))
        clean.write(flights_of(month), accepted.encode())
    clean.write(f"rejected/{period.label}.csv", rejected.encode())
    return CleanFlights(
        period.label,
        period.months,
        records=totals.accepted + totals.rejected.total(),
        accepted=totals.accepted,
        cancelled=totals.cancelled,
        rejected={reason: totals.rejected[reason] for reason in REASONS},
        midnights=totals.midnights,
    )


class Totals:
    """Counts while cleaning."""

    def __init__(self) -> None:
        self.accepted = self.cancelled = self.midnights = 0
        self.rejected: Counter[str] = Counter()


def accept(data: bytes, month: int, totals: Totals, rejected: Sheet) -> Iterator[Flight]:
    """The good flights of one month's raw CSV; counts go to `totals`, bad rows to `rejected`.

    Raises:
        ValueError: the header is another.
    """
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""))
    header = tuple(next(reader, ()))
    if header != RAW_COLUMNS:
        raise ValueError(f"the columns of {flights_of(month)} are {','.join(header)}; expected {','.join(RAW_COLUMNS)}")
    prefix = f"-{month:02}-"
    seen: set[tuple[object, ...]] = set()
    for row in reader:
        try:
            flight = read(row)
            reason = _objection(flight, prefix)
        except Unreadable as unreadable:
            reason = unreadable.reason
        if not reason:
            key = (flight.day, flight.carrier, flight.number, flight.origin, flight.scheduled_departure)
            reason = DUPLICATE if key in seen else ""
            seen.add(key)
        if reason:
            totals.rejected[reason] += 1
            rejected.add((reason, reader.line_num, *row))
            continue
        totals.accepted += 1
        totals.cancelled += flight.departure is None
        totals.midnights += (row[3] == MIDNIGHT) + (row[6] == MIDNIGHT)
        yield flight


def _objection(flight: Flight, prefix: str) -> str:
    if not flight.day.startswith(prefix, 4):
        return ELSEWHERE
    for reason, bad in CHECKS:
        if bad(flight):
            return reason
    return ""


def read(row: list[str]) -> Flight:
    """One raw row.

    Raises:
        Unreadable: for one of `UNREADABLE`.
    """
    if len(row) != len(RAW_COLUMNS):
        raise Unreadable("wrong number of fields")
    year, month, day, dep, sched_dep, dep_delay, arr, sched_arr, arr_delay, carrier, flight, plane, origin, dest = row[
        :14
    ]
    air_time, distance, _, _, hour_utc = row[14:]
    return Flight(
        _date(year, month, day),
        _text(hour_utc),
        _text(carrier),
        _required(_number(flight)),
        "" if plane == "NA" else plane,
        _text(origin),
        _text(dest),
        _required(_clock(sched_dep)),
        _clock(dep),
        _number(dep_delay),
        _required(_clock(sched_arr)),
        _clock(arr),
        _number(arr_delay),
        _number(air_time),
        _required(_number(distance)),
    )


def _required(value: int | None) -> int:
    if value is None:
        raise Unreadable("missing value")
    return value


def _text(value: str) -> str:
    if value in ("", "NA"):
        raise Unreadable("missing value")
    return value


@cache
def _number(text: str) -> int | None:
    if text in ("", "NA"):
        return None
    try:
        return int(text)
    except ValueError:
        raise Unreadable("not a number") from None


@cache
def _clock(text: str) -> int | None:
    """Minutes after midnight of a time such as 517 or 2359."""
    number = _number(text)
    if number is None:
        return None
    hours, minutes = divmod(number, 100)
    if not 0 <= number <= int(MIDNIGHT) or minutes > 59:
        raise Unreadable("impossible time")
    return (hours * 60 + minutes) % DAY


@cache
def _date(year: str, month: str, day: str) -> str:
    import datetime

    numbers = [_required(_number(part)) for part in (year, month, day)]
    try:
        return datetime.date(*numbers).isoformat()
    except ValueError:
        raise Unreadable("impossible date") from None
