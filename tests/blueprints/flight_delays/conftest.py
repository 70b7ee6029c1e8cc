from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from blueprints.flight_delays import (
    clean,
    enrich,
    periods,
    publish,
    quality,
    raw,
    reference,
    source,
    summary,
    trends,
    weather,
)
from tests.blueprints.flight_delays import naive


@dataclass
class MemoryFolder:
    """A folder for tests."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        if name not in self.objects:
            raise FileNotFoundError(name)
        return self.objects[name]

    def write(self, name: str, data: bytes) -> str:
        self.objects[name] = data
        return f"s3://memory/{name}"


def run(month: int) -> SimpleNamespace:
    """Every operation but publishing, in order, as the pipeline does."""
    period = periods.period(month)
    folders = SimpleNamespace(raw=MemoryFolder(dict(source.raw_objects(period.months))))
    folders.clean, folders.enriched, folders.published = MemoryFolder(), MemoryFolder(), MemoryFolder()
    raw_flights = raw.raw_flights(folders.raw, month, period)
    flights = clean.clean_flights(folders.raw, folders.clean, period)
    hours = weather.clean_weather(folders.raw, folders.clean, period)
    fleet = reference.fleet(folders.raw, folders.clean, periods.YEAR)
    carriers = reference.carriers(folders.raw)
    enriched = enrich.enrich(folders.clean, folders.enriched, flights, hours, carriers, fleet)
    days = summary.daily_summary(folders.enriched, enriched)
    figures = publish.Figures(
        quality.quality(raw_flights, flights, hours, fleet, enriched, days),
        days,
        summary.weekly_summary(days),
        trends.carrier_trends(folders.enriched, enriched),
        summary.worst_days(days),
    )
    return SimpleNamespace(
        folders=folders,
        raw=raw_flights,
        flights=flights,
        weather=hours,
        fleet=fleet,
        enriched=enriched,
        figures=figures,
    )


@pytest.fixture
def memory() -> type[MemoryFolder]:
    return MemoryFolder


@pytest.fixture(scope="session")
def all_rows() -> list[dict[str, str]]:
    return naive.read("flights")


def _beside_naive(month: int, rows: list[dict[str, str]]) -> SimpleNamespace:
    return SimpleNamespace(month=month, naive=naive.Naive(rows), **vars(run(month)))


@pytest.fixture(scope="session")
def january(all_rows) -> SimpleNamespace:
    return _beside_naive(1, [row for row in all_rows if row["month"] == "1"])


@pytest.fixture(scope="session")
def year(all_rows) -> SimpleNamespace:
    return _beside_naive(0, all_rows)


@pytest.fixture(params=["january", "year"])
def covered(request) -> SimpleNamespace:
    """A run of the blueprint's code beside the naive figures of the same rows."""
    found: SimpleNamespace = request.getfixturevalue(request.param)
    return found
