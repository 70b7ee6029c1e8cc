"""Load the raw data into the pipeline's bucket: `python -m blueprints.flight_delays.load --all`.

The pipeline has to be deployed; what is there already with the same content is left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blueprints.flight_delays.periods import WHOLE_YEAR, period
from blueprints.flight_delays.pipeline import lake, pipeline
from blueprints.flight_delays.source import raw_objects
from bunsui import BunsuiError, BunsuiErrors, Workspace

Put = Callable[[str, bytes], bool]
"""Write an object below `raw/`; says whether anything had to be written."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many objects there are now, how many were written, and the bytes of all."""

    objects: int
    written: int
    size: int


def load(put: Put, months: Sequence[int]) -> Loaded:
    """Put the raw objects for these months.

    Raises:
        FileNotFoundError: the package with the data is not installed.
    """
    objects = written = size = 0
    for name, data in raw_objects(tuple(months)):
        objects += 1
        written += put(name, data)
        size += len(data)
    return Loaded(objects, written, size)


def bucket_of(workspace: Workspace) -> str:
    """Name of the bucket `lake` in the workspace's environment.

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
    bucket = names.bucket(lake.id, account, workspace.aws.region_name())
    if not S3(workspace.aws, account).head_bucket(bucket):
        raise DeploymentError(
            "BUN605",
            f"pipeline {pipeline.name!r} is not deployed to {workspace.environment.name}: there is no bucket {bucket}",
            hint=f"run: bunsui deploy {pipeline.name}",
        )
    return bucket


def into(workspace: Workspace) -> tuple[str, Put]:
    """The URI that raw objects are loaded to, and the function that puts them there.

    Raises:
        AwsError, DeploymentError: see `bucket_of`.
    """
    from bunsui.aws.s3 import S3
    from bunsui.aws.sts import Sts

    bucket = bucket_of(workspace)
    s3 = S3(workspace.aws, Sts(workspace.aws).identity().account)

    def put(name: str, data: bytes) -> bool:
        key, digest = f"raw/{name}", hashlib.sha256(data).hexdigest()
        there = s3.head(bucket, key)
        if there is not None and there.metadata.get("sha256") == digest:
            return False
        s3.put(bucket, key, data, content_type="text/csv", metadata={"sha256": digest})
        return True

    return f"s3://{bucket}/raw", put


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code, which is the one that `bunsui` has for the same trouble."""
    given = _parser().parse_args(arguments)
    months = period(WHOLE_YEAR if given.all else given.month).months
    try:
        workspace = Workspace.load(
            environment=given.env, profile=given.profile, region=given.region, endpoint_url=given.endpoint_url
        )
        uri, put = into(workspace)
        loaded = load(put, months)
    except (BunsuiError, BunsuiErrors) as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"{loaded.objects} objects, {loaded.size / 1e6:.1f} MB, {loaded.written} of them new, in {uri}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m blueprints.flight_delays.load", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--month", type=int, choices=range(1, 13), metavar="N", help="flights of one month, 1 to 12")
    what.add_argument("--all", action="store_true", help="flights of the whole year")
    parser.add_argument("--env", metavar="NAME", help="environment of bunsui.toml")
    parser.add_argument("--profile", help="of the AWS configuration files")
    parser.add_argument("--region", help="such as eu-west-1")
    parser.add_argument("--endpoint-url", metavar="URL", help="an endpoint other than AWS")
    return parser


if __name__ == "__main__":
    sys.exit(main())
