"""A pointer to data in S3: what operations hand on instead of the data."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from . import store


@dataclass(frozen=True)
class Dataset:
    """Data in S3, as one object or as all objects below a prefix.

    Attributes:
        uri: `s3://bucket/key`.
        format: such as `csv`, `json`, `parquet`.
        rows: how many.
        bytes: size in S3.
    """

    uri: str
    format: str | None = None
    rows: int | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.uri, str) or not self.uri.startswith("s3://") or not self.bucket:
            raise ValueError(f"Dataset(uri={self.uri!r}): write s3://bucket/key")

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.uri[len("s3://") :].partition("/")[0]

    @property
    def key(self) -> str:
        """The key below the bucket."""
        return self.uri[len("s3://") :].partition("/")[2]

    def read_bytes(self) -> builtins.bytes:
        """The object's content.

        Raises:
            botocore.exceptions.ClientError: as S3 answers, such as NoSuchKey.
        """
        return store.get(self.bucket, self.key)

    def read_text(self) -> str:
        """The object's content as UTF-8."""
        return self.read_bytes().decode()

    def open(self) -> Any:
        """The object's content as a stream of bytes; close it, or read it in a `with` block."""
        return store.stream(self.bucket, self.key)

    @classmethod
    def write_bytes(cls, uri: str, data: builtins.bytes, format: str | None = None, rows: int | None = None) -> Dataset:
        """Put `data` at `uri` and return the pointer to it."""
        dataset = cls(uri, format, rows, len(data))
        store.put(dataset.bucket, dataset.key, data)
        return dataset
