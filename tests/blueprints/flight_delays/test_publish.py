from __future__ import annotations

import csv
import dataclasses
import io
import json
from decimal import Decimal

from blueprints.flight_delays import parquet, publish
from bunsui import Dataset
from tests.blueprints.flight_delays import naive


def test_csv_has_every_list_with_header(january, memory):
    published = memory()
    files = publish.as_csv(january.figures, published)
    names = [("days", 31), ("weeks", 5), ("carriers", len(january.figures.carriers)), ("worst_days", 10)]
    assert files == [
        Dataset(f"s3://memory/2013-01/{name}.csv", "csv", rows, len(published.objects[f"2013-01/{name}.csv"]))
        for name, rows in names
    ]
    rows = list(csv.DictReader(io.StringIO(published.objects["2013-01/days.csv"].decode())))
    assert [row["day"] for row in rows] == [day.day for day in january.figures.days]
    assert sum(int(row["flights"]) for row in rows) == len(january.naive.good)
    assert [float(row["disrupted"]) for row in rows] == [day.disrupted for day in january.figures.days]


def test_json_holds_all_figures(january, memory):
    published = memory()
    file = publish.as_json(january.figures, published)
    assert (file.uri, file.format) == ("s3://memory/2013-01/report.json", "json")
    found = json.loads(published.objects["2013-01/report.json"])
    assert found == json.loads(json.dumps(dataclasses.asdict(january.figures)))
    assert found["quality"]["records"] == 27_004


def test_items_have_keys_ranks_and_decimals(january):
    class Items(list):
        def put_item(self, *, Item):
            self.append(Item)

    items = Items()
    figures = january.figures
    assert publish.as_items("2013-01", figures.days, figures.worst_days, items) == len(items) == 31
    assert {item["period"] for item in items} == {"2013-01"}
    assert not any(isinstance(value, float) or value is None for item in items for value in item.values())
    ranked = sorted((item for item in items if "rank" in item), key=lambda item: item["rank"])
    assert [item["day"] for item in ranked] == [day.day for day in figures.worst_days]
    assert ranked[0]["disrupted"] == Decimal(str(figures.worst_days[0].disrupted))


def test_parquet_has_the_same_rows_and_types(january, memory):
    from pyarrow import parquet as reader

    published = memory()
    files = parquet.as_parquet(january.figures, january.enriched, january.folders.enriched, published)
    assert [(file.uri.rpartition("/")[2], file.rows) for file in files] == [
        ("days.parquet", 31),
        ("weeks.parquet", 5),
        ("carriers.parquet", len(january.figures.carriers)),
        ("worst_days.parquet", 10),
        ("flights.parquet", len(january.naive.good)),
    ]
    days = reader.read_table(io.BytesIO(published.objects["2013-01/days.parquet"]))
    assert days.to_pylist() == [dataclasses.asdict(day) for day in january.figures.days]
    flights = reader.read_table(io.BytesIO(published.objects["2013-01/flights.parquet"]))
    delays = [int(row["arr_delay"]) for row in january.naive.good if naive.known(row["arr_delay"])]
    assert flights.num_rows == len(january.naive.good)
    assert sum(delay for delay in flights["arrival_delay"].to_pylist() if delay is not None) == sum(delays)
    assert sum(flights["cancelled"].to_pylist()) == january.naive.cancelled()
    assert str(flights.schema.field("day").type) == "date32[day]"
