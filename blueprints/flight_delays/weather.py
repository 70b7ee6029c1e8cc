"""Cleaning hourly weather: measurements that are missing or impossible are blanked and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import Period
from blueprints.flight_delays.sheets import Sheet, rows

LIMITS = {
    "temp": (-60.0, 135.0),
    "wind_speed": (0.0, 231.0),
    "wind_gust": (0.0, 231.0),
    "precip": (0.0, 12.0),
    "pressure": (870.0, 1085.0),
    "visib": (0.0, 100.0),
}
"""Measurement -> what has ever been observed on Earth: degrees Fahrenheit, mph, inches per hour, millibars, miles."""

WEATHER = "weather.csv"
CLEAN_COLUMNS = ("origin", "hour_utc", *LIMITS)


@dataclass(frozen=True, slots=True)
class CleanWeather:
    """What cleaning made of a period's weather.

    Attributes:
        name: of the file with the clean records.
        records: rows kept, one per airport and hour.
        duplicates: rows for an airport and hour that was there already; dropped.
        missing, impossible: measurement -> values that were absent, or blanked because no such thing exists.
    """

    name: str
    records: int
    duplicates: int
    missing: dict[str, int]
    impossible: dict[str, int]


def clean_weather(raw: Folder, clean: Folder, period: Period) -> CleanWeather:
    """Clean the period's part of `raw/weather.csv` into `clean/weather/{period}.csv`.

    Raises:
        FileNotFoundError: the weather is not there.
        ValueError: a column is missing, or a measurement is not a number.
    """
    missing: Counter[str] = Counter()
    impossible: Counter[str] = Counter()
    sheet = Sheet(CLEAN_COLUMNS)
    seen: set[tuple[str, str]] = set()
    duplicates = 0
    for month, origin, hour, *values in rows(raw.read(WEATHER), "month", "origin", "time_hour", *LIMITS):
        if int(month) not in period.months:
            continue
        if (origin, hour) in seen:
            duplicates += 1
            continue
        seen.add((origin, hour))
        measured = [_plausible(name, value, missing, impossible) for name, value in zip(LIMITS, values, strict=True)]
        sheet.add((origin, hour, *measured))
    name = f"weather/{period.label}.csv"
    clean.write(name, sheet.encode())
    return CleanWeather(
        name,
        records=len(seen),
        duplicates=duplicates,
        missing={name: missing[name] for name in LIMITS},
        impossible={name: impossible[name] for name in LIMITS},
    )


def _plausible(name: str, value: str, missing: Counter[str], impossible: Counter[str]) -> str:
    if value in ("", "NA"):
        missing[name] += 1
        return ""
    low, high = LIMITS[name]
    if not low <= float(value) <= high:
        impossible[name] += 1
        return ""
    return value
