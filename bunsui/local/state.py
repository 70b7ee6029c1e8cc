"""What the embedded AWS keeps under `.bunsui/local/`, and how two processes agree on it.

    alive.lock    locked by the server for as long as it lives; the kernel lets go when it dies, however it dies
    change.lock   locked while somebody starts, stops or resets it
    server.json   the record: pid, port, started, version; kept after a stop, for the port
    aws/, s3/     its state
    tmp/          unpacked functions; of no value once the server has stopped
    server.log    its log; server.log.1 is the one before

A process id alone proves nothing, for another process may have got it since. So the record counts only while
`alive.lock` is held, and a record that a killed server left behind is recognised at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Record:
    """A running server, as it wrote itself down.

    Attributes:
        pid: its process, which leads a process group of its own.
        port: where it listens on 127.0.0.1.
        started: when, in UTC, ISO 8601.
        version: of MiniStack.
    """

    pid: int
    port: int
    started: str
    version: str


@dataclass(frozen=True, slots=True)
class Home:
    """The directory of one embedded AWS."""

    path: Path

    @property
    def alive_lock(self) -> Path:
        """Held by the server while it lives."""
        return self.path / "alive.lock"

    @property
    def change_lock(self) -> Path:
        """Held by whoever starts, stops or resets the server."""
        return self.path / "change.lock"

    @property
    def record_file(self) -> Path:
        """Where the server writes down its pid and port."""
        return self.path / "server.json"

    @property
    def log_file(self) -> Path:
        """What the server printed since its last start."""
        return self.path / "server.log"

    @property
    def aws_dir(self) -> Path:
        """State of all services but the contents of S3 objects."""
        return self.path / "aws"

    @property
    def s3_dir(self) -> Path:
        """Contents of S3 objects."""
        return self.path / "s3"

    @property
    def tmp_dir(self) -> Path:
        """Scratch space of the server and of the functions it runs."""
        return self.path / "tmp"

    def prepare(self) -> None:
        """Make the directories, with an empty scratch space, and turn the page of the log."""
        shutil.rmtree(self.tmp_dir, ignore_errors=True)
        for directory in (self.aws_dir, self.s3_dir, self.tmp_dir):
            directory.mkdir(parents=True, exist_ok=True)
        (self.path / ".gitignore").write_text("*\n", encoding="utf-8")
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        self.forget()

    def wipe(self) -> None:
        """Delete all state; the locks stay, for somebody may wait on them."""
        for directory in (self.aws_dir, self.s3_dir, self.tmp_dir):
            shutil.rmtree(directory, ignore_errors=True)

    def write(self, record: Record) -> None:
        """Replace the record in one step, so that a reader never sees half of it."""
        draft = self.record_file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(asdict(record)) + "\n", encoding="utf-8")
        draft.replace(self.record_file)

    def forget(self) -> None:
        """Delete the record."""
        self.record_file.unlink(missing_ok=True)

    def remembered(self) -> Record | None:
        """The last record, whether its server still lives or not; None when there is none or it cannot be read."""
        try:
            fields = json.loads(self.record_file.read_text(encoding="utf-8"))
            return Record(int(fields["pid"]), int(fields["port"]), str(fields["started"]), str(fields["version"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def is_alive(self) -> bool:
        """Whether a server holds this directory, be it ready or still starting."""
        if not self.alive_lock.exists():
            return False
        with self.alive_lock.open("r+b") as file:
            try:
                # Shared, so that two askers do not take each other for the server.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
            return False

    def running(self) -> Record | None:
        """The record of the server that lives now, or None."""
        return self.remembered() if self.is_alive() else None

    def log_tail(self, lines: int = 15) -> str:
        """The end of the log, for error messages."""
        try:
            text = self.log_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


@contextlib.contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Hold the exclusive lock on a file; raise TimeoutError when somebody else keeps it too long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    with path.open("a+b") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(path.name) from None
                time.sleep(_POLL_SECONDS)
        # Closing the file lets go of the lock.
        yield
