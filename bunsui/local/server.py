"""Start, stop and find the embedded AWS."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import bunsui
from bunsui.errors import AwsError, BunsuiError
from bunsui.local.state import Home, Record, locked
from bunsui.local.status import ACCOUNT_ID, REGION, LocalStatus, StopResult

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.03
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 20.0
_KILL_TIMEOUT = 5.0
_INHERITED = (
    *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "VIRTUAL_ENV"),
    *("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)


class _Child(subprocess.Popen[bytes]):
    """A process that may outlive us, which Popen would warn of."""

    def __del__(self) -> None:
        pass


# Those that this process started, for a child that nobody waits for stays a zombie.
_children: dict[int, _Child] = {}


class LocalServer:
    """The embedded AWS of the project at `root`; it outlives this process and is found again through `root`."""

    def __init__(self, root: Path, *, persist: bool = True, tied: bool = False) -> None:
        """Name the server; nothing is started.

        Args:
            root: the project's directory; everything is kept in `.bunsui/local/` below it.
            persist: whether state is kept from stop to start.
            tied: whether the server ends when this process ends, however that ends.
        """
        self.home = Home(Path(root).resolve() / ".bunsui" / "local")
        self._persist = persist
        self._tied = tied
        self._spawned: int | None = None

    def status(self) -> LocalStatus:
        """Whether it runs, and where."""
        record = self.home.running()
        return LocalStatus(
            running=record is not None,
            endpoint_url=f"http://{_HOST}:{record.port}" if record else None,
            pid=record.pid if record else None,
            port=record.port if record else None,
            state_dir=self.home.path,
            version=record.version if record else _installed_version(),
            started=record.started if record else None,
            log_file=self.home.log_file,
        )

    def require(self) -> LocalStatus:
        """The status of a running server; BUN803 when it does not run."""
        status = self.status()
        if not status.running:
            raise AwsError("BUN803", "the embedded AWS is not running", hint="bunsui local start")
        return status

    def start(self, timeout: float = _START_TIMEOUT) -> LocalStatus:
        """Start it, or find that it runs already; return when it answers requests.

        Raises:
            BunsuiError: BUN801 when MiniStack is not installed, BUN802 when it does not answer in time.
        """
        deadline = time.monotonic() + timeout
        with self._change(timeout):
            child = None if self.home.is_alive() else self._spawn()
            self._await_ready(child, deadline, timeout)
            return self.status()

    def stop(self, timeout: float = _STOP_TIMEOUT) -> StopResult:
        """Let it save its state and end; kill it when it has not ended after `timeout` seconds."""
        with self._change(timeout):
            return self._stop(timeout)

    def reset(self, timeout: float = _START_TIMEOUT) -> LocalStatus:
        """Delete everything in it; it runs afterwards if it ran before."""
        with self._change(timeout):
            was_running = self._stop(timeout).was_running
            self.home.wipe()
            if was_running:
                self._await_ready(self._spawn(), time.monotonic() + timeout, timeout)
            return self.status()

    @contextlib.contextmanager
    def _change(self, timeout: float) -> Iterator[None]:
        try:
            with locked(self.home.change_lock, timeout):
                yield
        except TimeoutError:
            raise AwsError(
                "BUN802",
                f"another process has been starting or stopping the embedded AWS for {timeout:g} s",
                hint="wait for it, or end it",
            ) from None

    def _spawn(self) -> int:
        if importlib.util.find_spec("ministack") is None:
            raise AwsError(
                "BUN801", "the embedded AWS is not installed in this environment", hint="pip install 'bunsui[local]'"
            )
        last = self.home.remembered()
        self.home.prepare()
        arguments = ["--home", str(self.home.path), "--port", str(last.port if last else 0)]
        if self._tied:
            arguments.append("--tied")
        with self.home.log_file.open("wb") as log:
            child = _Child(
                [sys.executable, "-m", "bunsui.local.launch", *arguments],
                # `-m` looks there first, so the child finds this very bunsui, installed or not.
                cwd=Path(bunsui.__file__).resolve().parents[1],
                env=self._environment(),
                stdin=subprocess.PIPE if self._tied else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children[child.pid] = child
        self._spawned = child.pid
        return child.pid

    def _environment(self) -> dict[str, str]:
        """Little of ours: MiniStack hands its environment on to every function it runs, as AWS never would."""
        return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "PERSIST_STATE": "1" if self._persist else "0",
            "S3_PERSIST": "1" if self._persist else "0",
            "STATE_DIR": str(self.home.aws_dir),
            "S3_DATA_DIR": str(self.home.s3_dir),
            "TMPDIR": str(self.home.tmp_dir),
            "PYTHONUNBUFFERED": "1",
        }

    def _await_ready(self, child: int | None, deadline: float, timeout: float) -> None:
        while True:
            record = self.home.running()
            if record is not None and _answers(record):
                return
            if child is not None and _has_ended(child):
                raise self._did_not_start("it ended at once")
            if time.monotonic() >= deadline:
                self._kill(record.pid if record else child)
                raise self._did_not_start(f"no answer within {timeout:g} s")
            time.sleep(_POLL_SECONDS)

    def _did_not_start(self, why: str) -> BunsuiError:
        tail = self.home.log_tail()
        message = f"the embedded AWS did not start: {why}"
        if tail:
            message += f"; the end of its log:\n{tail}"
        return AwsError("BUN802", message, hint="the whole log is .bunsui/local/server.log")

    def _stop(self, timeout: float) -> StopResult:
        deadline = time.monotonic() + timeout
        record = self.home.running()
        while record is None and self.home.is_alive() and time.monotonic() < deadline:
            # It is about to write its record, left alone by whoever started it.
            time.sleep(_POLL_SECONDS)
            record = self.home.running()
        pid = record.pid if record else self._spawned
        if pid is None or (record is None and _has_ended(pid)):
            return StopResult(was_running=False, clean=True, message="the embedded AWS is not running")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        clean = self._await_end(pid, deadline)
        if not clean:
            self._kill(pid)
            return StopResult(
                was_running=True,
                clean=False,
                message=f"the embedded AWS did not stop within {timeout:g} s and was killed; its changes since the "
                "last start are lost",
            )
        return StopResult(was_running=True, clean=True, message="the embedded AWS has stopped and saved its state")

    def _await_end(self, pid: int, deadline: float) -> bool:
        """Wait until it has let go of the directory and, if it is our child, has been collected."""
        while self.home.is_alive() or (pid in _children and not _has_ended(pid)):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _kill(self, pid: int | None) -> None:
        """Kill the server and the functions it runs: they are one process group."""
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            self._await_end(pid, time.monotonic() + _KILL_TIMEOUT)


@contextlib.contextmanager
def ephemeral(root: Path | None = None, *, timeout: float = _START_TIMEOUT) -> Iterator[LocalStatus]:
    """An embedded AWS with nothing in it that is gone when the block ends, and when this process ends in any way.

    Args:
        root: a directory for its log and scratch files, which then stay; None for a temporary one.
        timeout: seconds that it may take to answer.
    """
    with contextlib.ExitStack() as stack:
        if root is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bunsui-", ignore_cleanup_errors=True)))
        server = LocalServer(root, persist=False, tied=True)
        stack.callback(server.stop)
        yield server.start(timeout)


def _answers(record: Record) -> bool:
    try:
        with urllib.request.urlopen(f"http://{_HOST}:{record.port}/_ministack/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _installed_version() -> str | None:
    try:
        return importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError:
        return None


def _has_ended(pid: int) -> bool:
    """Whether a child of ours is gone; collects it if so. True for a process that is no child of ours."""
    child = _children.get(pid)
    if child is not None and child.poll() is None:
        return False
    if child is not None:
        if child.stdin is not None:
            child.stdin.close()
        del _children[pid]
    return True
