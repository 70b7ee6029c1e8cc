"""ItemReader: the items of a Distributed Map from objects in S3, from a listing of a bucket, or from a manifest.

Source: "ItemReader (Map)" of the Step Functions developer guide.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.errors import BunsuiError
from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.calls import Call, Took
from bunsui.interpreter.definition import MapState, Resource
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.item_formats import Item, items_in, text

S3_GET = Resource("arn:aws:states:::s3:getObject", "integration", "s3", "getObject")
GZIP = b"\x1f\x8b"


def read_items(branch: Branch, state: MapState, effective: Any) -> list[Item]:
    """Every item that the reader finds, cut off at MaxItems.

    Raises:
        Fault: States.ItemReaderFailed, when an object is missing or cannot be read.
    """
    reader = state.reader
    assert reader is not None
    given = reader.parameters(branch, effective)
    most = reader.max_items(branch, effective) if reader.max_items is not None else 0
    if most < 0:
        raise Fault(faults.ITEM_READER_FAILED, "field MaxItems must be positive")
    source = Source(branch, reader.config)
    read = source.listed if reader.resource.action == "listObjectsV2" else source.read
    try:
        items = list(read(reader.resource, given))
    except (ValueError, OSError) as error:
        raise Fault(faults.ITEM_READER_FAILED, f"Attempting to parse the object failed: {error}") from None
    return items[: int(most)] if most > 0 else items


class Source:
    """Where a reader gets its items from.

    A ValueError or OSError of its methods means that some content is not what the reader says.
    """

    def __init__(self, branch: Branch, config: Mapping[str, Any]) -> None:
        self._branch = branch
        self._config = config

    def read(self, resource: Resource, given: Mapping[str, Any]) -> Iterator[Item]:
        """The items in an object, or in those that it lists if it is a manifest."""
        body = self._body(resource, given)
        kind = self._config.get("ManifestType")
        if kind == "ATHENA_DATA":
            return self._athena(body)
        if kind == "S3_INVENTORY" or self._config.get("InputType") == "MANIFEST":
            return self._inventory(body)
        return iter(items_in(body, self._config, uri(given.get("Bucket"), given.get("Key"))))

    def listed(self, resource: Resource, given: Mapping[str, Any]) -> Iterator[Item]:
        """The objects of a listing, or the items in them if they are to be loaded."""
        bucket = given.get("Bucket")
        load = self._config.get("Transformation") == "LOAD_AND_FLATTEN"
        for entry in self._pages(resource, given):
            if not load:
                yield Item(spelled(entry), None, uri(bucket))
            elif not entry["Key"].endswith("/"):
                yield from self._loaded(bucket, entry["Key"], self._config)

    def _pages(self, resource: Resource, given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        answer = ask(self._branch, resource, given)
        yield from answer.get("Contents", [])
        while answer.get("IsTruncated"):
            answer = ask(self._branch, resource, {**given, "ContinuationToken": answer["NextContinuationToken"]})
            yield from answer.get("Contents", [])

    def _inventory(self, body: bytes) -> Iterator[Item]:
        """An S3 inventory: its manifest names the columns, and the files, which are CSV."""
        manifest = json.loads(text(body))
        if manifest.get("fileFormat", "CSV") != "CSV":
            raise ValueError(f"the inventory is {manifest['fileFormat']}; only CSV is supported")
        columns = [name.strip() for name in manifest["fileSchema"].split(",")]
        config = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": columns}
        bucket = manifest["destinationBucket"].rpartition(":")[2]
        for file in manifest["files"]:
            yield from self._loaded(bucket, file["key"], config)

    def _athena(self, body: bytes) -> Iterator[Item]:
        """What UNLOAD of Athena wrote: the manifest has the URI of a file in every row."""
        for row in csv.reader(io.StringIO(text(body))):
            for place in row[:1]:
                bucket, _, key = place.strip().removeprefix("s3://").partition("/")
                yield from self._loaded(bucket, key, self._config)

    def _loaded(self, bucket: Any, key: str, config: Mapping[str, Any]) -> list[Item]:
        body = self._body(S3_GET, {"Bucket": bucket, "Key": key})
        return items_in(gzip.decompress(body) if body.startswith(GZIP) else body, config, uri(bucket, key))

    def _body(self, resource: Resource, given: Mapping[str, Any]) -> bytes:
        body = ask(self._branch, resource, given).get("Body", b"")
        return body.encode() if isinstance(body, str) else bytes(body)


def uri(bucket: Any, key: Any = None) -> str:
    """Where an item comes from."""
    return f"s3://{bucket}" if key is None else f"s3://{bucket}/{key}"


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


def spelled(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a listing, in the spelling that AWS hands to items."""
    names = {"ETag": "Etag"}
    return {names.get(key, key): value for key, value in entry.items()}
