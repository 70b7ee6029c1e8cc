"""Log lines: one JSON object a line on standard output (docs/architecture.md, "Log lines")."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from .invocation import current

LONGEST = 50_000
"""Characters of a message or traceback; CloudWatch refuses events over 256 KiB, and one character may take 4 bytes."""

QUIET = ("boto3", "botocore", "s3transfer", "urllib3")
"""Libraries whose INFO lines are about themselves."""

_HERE = __file__.rpartition(os.sep)[0]


def write(event: str, level: str = "INFO", **fields: Any) -> None:
    """Write one line; fields that are None are left out."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
    line = {"time": stamp, "level": level, "event": event, **current(), **fields}
    text = json.dumps({name: value for name, value in line.items() if value is not None}, default=str)
    out = sys.stdout
    while isinstance(out, Printed):
        out = out.beneath
    out.write(text + "\n")
    out.flush()


def shortened(text: str) -> str:
    """The end of a text that is too long for a log line: the last lines of a traceback say most."""
    return text if len(text) <= LONGEST else "…" + text[-LONGEST:]


def trace(error: BaseException) -> str:
    """The error's traceback without the runtime's own frames, as Python prints it."""
    report = traceback.TracebackException.from_exception(error)
    waiting = [report]
    while waiting:
        one = waiting.pop()
        one.stack[:] = [frame for frame in one.stack if not _ours(frame.filename)]
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
    text = "".join(report.format())
    # As the user knows the file: Lambda unpacks the code somewhere else.
    task_root = os.environ.get("LAMBDA_TASK_ROOT")
    return text.replace(f'File "{task_root}{os.sep}', 'File "') if task_root else text


def beyond_ours(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not the runtime's."""
    while trace is not None and _ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _ours(file: str) -> bool:
    """Whether the file is the runtime's, or of the import system, through which the user's module was imported."""
    imports = file.startswith("<frozen importlib") or file.endswith(f"importlib{os.sep}__init__.py")
    return imports or file.rpartition(os.sep)[0] == _HERE


class Handler(logging.Handler):
    """Writes records of `logging` as `log` lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            info: tuple[type[BaseException], BaseException, TracebackType | None] | Any = record.exc_info
            error = info[1] if info else None
            write(
                "log",
                record.levelname,
                message=shortened(record.getMessage()),
                logger=record.name,
                error=type(error).__name__ if error else None,
                traceback=shortened(trace(error)) if error else None,
            )
        except Exception:
            self.handleError(record)


class Printed:
    """Standard output or error of the user's code: a line that is printed becomes a `log` line, which has the ids.

    Attributes:
        beneath: the stream itself; what is not text, or is written by a child process, goes there as it is.
    """

    def __init__(self, beneath: Any, level: str) -> None:
        self.beneath = beneath
        self._level = level
        # A line may be written in pieces, while another thread writes its own.
        self._pieces: dict[int, str] = {}

    def write(self, text: str) -> int:
        """Write the lines that are complete; the rest waits for its end."""
        thread = threading.get_ident()
        *lines, rest = (self._pieces.pop(thread, "") + text).split("\n")
        if rest:
            self._pieces[thread] = rest
        for line in lines:
            self._tell(line)
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        """Write texts one after the other."""
        for text in texts:
            self.write(text)

    def end(self) -> None:
        """Write what has no end of line."""
        while self._pieces:
            self._tell(self._pieces.popitem()[1])

    def _tell(self, line: str) -> None:
        # A progress bar rewrites its line; the last state is what a terminal would still show.
        shown = line.rstrip("\r").rpartition("\r")[2]
        if shown.strip():
            write("log", self._level, message=shortened(shown))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


@contextlib.contextmanager
def printed() -> Iterator[None]:
    """Within it, what is printed becomes log lines."""
    out, error = Printed(sys.stdout, "INFO"), Printed(sys.stderr, "WARNING")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            yield
        finally:
            out.end()
            error.end()


_handler = Handler()


def install() -> None:
    """Send what the user logs through `logging` to our lines, once, instead of through Lambda's own handler."""
    root = logging.getLogger()
    for other in list(root.handlers):
        if type(other).__name__.startswith("LambdaLoggerHandler"):
            root.removeHandler(other)
    if _handler in root.handlers:
        return
    root.addHandler(_handler)
    if root.level in (logging.NOTSET, logging.WARNING):
        root.setLevel(logging.INFO)
    for name in QUIET:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def uninstall() -> None:
    """Take our handler away again."""
    logging.getLogger().removeHandler(_handler)
