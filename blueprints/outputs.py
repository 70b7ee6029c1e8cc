"""What a session came to, read back by the client that started it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bunsui import Workspace
    from bunsui.session.model import Session


def output(workspace: Workspace, session: Session, job: str, operation: str) -> Any:
    """The JSON value of an operation that nothing consumes, also where it was too large for the state machine.

    Raises:
        LookupError: the session has not succeeded, or there is no such output.
        AwsError: AWS refused, or has no credentials for us.
    """
    envelope = ((session.outputs or {}).get(job) or {}).get(operation)
    if envelope is None:
        raise LookupError(f"session {session.id} has no output of {job}.{operation}: it is {session.status}")
    return envelope["value"] if "value" in envelope else json.loads(_spilled(workspace, envelope["pointer"]))


def _spilled(workspace: Workspace, key: str) -> bytes:
    from bunsui.aws.s3 import S3
    from bunsui.aws.sts import Sts
    from bunsui.model.names import artefact_bucket

    account = Sts(workspace.aws).identity().account
    bucket = artefact_bucket(account, workspace.aws.region_name())
    data = S3(workspace.aws, account).get(bucket, key)
    if data is None:
        raise LookupError(f"there is no s3://{bucket}/{key} any more")
    return data
