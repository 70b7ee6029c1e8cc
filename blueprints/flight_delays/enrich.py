"""Joining weather, airlines and planes to the clean flights; every flight stays, those without partner are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blueprints.flight_delays.clean import CleanFlights
from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import flights_of
from blueprints.flight_delays.reference import Fleet
from blueprints.flight_delays.sheets import Sheet, rows
from blueprints.flight_delays.weather import CleanWeather

FROM_FLIGHTS = (
    "day", "hour_utc", "carrier", "number", "plane", "origin", "dest", "departure_delay", "arrival_delay", "distance",
)  # fmt: skip
CANCELLED = "departure"
"""Empty where the flight never departed."""

FROM_WEATHER = ("temp", "wind_speed", "precip", "visib")
COLUMNS = (*FROM_FLIGHTS, "cancelled", "carrier_name", "plane_year", *FROM_WEATHER)


@dataclass(frozen=True, slots=True)
class Enriched:
    """A period's flights with what was joined.

    Attributes:
        label: of the period.
        months: of the files that hold the flights.
        flights: rows; as many as were accepted.
        without_weather, without_carrier, without_plane: flights that found no partner; the joined columns are empty.
        without_tail_number: of those without plane, those that name none.
    """

    label: str
    months: tuple[int, ...]
    flights: int
    without_weather: int
    without_carrier: int
    without_plane: int
    without_tail_number: int


def enrich(
    clean: Folder,
    enriched: Folder,
    flights: CleanFlights,
    weather: CleanWeather,
    carriers: Mapping[str, str],
    fleet: Fleet,
) -> Enriched:
    """Write `enriched/flights/{month}.csv` for every month of the period.

    Raises:
        FileNotFoundError: a clean file is missing.
    """
    join = Join(
        {(origin, hour): measured for origin, hour, *measured in _weather(clean, weather)},
        carriers,
        dict(rows(clean.read(fleet.name), "plane", "year")),  # type: ignore[arg-type]
    )
    for month in flights.months:
        sheet = Sheet(COLUMNS)
        sheet.add_all(join.flights(clean.read(flights_of(month))))
        enriched.write(flights_of(month), sheet.encode())
    return Enriched(
        flights.label,
        flights.months,
        join.seen,
        join.without_weather,
        join.without_carrier,
        join.without_plane,
        join.without_tail_number,
    )


def _weather(clean: Folder, weather: CleanWeather) -> Iterator[tuple[str, ...]]:
    return rows(clean.read(weather.name), "origin", "hour_utc", *FROM_WEATHER)


class Join:
    """Left joins by airport and hour, carrier code and tail number, with counts of what was not found."""

    def __init__(
        self,
        weather: Mapping[tuple[str, str], list[str]],
        carriers: Mapping[str, str],
        years: Mapping[str, str],
    ) -> None:
        self._weather, self._carriers, self._years = weather, carriers, years
        self.seen = 0
        self.without_weather = self.without_carrier = self.without_plane = self.without_tail_number = 0

    def flights(self, data: bytes) -> Iterator[tuple[str, ...]]:
        """The rows of one clean file with the columns `COLUMNS`."""
        no_weather = [""] * len(FROM_WEATHER)
        for *flight, departure in rows(data, *FROM_FLIGHTS, CANCELLED):
            _, hour, carrier, _, plane, origin, *_ = flight
            weather = self._weather.get((origin, hour))
            name = self._carriers.get(carrier)
            year = self._years.get(plane)
            self.seen += 1
            self.without_weather += weather is None
            self.without_carrier += name is None
            self.without_plane += year is None
            self.without_tail_number += not plane
            yield (*flight, str(int(not departure)), name or "", year or "", *(weather or no_weather))
