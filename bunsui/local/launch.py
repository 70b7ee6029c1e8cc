"""The child process: MiniStack, made more like AWS by `bunsui.local.traits`, and tied to its directory.

It does what `python -m ministack` does, with these differences, each for the sake of a clean start and stop:

- it takes a port by binding it, so there is no moment at which another process can take it away;
- it holds `alive.lock` and writes the record (see `bunsui.local.state`);
- it does not wait for executions and functions that still run when it is told to stop: their threads would keep the
  process for as long as the longest `Wait` state; state is saved before, and functions end with their process group;
- with `--tied` it stops by itself when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import fcntl
import importlib.metadata
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from bunsui.local.state import Home, Record

_HOST = "127.0.0.1"
_GRACE_SECONDS = 1.0
_SAVE_ANYWAY_AFTER_SECONDS = 3.0
_BACKLOG = 256


def main() -> NoReturn:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="bunsui.local.launch")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tied", action="store_true")
    arguments = parser.parse_args()
    home = Home(arguments.home)

    if arguments.tied:
        threading.Thread(target=_stop_with_parent, args=(os.getppid(),), daemon=True).start()
    with home.alive_lock.open("a+b") as lock:
        if not _acquire(lock.fileno()):
            sys.exit("another server holds this directory")
        listener = _bind(arguments.port)
        _serve(home, listener)
        # Within the lock: nobody starts another before the functions of this one are gone.
        _end()


def _acquire(descriptor: int) -> bool:
    """Take the lock; somebody who merely asks whether it is held may be in the way for a moment."""
    for _ in range(100):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


def _bind(preferred: int) -> socket.socket:
    """Listen on the port of last time, so that addresses kept somewhere stay right, or else on any free one."""
    for port in (preferred, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind((_HOST, port))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
        else:
            return listener
    sys.exit("no port of 127.0.0.1 is free")


def _serve(home: Home, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    # MiniStack reads its configuration when it is imported.
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST=_HOST,
        MINISTACK_HOST=_HOST,
        LAMBDA_EXECUTOR="local",
        # Other services of the emulator open ports of their own, and it would remove containers that are not ours.
        SFTP_ENABLED="0",
        IOT_MTLS_ENABLED="0",
        DOCKER_HOST="unix:///nonexistent/docker.sock",
        AWS_EC2_METADATA_DISABLED="true",
    )
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app as ministack

    from bunsui.local import traits

    _raise_file_limit()
    traits.apply()
    ministack.save_all = _once(ministack.save_all)
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _GRACE_SECONDS
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    home.write(Record(os.getpid(), port, now, importlib.metadata.version("ministack")))

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    stop = asyncio.Event()

    def told_to_stop() -> None:
        stop.set()
        threading.Thread(target=_save_anyway, args=(ministack,), daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop)
    # Not asyncio.run: it would wait for every request and execution that still has a thread.
    loop.run_until_complete(serve(ministack.app, config, shutdown_trigger=stop.wait))


def _once(save: Callable[[Any], None]) -> Callable[[Any], None]:
    """Save a single time, however many ask, and let each wait for it: two writers would spoil each other's files."""
    lock = threading.Lock()
    done = threading.Event()

    def save_once(services: Any) -> None:
        with lock:
            if not done.is_set():
                save(services)
                done.set()

    return save_once


def _save_anyway(ministack: Any) -> None:
    """Save and end even if a request that never finishes holds up the orderly way."""
    time.sleep(_SAVE_ANYWAY_AFTER_SECONDS)
    if os.environ["PERSIST_STATE"] == "1":
        ministack.save_all(ministack._build_persistence_save_dict())
    _end()


def _end() -> NoReturn:
    logging.shutdown()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The functions that still run.
    os.killpg(os.getpgrp(), signal.SIGTERM)
    os._exit(0)


def _raise_file_limit() -> None:
    """As MiniStack's own start does: every concurrent function costs several descriptors."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _stop_with_parent(parent: int) -> None:
    """Our standard input is a pipe that only the parent can write to; it ends when the parent does.

    A child that the parent forked may hold the pipe open longer than the parent lives, hence the second question.
    """
    while os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], 1.0)
        if readable and not os.read(0, 4096):
            break
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
