"""Metrics of the data itself: how much was read, refused, blanked and left without partner."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.flight_delays.clean import CleanFlights
from blueprints.flight_delays.enrich import Enriched
from blueprints.flight_delays.raw import RawFlights
from blueprints.flight_delays.reference import Fleet
from blueprints.flight_delays.summary import Day, percent
from blueprints.flight_delays.weather import CleanWeather


@dataclass(frozen=True, slots=True)
class Quality:
    """Data quality of a period.

    Attributes:
        records: flights in the raw files; `accepted` and `rejected` add up to it.
        accepted_percent: of the records.
        rejected_by_reason: reasons that occurred.
        cancelled: accepted flights that never departed.
        midnights: times written 24:00 that became 00:00.
        weather_records: per airport and hour.
        weather_missing, weather_impossible: measurements left blank, by name.
        weather_percent, carrier_percent, plane_percent: flights that found their partner.
        planes_of_unknown_age: in the list of planes.
        days_without_flights: of the period.
    """

    label: str
    records: int
    accepted: int
    rejected: int
    accepted_percent: float
    rejected_by_reason: dict[str, int]
    cancelled: int
    midnights: int
    weather_records: int
    weather_missing: dict[str, int]
    weather_impossible: dict[str, int]
    weather_percent: float
    carrier_percent: float
    plane_percent: float
    planes_of_unknown_age: int
    days_without_flights: int


class Inconsistent(Exception):
    """Figures of different operations contradict each other."""


def quality(
    raw: RawFlights, flights: CleanFlights, weather: CleanWeather, fleet: Fleet, enriched: Enriched, days: list[Day]
) -> Quality:
    """Metrics of the period; every record is accounted for.

    Raises:
        Inconsistent: records were lost on the way.
    """
    rejected = sum(flights.rejected.values())
    stages = {
        "in the raw files": raw.records,
        "accepted and rejected": flights.accepted + rejected,
        "enriched and rejected": enriched.flights + rejected,
        "in the daily summary and rejected": sum(day.flights for day in days) + rejected,
    }
    if len(set(stages.values())) != 1:
        raise Inconsistent(", ".join(f"{count} records {stage}" for stage, count in stages.items()))
    found = {
        name: percent(enriched.flights - lost, enriched.flights) or 0.0
        for name, lost in (
            ("weather", enriched.without_weather),
            ("carrier", enriched.without_carrier),
            ("plane", enriched.without_plane),
        )
    }
    return Quality(
        raw.label,
        records=raw.records,
        accepted=flights.accepted,
        rejected=rejected,
        accepted_percent=percent(flights.accepted, raw.records) or 0.0,
        rejected_by_reason={reason: count for reason, count in flights.rejected.items() if count},
        cancelled=flights.cancelled,
        midnights=flights.midnights,
        weather_records=weather.records,
        weather_missing={name: count for name, count in weather.missing.items() if count},
        weather_impossible={name: count for name, count in weather.impossible.items() if count},
        weather_percent=found["weather"],
        carrier_percent=found["carrier"],
        plane_percent=found["plane"],
        planes_of_unknown_age=fleet.unknown_age,
        days_without_flights=raw.days - len(days),
    )
