"""The embedded AWS: MiniStack as a child process on 127.0.0.1, started, found and stopped from here.

    server.py   LocalServer: start, stop, status, reset; `ephemeral` for tests and demos
    status.py   what these return; credentials, region and account for a client
    state.py    what is kept under `.bunsui/local/`: the record of the running server, its locks, its directories
    launch.py   what runs in the child process: `python -m bunsui.local.launch`
    traits/     where the emulator differs from AWS in what bunsui relies on: one file per difference, each with the
                AWS behaviour that it restores

The rest of bunsui knows only an endpoint URL and these credentials; it has one code path for AWS and for this.
"""

from bunsui.local.server import LocalServer, ephemeral
from bunsui.local.status import (
    ACCESS_KEY_ID,
    ACCOUNT_ID,
    REGION,
    SECRET_ACCESS_KEY,
    Credentials,
    LocalStatus,
    StopResult,
    credentials,
)

__all__ = [
    "ACCESS_KEY_ID",
    "ACCOUNT_ID",
    "REGION",
    "SECRET_ACCESS_KEY",
    "Credentials",
    "LocalServer",
    "LocalStatus",
    "StopResult",
    "credentials",
    "ephemeral",
]
