"""ItemReader: the items of a Distributed Map from an object in S3, or from a listing of a bucket."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bunsui.errors import BunsuiError
from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.calls import Call, Took
from bunsui.interpreter.definition import MapState, Resource
from bunsui.interpreter.faults import Fault

DELIMITERS: Mapping[str, str] = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def read_items(branch: Branch, state: MapState, effective: Any) -> list[Any]:
    """Every item that the reader finds, cut off at MaxItems.

    Raises:
        Fault: States.ItemReaderFailed, when the object is missing or cannot be read.
    """
    reader = state.reader
    assert reader is not None
    given = reader.parameters(branch, effective)
    most = reader.max_items(branch, effective) if reader.max_items is not None else 0
    if most < 0:
        raise Fault(faults.ITEM_READER_FAILED, "field MaxItems must be positive")
    answer = ask(branch, reader.resource, given)
    if reader.resource.action == "listObjectsV2":
        items = [listed(entry) for entry in answer.get("Contents", [])]
    else:
        read = FORMATS.get(str(reader.config.get("InputType", "JSON")))
        if read is None:
            raise Fault(faults.ITEM_READER_FAILED, f"Unsupported InputType {reader.config.get('InputType')}")
        try:
            items = list(read(answer.get("Body", ""), reader.config))
        except ValueError as error:
            raise Fault(faults.ITEM_READER_FAILED, f"Attempting to parse the object failed: {error}") from None
    return items[: int(most)] if most > 0 else items


def ask(branch: Branch, resource: Resource, given: Any) -> Any:
    """Call the service of a reader or writer.

    Raises:
        BunsuiError: there is none.
        Fault: it refuses.
    """
    services = branch.run.world.services
    state = branch.state.name if branch.state else ""
    handler = services.get(resource.name) or services.get(f"aws-sdk:{resource.name}")
    if handler is None:
        raise BunsuiError(
            "BUN902",
            f"state {state!r} calls {resource.name}, and there is no service for it",
            hint="pass services={'s3': S3({'bucket': {'key': b'...'}})}",
        )
    now = branch.run.world.scheduler.now
    try:
        answer = handler(Call(resource.name, resource.arn, given, None, state, 0, now, branch.run))
    except Fault as fault:
        raise Fault(faults.ITEM_READER_FAILED, f"{fault.error}: {fault.cause}") from None
    return answer.result if isinstance(answer, Took) else answer


def listed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a listing, in the spelling that AWS hands to items."""
    names = {"ETag": "Etag"}
    return {names.get(key, key): value for key, value in entry.items()}


def from_json(text: str, config: Mapping[str, Any]) -> Iterator[Any]:
    """A JSON array, or an object whose entries are the items."""
    value = json.loads(text)
    if isinstance(value, dict):
        return iter([{"Key": key, "Value": item} for key, item in value.items()])
    if not isinstance(value, list):
        raise ValueError("the content is not a JSON array")
    return iter(value)


def from_lines(text: str, config: Mapping[str, Any]) -> Iterator[Any]:
    """One JSON value a line."""
    return (json.loads(line) for line in text.splitlines() if line.strip())


def from_csv(text: str, config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Rows as objects; short rows are filled, long ones cut."""
    rows = csv.reader(io.StringIO(text), delimiter=DELIMITERS.get(str(config.get("CSVDelimiter", "COMMA")), ","))
    headers = list(config.get("CSVHeaders") or [])
    if config.get("CSVHeaderLocation", "FIRST_ROW") == "FIRST_ROW":
        headers = next(rows, [])
    for row in rows:
        if row:
            yield {name: row[at] if at < len(row) else "" for at, name in enumerate(headers)}


def from_manifest(text: str, config: Mapping[str, Any]) -> Iterator[Any]:
    """An S3 inventory manifest names its files; the files themselves are what is iterated here."""
    return iter(json.loads(text).get("files", []))


FORMATS: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[Any]]] = {
    "JSON": from_json,
    "JSONL": from_lines,
    "CSV": from_csv,
    "MANIFEST": from_manifest,
}
