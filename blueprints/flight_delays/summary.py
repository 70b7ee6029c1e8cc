"""Figures per day and per week, and the ten worst days.

Everything is summed exactly and divided at the end, so that figures do not depend on the order of rows.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from blueprints.flight_delays.enrich import Enriched
from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import flights_of
from blueprints.flight_delays.sheets import rows

LATE = 15
"""Minutes of arrival delay from which a flight counts as late (US Department of Transportation, 14 CFR 234.2)."""

LOW_VISIBILITY = 3.0
"""Miles; below it pilots may not fly by sight (14 CFR 91.155)."""

WORST = 10


@dataclass(frozen=True, slots=True)
class Day:
    """One day of departures; means are minutes with two decimals, None where nothing was measured.

    Attributes:
        day: ISO date.
        flights: scheduled; `cancelled` of them never departed and `late` arrived 15 minutes late or more.
        departed, arrived: flights that left, and that arrived where they were bound.
        departure_minutes, arrival_minutes: sums of delays; early is negative.
        departure_delay, arrival_delay: means over what departed and arrived.
        disrupted: share of flights cancelled or late, in percent.
        wind: mean wind speed at departures' hours in mph; `low_visibility` and `rain` are percent of flights scheduled
            in an hour with less than 3 miles of sight, and with precipitation, among those with weather.
    """

    day: str
    flights: int
    cancelled: int
    departed: int
    arrived: int
    late: int
    departure_minutes: int
    arrival_minutes: int
    departure_delay: float | None
    arrival_delay: float | None
    disrupted: float
    wind: float | None
    low_visibility: float | None
    rain: float | None


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week, from Monday; `days` of it lie in the period. The rest is as in `Day`."""

    week: str
    monday: str
    days: int
    flights: int
    cancelled: int
    departed: int
    arrived: int
    late: int
    departure_delay: float | None
    arrival_delay: float | None
    disrupted: float
    worst_day: str


@dataclass(frozen=True, slots=True)
class WorstDay:
    """A day among the ten with the largest share of disrupted flights; `rank` 1 is the worst."""

    rank: int
    day: str
    weekday: str
    flights: int
    cancelled: int
    late: int
    disrupted: float
    arrival_delay: float | None
    wind: float | None
    low_visibility: float | None
    rain: float | None


def mean(total: float, count: int) -> float | None:
    """Two decimals, or None for nothing."""
    return round(total / count, 2) if count else None


def percent(part: int, whole: int) -> float | None:
    """Two decimals, or None of nothing."""
    return mean(100 * part, whole)


@dataclass(slots=True)
class _Tally:
    flights: int = 0
    cancelled: int = 0
    departed: int = 0
    arrived: int = 0
    late: int = 0
    departure_minutes: int = 0
    arrival_minutes: int = 0
    winds: list[float] = field(default_factory=list)
    seen: int = 0
    dim: int = 0
    wet: int = 0

    def add(self, cancelled: str, departure: str, arrival: str, wind: str, precip: str, visibility: str) -> None:
        self.flights += 1
        self.cancelled += cancelled == "1"
        if departure:
            self.departed += 1
            self.departure_minutes += int(departure)
        if arrival:
            minutes = int(arrival)
            self.arrived += 1
            self.arrival_minutes += minutes
            self.late += minutes >= LATE
        if wind:
            self.winds.append(float(wind))
        if precip and visibility:
            self.seen += 1
            self.wet += float(precip) > 0
            self.dim += float(visibility) < LOW_VISIBILITY

    def day(self, day: str) -> Day:
        return Day(
            day,
            self.flights,
            self.cancelled,
            self.departed,
            self.arrived,
            self.late,
            self.departure_minutes,
            self.arrival_minutes,
            mean(self.departure_minutes, self.departed),
            mean(self.arrival_minutes, self.arrived),
            percent(self.cancelled + self.late, self.flights) or 0.0,
            mean(math.fsum(self.winds), len(self.winds)),
            percent(self.dim, self.seen),
            percent(self.wet, self.seen),
        )


def daily_summary(enriched: Folder, flights: Enriched) -> list[Day]:
    """Figures of each day that has flights, in order.

    Raises:
        FileNotFoundError: a file of enriched flights is missing.
    """
    tallies: dict[str, _Tally] = {}
    for month in flights.months:
        data = enriched.read(flights_of(month))
        columns = ("day", "cancelled", "departure_delay", "arrival_delay", "wind_speed", "precip", "visib")
        for day, *values in rows(data, *columns):
            tally = tallies.get(day)
            if tally is None:
                tally = tallies[day] = _Tally()
            tally.add(*values)
    return [tallies[day].day(day) for day in sorted(tallies)]


def monday(day: str) -> datetime.date:
    """The Monday of the week that an ISO date lies in."""
    date = datetime.date.fromisoformat(day)
    return date - datetime.timedelta(days=date.weekday())


def iso_week(day: str) -> str:
    """The ISO week of an ISO date: `2013-W01`."""
    year, week, _ = datetime.date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"


def weekly_summary(days: Iterable[Day]) -> list[Week]:
    """Figures of each ISO week that has days, in order."""
    ordered = sorted(days, key=lambda day: day.day)
    return [_week(list(group)) for _, group in groupby(ordered, key=lambda day: monday(day.day))]


def _week(days: Sequence[Day]) -> Week:
    flights = sum(day.flights for day in days)
    cancelled = sum(day.cancelled for day in days)
    departed = sum(day.departed for day in days)
    arrived = sum(day.arrived for day in days)
    late = sum(day.late for day in days)
    return Week(
        iso_week(days[0].day),
        monday(days[0].day).isoformat(),
        len(days),
        flights,
        cancelled,
        departed,
        arrived,
        late,
        mean(sum(day.departure_minutes for day in days), departed),
        mean(sum(day.arrival_minutes for day in days), arrived),
        percent(cancelled + late, flights) or 0.0,
        min(days, key=_badness).day,
    )


def _badness(day: Day) -> tuple[float, float, str]:
    """Sorts the worst day first: most disrupted, then latest on average, then the earlier one."""
    return (-(day.cancelled + day.late) / day.flights, -(day.arrival_delay or 0.0), day.day)


def worst_days(days: Iterable[Day]) -> list[WorstDay]:
    """The ten days with the largest share of flights that were cancelled or late; fewer where there are fewer days."""
    return [
        WorstDay(
            rank,
            day.day,
            datetime.date.fromisoformat(day.day).strftime("%A"),
            day.flights,
            day.cancelled,
            day.late,
            day.disrupted,
            day.arrival_delay,
            day.wind,
            day.low_visibility,
            day.rain,
        )
        for rank, day in enumerate(sorted(days, key=_badness)[:WORST], start=1)
    ]
