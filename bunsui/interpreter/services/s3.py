"""S3: objects in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from bunsui.interpreter.branch import iso
from bunsui.interpreter.calls import Call, Handler
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.jsonvalue import compact

PAGE = 1000
"""The keys of a listing that come at once."""


class S3:
    """Buckets of objects: `S3({"bucket": {"key": b"..."}})`.

    Attributes:
        buckets: the objects by bucket and key, as bytes; executions read and write them.
    """

    def __init__(self, buckets: Mapping[str, Mapping[str, bytes | str]] | None = None) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {
            bucket: {key: body.encode() if isinstance(body, str) else body for key, body in objects.items()}
            for bucket, objects in (buckets or {}).items()
        }

    def integrations(self) -> Mapping[str, Handler]:
        """The SDK's actions, and those of item readers and result writers; a reader gets the bytes of an object."""
        actions = {
            "getObject": self.get_object,
            "putObject": self.put_object,
            "listObjectsV2": self.list_objects,
            "listObjects": self.list_objects,
            "headObject": self.head_object,
            "deleteObject": self.delete_object,
            "copyObject": self.copy_object,
        }
        found = {f"{prefix}s3:{name}": handler for prefix in ("", "aws-sdk:") for name, handler in actions.items()}
        return {**found, "s3:getObject": self.read_object}

    def _bucket(self, call: Call) -> dict[str, bytes]:
        name = call.arguments.get("Bucket")
        if name not in self.buckets:
            raise refused(call, "NoSuchBucketException", "The specified bucket does not exist")
        return self.buckets[name]

    def _object(self, call: Call) -> bytes:
        bucket = self._bucket(call)
        key = call.arguments.get("Key")
        if key not in bucket:
            raise refused(call, "NoSuchKeyException", "The specified key does not exist.")
        return bucket[key]

    def get_object(self, call: Call) -> Any:
        """GetObject, with the body as text."""
        body = self._object(call)
        return {
            "AcceptRanges": "bytes",
            "Body": body.decode("utf-8", "replace"),
            "ContentLength": len(body),
            "ContentType": "binary/octet-stream",
            "ETag": etag(body),
            "LastModified": iso(call.time),
            "Metadata": {},
            "ServerSideEncryption": "AES256",
        }

    def read_object(self, call: Call) -> Any:
        """GetObject, with the body as it is."""
        return {"Body": self._object(call)}

    def head_object(self, call: Call) -> Any:
        """HeadObject; the answer has no body, so that what is missing has no message."""
        key = call.arguments.get("Key")
        if key not in self.buckets.get(str(call.arguments.get("Bucket")), {}):
            raise refused(call, "NoSuchKeyException", "null")
        found = self.get_object(call)
        del found["Body"]
        return found

    def put_object(self, call: Call) -> Any:
        """PutObject."""
        body = call.arguments.get("Body", "")
        text = body if isinstance(body, str) else compact(body)
        self._bucket(call)[str(call.arguments.get("Key"))] = text.encode()
        return {"ETag": etag(text.encode()), "ServerSideEncryption": "AES256"}

    def copy_object(self, call: Call) -> Any:
        """CopyObject."""
        source_bucket, _, source_key = str(call.arguments.get("CopySource", "")).lstrip("/").partition("/")
        if source_key not in self.buckets.get(source_bucket, {}):
            raise refused(call, "NoSuchKeyException", "The specified key does not exist.")
        body = self.buckets[source_bucket][source_key]
        self._bucket(call)[str(call.arguments.get("Key"))] = body
        return {"CopyObjectResult": {"ETag": etag(body), "LastModified": iso(call.time)}}

    def delete_object(self, call: Call) -> Any:
        """DeleteObject."""
        self._bucket(call).pop(str(call.arguments.get("Key")), None)
        return {}

    def list_objects(self, call: Call) -> Any:
        """ListObjectsV2: keys in order, a page at a time; those that share a prefix up to Delimiter are one entry."""
        given = call.arguments
        prefix, most = given.get("Prefix") or "", min(given.get("MaxKeys", PAGE), PAGE)
        after = max(given.get("StartAfter") or "", given.get("ContinuationToken") or "")
        bucket = self._bucket(call)
        found = grouped((key for key in sorted(bucket) if key.startswith(prefix)), prefix, given.get("Delimiter"))
        following = [(key, is_group) for key, is_group in found if key > after]
        shown = following[:most]
        answer = {
            "CommonPrefixes": [{"Prefix": key} for key, is_group in shown if is_group],
            "Contents": [described(call, key, bucket[key]) for key, is_group in shown if not is_group],
            "ContinuationToken": given.get("ContinuationToken"),
            "Delimiter": given.get("Delimiter"),
            "IsTruncated": len(following) > most,
            "KeyCount": len(shown),
            "MaxKeys": most,
            "Name": given.get("Bucket"),
            "NextContinuationToken": shown[-1][0] if shown and len(following) > most else None,
            "Prefix": prefix,
            "StartAfter": given.get("StartAfter"),
        }
        return {name: value for name, value in answer.items() if value not in (None, [])}


def grouped(keys: Iterable[str], prefix: str, delimiter: str | None) -> list[tuple[str, bool]]:
    """Keys, and in place of those with the delimiter behind the prefix, once, what they share; True marks these."""
    found: dict[tuple[str, bool], None] = {}
    for key in keys:
        head, cut, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        found[(prefix + head + cut, True) if cut else (key, False)] = None
    return list(found)


def described(call: Call, key: str, body: bytes) -> dict[str, Any]:
    """An object as a listing has it."""
    return {
        "ETag": etag(body),
        "Key": key,
        "LastModified": iso(call.time),
        "Size": len(body),
        "StorageClass": "STANDARD",
    }


def etag(body: bytes) -> str:
    """The MD5 in quotes."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def refused(call: Call, error: str, text: str) -> TaskFailed:
    """An error of the SDK integration."""
    world = call.run.world
    cause = (
        f"{text} (Service: S3, Status Code: 404, Request ID: {world.identifier()}, "
        f"Extended Request ID: {world.identifier()})"
    )
    return TaskFailed(f"S3.{error}", cause)
