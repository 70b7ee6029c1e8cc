"""The figures as CSV and JSON, and as items of a table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.quality import Quality
from blueprints.flight_delays.sheets import Sheet
from blueprints.flight_delays.summary import Day, Week, WorstDay
from blueprints.flight_delays.trends import CarrierTrend
from bunsui import Dataset


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a period."""

    quality: Quality
    days: list[Day]
    weeks: list[Week]
    carriers: list[CarrierTrend]
    worst_days: list[WorstDay]

    def lists(self) -> Iterator[tuple[str, type, Sequence[Any]]]:
        """What has one row per thing: name, type of a row, rows."""
        yield "days", Day, self.days
        yield "weeks", Week, self.weeks
        yield "carriers", CarrierTrend, self.carriers
        yield "worst_days", WorstDay, self.worst_days


@dataclass(frozen=True, slots=True)
class Report:
    """What a session comes to: the worst days, the quality of the data, and where everything else is.

    Attributes:
        files: what was published.
        items: in the table.
    """

    quality: Quality
    worst_days: list[WorstDay]
    files: list[Dataset]
    items: int


def put(published: Folder, label: str, name: str, data: bytes, rows: int) -> Dataset:
    """Write one file of a period."""
    return Dataset(published.write(f"{label}/{name}", data), name.rpartition(".")[2], rows, len(data))


def as_csv(figures: Figures, published: Folder) -> list[Dataset]:
    """Write `{period}/{list}.csv` for every list."""
    written = []
    for name, kind, rows in figures.lists():
        sheet = Sheet([field.name for field in dataclasses.fields(kind)])
        sheet.add_all(dataclasses.astuple(row) for row in rows)
        written.append(put(published, figures.quality.label, f"{name}.csv", sheet.encode(), len(rows)))
    return written


def as_json(figures: Figures, published: Folder) -> Dataset:
    """Write `{period}/report.json`, an object with a field per list and `quality`."""
    text = json.dumps(dataclasses.asdict(figures), indent=2, sort_keys=True)
    return put(published, figures.quality.label, "report.json", f"{text}\n".encode(), 1)


class Items(Protocol):
    """Where a table's items are put; boto3's batch writer is one."""

    def put_item(self, *, Item: dict[str, Any]) -> object:
        """Create or replace an item."""


def as_items(period: str, days: Sequence[Day], worst: Sequence[WorstDay], items: Items) -> int:
    """Put one item per day, by `period` and `day`, with its `rank` where it is among the worst; gives their number."""
    ranks = {one.day: one.rank for one in worst}
    for day in days:
        item = {"period": period, "rank": ranks.get(day.day), **dataclasses.asdict(day)}
        items.put_item(Item={name: _attribute(value) for name, value in item.items() if value is not None})
    return len(days)


def _attribute(value: Any) -> Any:
    """DynamoDB has decimals and no binary floats."""
    return Decimal(str(value)) if isinstance(value, float) else value
