"""How each airline did, and whether it became better or worse over the period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from blueprints.flight_delays.enrich import Enriched
from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import YEAR, flights_of
from blueprints.flight_delays.sheets import rows
from blueprints.flight_delays.summary import LATE, mean, monday, percent


@dataclass(frozen=True, slots=True)
class CarrierTrend:
    """One airline's period; means are minutes with two decimals, None where nothing was measured.

    Attributes:
        carrier, name: code, and name where the airline is known.
        flights: scheduled; `cancelled` of them never departed and `late` arrived 15 minutes late or more.
        arrived: flights that arrived where they were bound.
        arrival_delay: mean over these.
        disrupted: share of flights cancelled or late, in percent.
        plane_age: mean age in years of the planes whose year of building is known, over the flights.
        weeks: ISO weeks with arrivals.
        trend: slope of the line of least squares through the weekly mean arrival delays, in minutes per week; below 0
            the airline became more punctual.
    """

    carrier: str
    name: str
    flights: int
    cancelled: int
    arrived: int
    late: int
    arrival_delay: float | None
    disrupted: float
    plane_age: float | None
    weeks: int
    trend: float | None


@dataclass(slots=True)
class _Tally:
    name: str
    flights: int = 0
    cancelled: int = 0
    late: int = 0
    ages: int = 0
    aged: int = 0
    minutes: dict[int, int] = field(default_factory=dict)
    arrived: dict[int, int] = field(default_factory=dict)

    def add(self, cancelled: str, arrival: str, plane_year: str, week: int) -> None:
        self.flights += 1
        self.cancelled += cancelled == "1"
        if plane_year:
            self.aged += 1
            self.ages += YEAR - int(plane_year)
        if arrival:
            minutes = int(arrival)
            self.late += minutes >= LATE
            self.minutes[week] = self.minutes.get(week, 0) + minutes
            self.arrived[week] = self.arrived.get(week, 0) + 1

    def trend(self, carrier: str) -> CarrierTrend:
        arrived = sum(self.arrived.values())
        return CarrierTrend(
            carrier,
            self.name,
            self.flights,
            self.cancelled,
            arrived,
            self.late,
            mean(sum(self.minutes.values()), arrived),
            percent(self.cancelled + self.late, self.flights) or 0.0,
            mean(self.ages, self.aged),
            len(self.arrived),
            slope([(week, Fraction(self.minutes[week], count)) for week, count in self.arrived.items()]),
        )


def carrier_trends(enriched: Folder, flights: Enriched) -> list[CarrierTrend]:
    """Each airline of the period, the one with the most flights first.

    Raises:
        FileNotFoundError: a file of enriched flights is missing.
    """
    tallies: dict[str, _Tally] = {}
    weeks: dict[str, int] = {}
    for month in flights.months:
        data = enriched.read(flights_of(month))
        columns = ("day", "carrier", "carrier_name", "cancelled", "arrival_delay", "plane_year")
        for day, carrier, name, cancelled, arrival, plane_year in rows(data, *columns):
            week = weeks.get(day)
            if week is None:
                week = weeks[day] = monday(day).toordinal() // 7
            tally = tallies.get(carrier)
            if tally is None:
                tally = tallies[carrier] = _Tally(name)
            tally.add(cancelled, arrival, plane_year, week)
    return _ranked(tallies)


def _ranked(tallies: Mapping[str, _Tally]) -> list[CarrierTrend]:
    trends = [tally.trend(carrier) for carrier, tally in tallies.items()]
    return sorted(trends, key=lambda trend: (-trend.flights, trend.carrier))


def slope(points: Sequence[tuple[int, Fraction]]) -> float | None:
    """Slope of the line of least squares, three decimals; None for fewer than two points."""
    count = len(points)
    sum_x = sum(x for x, _ in points)
    sum_y = sum((y for _, y in points), Fraction())
    spread = count * sum(x * x for x, _ in points) - sum_x * sum_x
    if not spread:
        return None
    product = sum((x * y for x, y in points), Fraction())
    return round(float((count * product - sum_x * sum_y) / spread), 3)
