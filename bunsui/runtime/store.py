"""S3, as far as the runtime needs it; boto3 is imported by the first use."""

from __future__ import annotations

import os
import threading
from typing import Any

from .envelope import THREADS
from .failures import ResultTooLarge

_clients: dict[str, Any] = {}
_making = threading.Lock()


def client() -> Any:
    """The S3 client of this process, which threads may share."""
    with _making:
        if "s3" not in _clients:
            import boto3
            from botocore.config import Config

            _clients["s3"] = boto3.client("s3", config=Config(max_pool_connections=THREADS))
    return _clients["s3"]


def get(bucket: str, key: str) -> bytes:
    """Content of an object."""
    with stream(bucket, key) as body:
        return bytes(body.read())


def stream(bucket: str, key: str) -> Any:
    """Content of an object, to be read and closed by the caller.

    Raises:
        FileNotFoundError: there is none; S3's own error does not say which was asked for.
    """
    s3 = client()
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"]
    except s3.exceptions.NoSuchKey:
        raise FileNotFoundError(f"there is no s3://{bucket}/{key}") from None


def put(bucket: str, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
    """Write an object."""
    client().put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)


def keys(bucket: str, prefix: str) -> list[str]:
    """Keys below a prefix, in order."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


class Artefacts:
    """The objects of the artefact bucket (`envelope.Objects`), where this function may use it."""

    def get(self, key: str) -> bytes:
        """Content of an object."""
        return get(artefact_bucket("reading a value"), key)

    def keys(self, prefix: str) -> list[str]:
        """Keys that begin so."""
        return keys(artefact_bucket("reading a value"), prefix)


def artefact_bucket(what: str) -> str:
    """Name of the artefact bucket.

    Raises:
        ResultTooLarge: this function may not use it, which `what` needs.
    """
    bucket = os.environ.get("BUNSUI_BUCKET")
    if not bucket:
        raise ResultTooLarge(
            f"{what} needs the artefact bucket, which this function may not use, since the declared types of its values"
            " are small; annotate the operation's result with the type that it returns"
        )
    return bucket
