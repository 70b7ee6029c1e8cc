"""The formats of data that a Distributed Map reads: JSON, JSON Lines, CSV and Parquet, from bytes to items.

Source: "ItemReader (Map)" of the Step Functions developer guide.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bunsui.errors import BunsuiError
from bunsui.interpreter.jsonvalue import to_json

DELIMITERS: Mapping[str, str] = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
Config = Mapping[str, Any]


class Item(NamedTuple):
    """One item, and what the context object tells of it.

    Attributes:
        value: what the processor gets.
        key: the name of the entry, where the items are the entries of an object.
        source: `STATE_DATA`, or the URI of the object or bucket in S3.
    """

    value: Any
    key: str | None = None
    source: str = "STATE_DATA"


def entries(value: Mapping[str, Any], source: str = "STATE_DATA") -> list[Item]:
    """The entries of an object as items."""
    return [Item({"Key": key, "Value": entry}, key, source) for key, entry in value.items()]


def items_in(body: bytes, config: Config, source: str) -> list[Item]:
    """The items of one object in S3.

    Raises:
        ValueError: the content is not what InputType says.
    """
    kind = str(config.get("InputType", "JSON"))
    if kind not in FORMATS:
        raise ValueError(f"the InputType {kind} is not supported")
    value = FORMATS[kind](body, config)
    if isinstance(value, dict):
        return entries(value, source)
    return [Item(item, None, source) for item in value]


def text(body: bytes) -> str:
    """UTF-8, with or without a mark at its beginning."""
    return body.decode("utf-8-sig")


def from_json(body: bytes, config: Config) -> Any:
    """An array or an object, perhaps deep in the document: ItemsPointer is a JSON pointer (RFC 6901) to it."""
    value = json.loads(text(body))
    pointer = config.get("ItemsPointer")
    if pointer:
        value = pointed(value, str(pointer))
    if not isinstance(value, dict | list):
        raise ValueError("the content is not a JSON array or object")
    return value


def pointed(value: Any, pointer: str) -> Any:
    """The part of a document that a JSON pointer names.

    Raises:
        ValueError: there is none.
    """
    for part in pointer.removeprefix("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (LookupError, TypeError, ValueError):
            raise ValueError(f"the ItemsPointer {pointer} points to nothing") from None
    return value


def from_lines(body: bytes, config: Config) -> Iterator[Any]:
    """One JSON value a line."""
    return (json.loads(line) for line in text(body).split("\n") if line.strip())


def from_csv(body: bytes, config: Config) -> Iterator[dict[str, str]]:
    """Rows as objects; short rows are filled, long ones cut."""
    rows = csv.reader(io.StringIO(text(body)), delimiter=DELIMITERS.get(str(config.get("CSVDelimiter", "COMMA")), ","))
    headers = list(config.get("CSVHeaders") or [])
    if config.get("CSVHeaderLocation", "FIRST_ROW") == "FIRST_ROW":
        headers = next(rows, [])
    for row in rows:
        if row:
            yield {name: row[at] if at < len(row) else "" for at, name in enumerate(headers)}


def from_parquet(body: bytes, config: Config) -> Iterator[Any]:
    """Rows as objects."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise BunsuiError(
            "BUN902", "a Map reads a Parquet file, and pyarrow is not installed", hint="pip install pyarrow"
        ) from None
    try:
        rows = parquet.read_table(io.BytesIO(body)).to_pylist()
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from None
    return (to_json(row) for row in rows)


FORMATS: Mapping[str, Callable[[bytes, Config], Any]] = {
    "JSON": from_json,
    "JSONL": from_lines,
    "CSV": from_csv,
    "PARQUET": from_parquet,
}
