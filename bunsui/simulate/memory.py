"""S3 in memory, as far as functions use it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any


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
    """The methods of boto3's S3 client that read and write whole objects.

    Attributes:
        objects: (bucket, key) -> content.
    """

    exceptions = _Exceptions

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes = b"", **_: Any) -> dict[str, Any]:
        """Create or replace an object."""
        self.objects[Bucket, Key] = Body.encode() if isinstance(Body, str) else bytes(Body)
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
        keys = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))
        return {"Contents": [{"Key": key, "Size": len(self.objects[Bucket, key])} for key in keys]}

    def get_paginator(self, operation: str) -> _Pages:
        """Of `list_objects_v2`, the only one there is."""
        if operation != "list_objects_v2":
            raise NotImplementedError(f"S3 in memory does not page {operation}")
        return _Pages(self)

    def _content(self, bucket: str, key: str) -> bytes:
        if (bucket, key) not in self.objects:
            raise NoSuchKey(f"there is no s3://{bucket}/{key}")
        return self.objects[bucket, key]
