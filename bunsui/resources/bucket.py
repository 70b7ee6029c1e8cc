"""An S3 bucket, and the prefixes of it that operations read and write.

Secure by default: public access blocked, TLS only, SSE-KMS with the AWS managed key (no key policy to keep), versions
kept, access logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from bunsui.errors import DeclarationError
from bunsui.model.calls import Call, Condition, Why
from bunsui.model.declaration import Declaration, Name, ResourceId, caller
from bunsui.model.names import PARTITION, Names, access_log_bucket
from bunsui.model.resource import Access, Mode
from bunsui.runtime import resources as at_run_time

if TYPE_CHECKING:
    from bunsui.model.environment import Environment
    from bunsui.runtime.dataset import Dataset

_OBJECT_ACTIONS: dict[Mode, tuple[str, ...]] = {
    "reads": ("s3:GetObject",),
    "writes": ("s3:AbortMultipartUpload", "s3:PutObject"),
}
"""Per mode; PutObject covers all of a multipart upload but its abort (AWS, Amazon S3 user guide, mpuAndPermissions)."""


class Bucket(Declaration):
    """A bucket: `lake = Bucket("lake")`; `lake / "raw"` is the part of it below `raw/`.

    Attributes:
        id: unique in its pipelines; part of the bucket's name.
        existing: name of a bucket that is there already; it is used and not created.
        of: name of the pipeline that creates it, where others use it too; by default each pipeline has its own.
        noncurrent_days: days after which overwritten and deleted versions are removed.
    """

    id: ResourceId
    existing: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    of: Name | None = None
    noncurrent_days: int = Field(default=90, ge=1, le=36500)

    def __init__(self, id: str, /, **data: Any) -> None:
        super().__init__(id=id, **data)
        if self.existing is not None and self.of is not None:
            raise DeclarationError(
                "BUN101",
                f"Bucket {id!r} has existing={self.existing!r} and of={self.of!r}",
                where=self.where,
                hint="say what its name is, or which pipeline creates it",
            )

    def __truediv__(self, path: str) -> Prefix:
        return Prefix(self, _clean(self.id, path))

    @property
    def kind(self) -> str:
        """`Bucket`."""
        return "Bucket"

    def owned_by(self, pipeline: str) -> bool:
        """Whether that pipeline's stack creates it."""
        return self.existing is None and self.of in (None, pipeline)

    @property
    def name(self) -> str:
        """The bucket's name in AWS; resolves where the code runs."""
        return at_run_time.resolve_bucket(self.id)

    @property
    def uri(self) -> str:
        """`s3://` and the bucket's name; resolves where the code runs."""
        return f"s3://{self.name}"

    def read_bytes(self, name: str) -> bytes:
        """Content of the object `name`; where the code runs."""
        return at_run_time.read_bytes(self.id, "", name)

    def write_bytes(self, name: str, data: bytes, format: str | None = None, rows: int | None = None) -> Dataset:
        """Write the object `name`, and return the pointer to it; where the code runs."""
        return at_run_time.write_bytes(self.id, "", name, data, format, rows)

    def list(self) -> Sequence[str]:
        """Names of the objects, in order; where the code runs."""
        return at_run_time.list_names(self.id, "")

    def physical_name(self, names: Names) -> str:
        """The bucket's name with placeholders for account and region."""
        return self.existing or names._replace(pipeline=self.of or names.pipeline).bucket(self.id)

    def calls(self, mode: Mode, path: str, names: Names, why: Why) -> Sequence[Call]:
        """The object `path` and those below it; whoever reads may list them.

        Where all of the bucket is read, S3 therefore answers 404 for a missing key; below a path it may be 403, since
        a request for an object has no `s3:prefix`.
        """
        arn = f"arn:{PARTITION}:s3:::{self.physical_name(names)}"
        objects = (f"{arn}/{path}", f"{arn}/{path}/*") if path else (f"{arn}/*",)
        calls = [Call(action, one, why) for action in _OBJECT_ACTIONS[mode] for one in objects]
        if mode == "reads":
            prefixes = (Condition("StringLike", "s3:prefix", (path, f"{path}/*")),) if path else ()
            calls.append(Call("s3:ListBucket", arn, why, prefixes))
        return calls

    def stack(self, names: Names, environment: Environment) -> Sequence[Any]:
        """The bucket and its TLS-only policy."""
        if not self.owned_by(names.pipeline):
            return ()
        return _stack(self, names, environment)


