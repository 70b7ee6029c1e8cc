"""The figures and the enriched flights as Parquet; the only module that needs pyarrow."""

from __future__ import annotations

import dataclasses
import io
import types
import typing
from typing import TYPE_CHECKING, Any

from blueprints.flight_delays.enrich import COLUMNS, Enriched
from blueprints.flight_delays.folders import Folder
from blueprints.flight_delays.periods import flights_of
from blueprints.flight_delays.publish import Figures, put
from bunsui import Dataset

if TYPE_CHECKING:
    import pyarrow

_NUMBERS = {"number": "int32", "departure_delay": "int32", "arrival_delay": "int32", "distance": "int32"} | {
    "plane_year": "int16", "temp": "float64", "wind_speed": "float64", "precip": "float64", "visib": "float64",
}  # fmt: skip
_OTHERS = {"day": "date32", "cancelled": "bool"}


def as_parquet(figures: Figures, flights: Enriched, enriched: Folder, published: Folder) -> list[Dataset]:
    """Write `{period}/{list}.parquet` for every list, and the flights as `{period}/flights.parquet`.

    Raises:
        FileNotFoundError: a file of enriched flights is missing.
    """
    files = [(name, _encode(_table(kind, rows)), len(rows)) for name, kind, rows in figures.lists()]
    files.append(("flights", _flights(flights, enriched), flights.flights))
    return [put(published, figures.quality.label, f"{name}.parquet", data, rows) for name, data, rows in files]


def _table(kind: type, rows: Any) -> pyarrow.Table:
    import pyarrow as pa

    schema = pa.schema([(name, _arrow_type(hint)) for name, hint in typing.get_type_hints(kind).items()])
    return pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], schema=schema)


def _arrow_type(hint: Any) -> pyarrow.DataType:
    import pyarrow as pa

    if isinstance(hint, types.UnionType):
        hint = next(member for member in typing.get_args(hint) if member is not type(None))
    return {int: pa.int64(), float: pa.float64(), str: pa.string()}[hint]


def _encode(table: pyarrow.Table) -> bytes:
    from pyarrow import parquet

    target = io.BytesIO()
    parquet.write_table(table, target, compression="zstd")
    return target.getvalue()


def _flights(flights: Enriched, enriched: Folder) -> bytes:
    """One row group per month, so that only a month is in memory at a time."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    kinds = {name: pa.type_for_alias(alias) for name, alias in (_NUMBERS | _OTHERS).items()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    convert = csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, true_values=["1"], false_values=["0"]
    )
    target = io.BytesIO()
    with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        for month in flights.months:
            data = pa.BufferReader(enriched.read(flights_of(month)))
            writer.write_table(csv.read_csv(data, convert_options=convert))
    return target.getvalue()
