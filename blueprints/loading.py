"""Loading the objects that a blueprint starts from into its bucket."""

from __future__ import annotations

import argparse
import hashlib
import mimetypes
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bunsui import BunsuiError, BunsuiErrors, Workspace

if TYPE_CHECKING:
    from bunsui import Bucket, Pipeline

Put = Callable[[str, bytes], bool]
"""Write an object; says whether anything had to be written."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many objects there are now, how many were written, and the bytes of all."""

    objects: int
    written: int
    size: int


def load(put: Put, contents: Iterable[tuple[str, bytes]]) -> Loaded:
    """Put objects, given by name and content."""
    objects = written = size = 0
    for name, data in contents:
        objects += 1
        written += put(name, data)
        size += len(data)
    return Loaded(objects, written, size)


def bucket_of(workspace: Workspace, pipeline: Pipeline, bucket: Bucket) -> str:
    """Name of a bucket of the pipeline in the workspace's environment.

    Raises:
        AwsError: AWS refused, or has no credentials for us.
        DeploymentError: BUN605 when there is no such bucket.
    """
    from bunsui.aws.s3 import S3
    from bunsui.aws.sts import Sts
    from bunsui.errors import DeploymentError
    from bunsui.model.names import Names

    account = Sts(workspace.aws).identity().account
    names = Names(pipeline.name, workspace.environment.prefix)
    found = names.bucket(bucket.id, account, workspace.aws.region_name())
    if not S3(workspace.aws, account).head_bucket(found):
        raise DeploymentError(
            "BUN605",
            f"pipeline {pipeline.name!r} is not deployed to {workspace.environment.name}: there is no bucket {found}",
            hint=f"run: bunsui deploy {pipeline.name}",
        )
    return found


def into(
    workspace: Workspace, pipeline: Pipeline, bucket: Bucket, content_type: str | None = None, folder: str = "raw"
) -> tuple[str, Put]:
    """The URI that objects are loaded to, and the function that puts them there unless they are there already.

    Args:
        workspace: where.
        pipeline: whose bucket it is.
        bucket: as it is declared.
        content_type: of all objects; by default each has that of its name.
        folder: part of the bucket; empty for all of it.

    Raises:
        AwsError, DeploymentError: see `bucket_of`.
    """
    from bunsui.aws.s3 import S3
    from bunsui.aws.sts import Sts

    name_of_bucket = bucket_of(workspace, pipeline, bucket)
    s3 = S3(workspace.aws, Sts(workspace.aws).identity().account)

    def put(name: str, data: bytes) -> bool:
        key, digest = f"{folder}/{name}".lstrip("/"), hashlib.sha256(data).hexdigest()
        kind = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        there = s3.head(name_of_bucket, key)
        if there is not None and there.metadata.get("sha256") == digest:
            return False
        s3.put(name_of_bucket, key, data, content_type=kind, metadata={"sha256": digest})
        return True

    return f"s3://{name_of_bucket}/{folder}".rstrip("/"), put


def parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """Reads the options that say where to load to; `run` takes what it reads."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.add_argument("--env", metavar="NAME", help="environment of bunsui.toml")
    made.add_argument("--profile", help="of the AWS configuration files")
    made.add_argument("--region", help="such as eu-west-1")
    made.add_argument("--endpoint-url", metavar="URL", help="an endpoint other than AWS")
    return made


def run(
    given: argparse.Namespace,
    into: Callable[[Workspace], tuple[str, Put]],
    contents: Callable[[], Iterable[tuple[str, bytes]]],
) -> int:
    """Load, and tell what was loaded; gives the exit code, which is the one that `bunsui` has for the same trouble."""
    try:
        workspace = Workspace.load(
            environment=given.env, profile=given.profile, region=given.region, endpoint_url=given.endpoint_url
        )
        uri, put = into(workspace)
        loaded = load(put, contents())
    except (BunsuiError, BunsuiErrors) as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"{loaded.objects} objects, {loaded.size / 1e6:.1f} MB, {loaded.written} of them new, in {uri}")
    return 0
