"""What a session came to: results as JSON values, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bunsui.errors import UsageError
from bunsui.model.names import artefact_bucket, spill_prefix
from bunsui.runtime.envelope import read
from bunsui.runtime.failures import UnreadableInput

if TYPE_CHECKING:
    from bunsui.aws import Aws
    from bunsui.aws.s3 import S3
    from bunsui.runtime.envelope import Objects
    from bunsui.session.model import Session


KEPT = "*"
"""What a job's output calls all results that are left in S3, which then need no entries of their own."""


@dataclass(frozen=True, slots=True)
class Artefacts:
    """The artefact bucket's objects by way of a connection (bunsui.runtime.envelope.Objects)."""

    s3: S3
    bucket: str

    @classmethod
    def of(cls, aws: Aws) -> Artefacts:
        """Those of the connection's account and region; raises AwsError."""
        from bunsui.aws.s3 import S3
        from bunsui.aws.sts import Sts

        account = Sts(aws).identity().account
        return cls(S3(aws, account), artefact_bucket(account, aws.region_name()))

    def get(self, key: str) -> bytes:
        """Content of an object.

        Raises:
            UsageError: BUN703, it was deleted.
            AwsError: AWS refused.
        """
        found = self.s3.get(self.bucket, key)
        if found is None:
            raise UsageError(
                "BUN703",
                f"there is no s3://{self.bucket}/{key} any more",
                hint="run the pipeline again to make it anew",
            )
        return found

    def keys(self, prefix: str) -> Iterable[str]:
        """Keys that begin so; raises AwsError."""
        return (found.key for found in self.s3.list(self.bucket, prefix))


def output(session: Session, job: str, operation: str, stack: str, objects: Objects) -> Any:
    """The JSON value of a result that nothing consumes.

    Args:
        session: it has to have succeeded.
        job: of the pipeline.
        operation: of the job.
        stack: name of the pipeline's stack.
        objects: of the artefact bucket.

    Raises:
        UsageError: BUN703, the session has no such output, or it was deleted.
        AwsError: AWS refused to let it be read.
    """
    outputs = session.outputs or {}
    results = outputs.get(job, {})
    envelope = results.get(operation) or ({"stored": operation, "job": job} if KEPT in results else None)
    if envelope is None:
        known = ", ".join(f"{name}.{one}" for name, results in outputs.items() for one in results)
        raise UsageError(
            "BUN703",
            f"session {session.id} has no output {job}.{operation}",
            hint=f"it has {known}" if known else f"it is {session.status}",
        )
    place = f"{spill_prefix(stack)}/{session.id}/{session.attempt}"
    try:
        return read([(f"{job}.{operation}", envelope)], objects, {name: f"{place}/{name}" for name in outputs})[0]
    except UnreadableInput as unread:
        raise unread.__cause__ or unread from None
