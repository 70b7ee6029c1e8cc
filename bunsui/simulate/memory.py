"""S3 in memory, as far as functions use it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from bunsui.interpreter import S3


class NoSuchKey(Exception):
    """There is no such object; named as boto3 names it."""


class _Exceptions:
    NoSuchKey = NoSuchKey


class _Pages:
    def __init__(self, client: MemoryS3) -> None:
        self._client = client

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield self._client.list_objects_v2(**request)


class MemoryS3:
    """The methods of boto3's S3 client that read and write whole objects; a bucket is there once it is named.

    Attributes:
        service: the same objects for state machines.
    """

    exceptions = _Exceptions

    def __init__(self) -> None:
        self.service = S3()

    def bucket(self, name: str) -> dict[str, bytes]:
        """The objects of a bucket by key."""
        return self.service.buckets.setdefault(name, {})

    @property
    def objects(self) -> dict[tuple[str, str], bytes]:
        """All objects by bucket and key."""
        return {(name, key): body for name, held in self.service.buckets.items() for key, body in held.items()}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes = b"", **_: Any) -> dict[str, Any]:
        """Create or replace an object."""
        self.bucket(Bucket)[Key] = Body.encode() if isinstance(Body, str) else bytes(Body)
        return {}

    def get_object(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        """An object's content.

        Raises:
            NoSuchKey: there is none.
        """
        return {"Body": io.BytesIO(self._content(Bucket, Key))}

    def head_object(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        """An object's size.

        Raises:
            NoSuchKey: there is none.
        """
        return {"ContentLength": len(self._content(Bucket, Key))}

    def list_objects_v2(self, *, Bucket: str, Prefix: str = "", **_: Any) -> dict[str, Any]:
        """All keys with a prefix, in order, on one page."""
        objects = self.bucket(Bucket)
        keys = sorted(key for key in objects if key.startswith(Prefix))
        return {"Contents": [{"Key": key, "Size": len(objects[key])} for key in keys]}

    def get_paginator(self, operation: str) -> _Pages:
        """Of `list_objects_v2`, the only one there is."""
        if operation != "list_objects_v2":
            raise NotImplementedError(f"S3 in memory does not page {operation}")
        return _Pages(self)

    def _content(self, bucket: str, key: str) -> bytes:
        objects = self.bucket(bucket)
        if key not in objects:
            raise NoSuchKey(f"there is no s3://{bucket}/{key}")
        return objects[key]
