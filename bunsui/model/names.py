"""Names of everything in AWS: known when the template is written, so that nothing has to be looked up or exported.

Placeholders such as `${AWS::AccountId}` stand where CloudFormation fills in the account or region (`Fn::Sub`).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

CONTROL_STACK = "bunsui-control"
SESSIONS_TABLE = "bunsui-sessions"
JOB_RUNS_TABLE = "bunsui-job-runs"
APPROVALS_TABLE = "bunsui-approvals"
JOINS_TABLE = "bunsui-joins"
ACCOUNT = "${AWS::AccountId}"
REGION = "${AWS::Region}"
PARTITION = "${AWS::Partition}"


def shorten(name: str, limit: int) -> str:
    """`name` when it has at most `limit` characters, else its beginning and a hash of all of it."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: limit - 9]}-{digest}"


def artefact_bucket(account: str = ACCOUNT, region: str = REGION) -> str:
    """The control stack's bucket for assets and spilled values."""
    return f"bunsui-{account}-{region}"


def access_log_bucket(account: str = ACCOUNT, region: str = REGION) -> str:
    """The control stack's bucket for S3 server access logs."""
    return f"bunsui-logs-{account}-{region}"


def asset_key(digest: str) -> str:
    """Where an asset lies in the artefact bucket."""
    return f"assets/{digest}.zip"


def template_key(text: str) -> str:
    """Where a template lies in the artefact bucket."""
    return f"templates/{hashlib.sha256(text.encode()).hexdigest()}.json"


def spill_prefix(stack: str) -> str:
    """Below this key the functions of a pipeline keep values too large for a state machine."""
    return f"sessions/{stack}"


def execution_part(job: str) -> str:
    """A job's part of its execution's name; with a session's 40 characters the name stays within Step Functions' 80."""
    return shorten(job, 32)


def execution_name(session: str, attempt: int, job: str | None = None) -> str:
    """Name of the execution of an attempt, or of one of its job runs."""
    return f"{session}-{attempt}" if job is None else f"{session}-{attempt}-{execution_part(job)}"


def segment_state(number: int) -> str:
    """The state that runs a segment of a job or pipeline."""
    return f"segment {number}"


def segment_number(state: str) -> int | None:
    """The segment that a state of that name runs; None for any other state."""
    word, _, number = state.partition(" ")
    return int(number) if word == "segment" and number.isdecimal() else None


class Names(NamedTuple):
    """The names of one pipeline in one environment.

    Attributes:
        segment: which of the machines of a job or of the pipeline is spoken of: 0 for that which begins, else the
            number of one that it was cut into. Underscores are in no name of a pipeline or job.
    """

    pipeline: str
    prefix: str = ""
    segment: int = 0

    @property
    def stack(self) -> str:
        """The CloudFormation stack, at most 128 characters."""
        return f"{self.prefix}{self.pipeline}"

    @property
    def machine(self) -> str:
        """The pipeline's own state machine."""
        return shorten(f"{self.stack}{self._cut}", 80)

    @property
    def _cut(self) -> str:
        return f"_{self.segment}" if self.segment else ""

    @property
    def function_log_group(self) -> str:
        """The log group that all functions of the pipeline share."""
        return f"/bunsui/{self.stack}/functions"

    @property
    def machine_log_group(self) -> str:
        """Log group of the state machines; the prefix keeps the resource policy below its size limit (AWS, cw-logs)."""
        return f"/aws/vendedlogs/states/{self.stack}"

    def key(self, job: str) -> str:
        """What a state machine of a job, or of the pipeline, is called within the pipeline."""
        return f"{job}{self._cut}"

    def job(self, job: str) -> str:
        """The state machine of a job."""
        return shorten(f"{self.stack}-{job}{self._cut}", 80)

    def function(self, name: str) -> str:
        """A Lambda function."""
        return shorten(f"{self.stack}-{name}", 64)

    def bucket(self, resource: str, account: str = ACCOUNT, region: str = REGION) -> str:
        """A bucket: 63 characters at most, of which account and region may take 27 and their hyphens 2."""
        return f"{shorten(f'{self.stack}-{resource}'.lower(), 34)}-{account}-{region}"

    def table(self, resource: str) -> str:
        """A DynamoDB table."""
        return shorten(f"{self.stack}-{resource}", 255)
