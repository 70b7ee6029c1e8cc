"""A pointer to data in S3: what travels between operations instead of the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """Data in S3.

    Attributes:
        uri: `s3://bucket/key`, an object or a prefix.
        format: such as `csv` or `parquet`.
        rows: how many records.
        bytes: size.
    """

    uri: str
    format: str | None = None
    rows: int | None = None
    bytes: int | None = None

    __bunsui_small__ = True

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.uri.removeprefix("s3://").partition("/")[0]

    @property
    def key(self) -> str:
        """The object's key, or the prefix."""
        return self.uri.removeprefix("s3://").partition("/")[2]
