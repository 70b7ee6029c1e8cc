"""Where bytes come from and go to: a protocol, and its implementation for a prefix of an S3 bucket."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol


class Folder(Protocol):
    """Named objects."""

    def read(self, name: str) -> bytes:
        """The object.

        Raises:
            FileNotFoundError: there is none of that name; the message says where it was looked for.
        """

    def write(self, name: str, data: bytes) -> str:
        """Create or replace the object; gives its URI."""


class Place(Protocol):
    """Part of a bucket, such as `lake / "raw"` where the code runs."""

    @property
    def bucket(self) -> str:
        """Name of the bucket."""

    @property
    def key(self) -> str:
        """What the keys of its objects begin with."""


@dataclass(frozen=True, slots=True)
class S3Folder:
    """The objects of a bucket below a key."""

    bucket: str
    key: str

    @classmethod
    def at(cls, place: Place) -> S3Folder:
        """The objects of a part of a bucket."""
        return cls(place.bucket, place.key)

    def read(self, name: str) -> bytes:
        """The object; see `Folder`."""
        client = _client()
        try:
            response = client.get_object(Bucket=self.bucket, Key=f"{self.key}/{name}")
        except client.exceptions.NoSuchKey:
            raise FileNotFoundError(
                f"there is no {self._uri(name)}; load it with: python -m blueprints.flight_delays.load --all"
            ) from None
        data: bytes = response["Body"].read()
        return data

    def write(self, name: str, data: bytes) -> str:
        """Create or replace the object; gives its URI."""
        _client().put_object(Bucket=self.bucket, Key=f"{self.key}/{name}", Body=data)
        return self._uri(name)

    def _uri(self, name: str) -> str:
        return f"s3://{self.bucket}/{self.key}/{name}"


@cache
def _client() -> Any:
    import boto3

    return boto3.client("s3")
