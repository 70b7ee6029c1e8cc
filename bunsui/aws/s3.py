"""Amazon S3: objects of buckets whose owner is known.

Every request carries `ExpectedBucketOwner`, so that nothing is written to or read from a bucket of that name in a
stranger's account (AWS, "Verifying bucket ownership").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bunsui.aws.connection import Aws
from bunsui.aws.errors import ServiceError, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SERVICE = "s3"
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})
_DELETE_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What S3 says about an object.

    Attributes:
        size: bytes.
        metadata: user-defined, keys in lower case without the `x-amz-meta-` prefix.
    """

    key: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class S3:
    """S3 by way of a connection; `owner` is the account that owns the buckets; every method raises AwsError."""

    aws: Aws
    owner: str

    @property
    def _client(self) -> S3Client:
        client: S3Client = self.aws.client(SERVICE)
        return client

    def endpoint(self) -> str:
        """URL of S3 in this region without a slash at the end; a bucket and a key may follow it (path style)."""
        return str(self._client.meta.endpoint_url).rstrip("/")

    def head_bucket(self, bucket: str) -> bool:
        """Whether the bucket is there; access denied, as for a stranger's bucket, is an error."""
        return (
            self._present(lambda: self._client.head_bucket(Bucket=bucket, ExpectedBucketOwner=self.owner)) is not None
        )

    def head(self, bucket: str, key: str) -> ObjectInfo | None:
        """The object's size and metadata, or None when there is none."""
        found = self._present(lambda: self._client.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=self.owner))
        if found is None:
            return None
        return ObjectInfo(key, found["ContentLength"], dict(found.get("Metadata", {})))

    def get(self, bucket: str, key: str) -> bytes | None:
        """The object's content, or None when there is none."""
        with translated(SERVICE):
            found = self._present(
                lambda: self._client.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=self.owner)
            )
            return None if found is None else bytes(found["Body"].read())

    def put(
        self, bucket: str, key: str, body: bytes, *, content_type: str = "", metadata: Mapping[str, str] | None = None
    ) -> str | None:
        """Write an object; returns its version id where the bucket is versioned."""
        wanted: dict[str, Any] = {"ContentType": content_type} if content_type else {}
        with translated(SERVICE):
            done = self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                Metadata=dict(metadata or {}),
                ExpectedBucketOwner=self.owner,
                **wanted,
            )
        return done.get("VersionId")

    def upload(
        self,
        bucket: str,
        key: str,
        path: Path,
        *,
        metadata: Mapping[str, str] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write a file as an object, in parts when it is large.

        Args:
            bucket: its name.
            key: of the object.
            path: the file.
            metadata: user-defined.
            progress: called with the number of bytes sent since it was called last, from several threads.
        """
        extra = {"Metadata": dict(metadata or {}), "ExpectedBucketOwner": self.owner}
        with translated(SERVICE), path.open("rb") as file:
            self._transfer(file, bucket, key, extra, progress)

    def delete_version(self, bucket: str, key: str, version: str | None) -> None:
        """Delete one version of an object for good; the object itself when the bucket is not versioned."""
        wanted: dict[str, Any] = {"VersionId": version} if version else {}
        with translated(SERVICE):
            self._client.delete_object(Bucket=bucket, Key=key, ExpectedBucketOwner=self.owner, **wanted)

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """Objects whose keys begin so, in the order of keys, without their metadata; fetched page by page."""
        token: dict[str, Any] = {}
        while True:
            with translated(SERVICE):
                page = self._client.list_objects_v2(
                    Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=self.owner, **token
                )
            for found in page.get("Contents", []):
                yield ObjectInfo(found["Key"], found["Size"])
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete_all(self, bucket: str) -> int:
        """Delete every version of every object, and every delete marker; returns how many. There is no way back."""
        count = 0
        while True:
            with translated(SERVICE):
                page = self._client.list_object_versions(
                    Bucket=bucket, MaxKeys=_DELETE_AT_ONCE, ExpectedBucketOwner=self.owner
                )
                found: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if not found:
                    return count
                objects: list[Any] = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
                done = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": objects, "Quiet": True}, ExpectedBucketOwner=self.owner
                )
            for refused in done.get("Errors", []):
                raise _refusal(refused)
            count += len(objects)

    def _transfer(
        self, file: BinaryIO, bucket: str, key: str, extra: dict[str, Any], progress: Callable[[int], None] | None
    ) -> None:
        self._client.upload_fileobj(file, bucket, key, ExtraArgs=extra, Callback=progress)

    @staticmethod
    def _present(request: Callable[[], Any]) -> Any:
        try:
            with translated(SERVICE):
                return request()
        except ServiceError as error:
            if error.aws_code in _ABSENT:
                return None
            raise


def _refusal(refused: Any) -> ServiceError:
    """Our error for one entry of DeleteObjects' list of errors."""
    code, words = str(refused.get("Code", "Unknown")), str(refused.get("Message", ""))
    return ServiceError(
        "BUN503",
        f"s3 DeleteObjects: {code}: {words} ({refused.get('Key')})",
        service=SERVICE,
        operation="DeleteObjects",
        aws_code=code,
        aws_message=words,
        hint="a retention rule or a bucket policy may protect the object",
    )