@dataclass(frozen=True, slots=True)
class Prefix:
    """The part of a bucket below a path; a value inside a function, an access in `reads=` and `writes=`."""

    parent: Bucket
    path: str

    def __truediv__(self, path: str) -> Prefix:
        return Prefix(self.parent, f"{self.path}/{_clean(self.parent.id, path)}")

    @property
    def access(self) -> Access:
        """What `reads=` and `writes=` make of it."""
        return Access(self.parent, self.path)

    @property
    def bucket(self) -> str:
        """The bucket's name in AWS; resolves where the code runs."""
        return at_run_time.resolve_prefix(self.parent.id, self.path)[0]

    @property
    def key(self) -> str:
        """The key below the bucket; resolves where the code runs."""
        return at_run_time.resolve_prefix(self.parent.id, self.path)[1]

    @property
    def uri(self) -> str:
        """`s3://bucket/key`; resolves where the code runs."""
        return f"s3://{self.bucket}/{self.key}"

    def read_bytes(self, name: str) -> bytes:
        """Content of the object `name` below the path; where the code runs."""
        return at_run_time.read_bytes(self.parent.id, self.path, name)

    def write_bytes(self, name: str, data: bytes, format: str | None = None, rows: int | None = None) -> Dataset:
        """Write the object `name` below the path, and return the pointer to it; where the code runs."""
        return at_run_time.write_bytes(self.parent.id, self.path, name, data, format, rows)

    def list(self) -> Sequence[str]:
        """Names of the objects below the path, in order; where the code runs."""
        return at_run_time.list_names(self.parent.id, self.path)


def _clean(bucket: str, path: str) -> str:
    parts = path.strip("/").split("/") if isinstance(path, str) else [""]
    if any(part in ("", ".", "..") or "*" in part or "?" in part or "$" in part for part in parts):
        raise DeclarationError(
            "BUN109",
            f"Bucket {bucket!r}: {path!r} is not a prefix of a bucket",
            where=caller(),
            hint="give a path such as 'raw' or 'raw/flights', without wildcards, '$' or empty parts",
        )
    return "/".join(parts)


def _stack(bucket: Bucket, names: Names, environment: Environment) -> Sequence[Any]:
    from troposphere import Ref, Sub, Tags, s3

    from bunsui.model.titles import keep, title
    from bunsui.resources.transport import tls_only

    name = title(bucket.id, "Bucket")
    made = s3.Bucket(
        name,
        BucketName=Sub(bucket.physical_name(names)),
        BucketEncryption=s3.BucketEncryption(
            ServerSideEncryptionConfiguration=[
                s3.ServerSideEncryptionRule(
                    BucketKeyEnabled=True,
                    ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms"),
                )
            ]
        ),
        LifecycleConfiguration=s3.LifecycleConfiguration(
            Rules=[
                s3.LifecycleRule(
                    Id="remove-leftovers",
                    Status="Enabled",
                    AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                    NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=bucket.noncurrent_days),
                )
            ]
        ),
        LoggingConfiguration=s3.LoggingConfiguration(
            DestinationBucketName=Sub(access_log_bucket()), LogFilePrefix=f"{names.stack}/{bucket.id}/"
        ),
        OwnershipControls=s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        Tags=Tags(environment.tags),
        **keep(environment),
    )
    arn = Sub(f"arn:{PARTITION}:s3:::${{{name}}}")
    objects = Sub(f"arn:{PARTITION}:s3:::${{{name}}}/*")
    policy = s3.BucketPolicy(f"{name}Policy", Bucket=Ref(name), PolicyDocument=tls_only([arn, objects]))
    return (made, policy)
