"""What the embedded AWS says of itself, and what its clients need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 - the emulator accepts any
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"


class Credentials(NamedTuple):
    """What a client of the embedded AWS signs with."""

    access_key_id: str
    secret_access_key: str
    region: str
    account_id: str


def credentials() -> Credentials:
    """The credentials, region and account of the embedded AWS; none of them is a secret."""
    return Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, ACCOUNT_ID)


@dataclass(frozen=True, slots=True)
class LocalStatus:
    """The embedded AWS of one project.

    Attributes:
        running: whether it answers requests.
        endpoint_url: where; None when it does not run.
        pid: of its process; None when it does not run.
        port: on 127.0.0.1; None when it does not run.
        state_dir: what it keeps, and where its log is.
        version: of MiniStack, as it runs or as it is installed; None when it is not installed.
        started: when, in UTC, ISO 8601; None when it does not run.
        log_file: its log.
    """

    running: bool
    endpoint_url: str | None
    pid: int | None
    port: int | None
    state_dir: Path
    version: str | None
    started: str | None
    log_file: Path


@dataclass(frozen=True, slots=True)
class StopResult:
    """How a stop went.

    Attributes:
        was_running: False when there was nothing to stop.
        clean: True when it saved its state and went by itself, False when it had to be killed.
        message: the same as a sentence.
    """

    was_running: bool
    clean: bool
    message: str
