"""Showing a blueprint on the embedded AWS: what demos have in common."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprints.loading import Put
from blueprints.loading import load as loaded_by
from bunsui import BunsuiError, BunsuiErrors, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bunsui import Pipeline
    from bunsui.session.model import SessionReport


@contextmanager
def running(workspace: Workspace) -> Iterator[bool]:
    """The embedded AWS while the block runs; gives whether it ran before, and then it stays."""
    ran = workspace.local.status().running
    workspace.local.start()
    try:
        yield ran
    finally:
        workspace.aws.close()
        if not ran:
            workspace.local.stop()


@contextmanager
def step(title: str) -> Iterator[list[str]]:
    """Tell what is done, how long it took, and what the block adds to the list."""
    print(f"{title:<8}", end="", flush=True)
    began, words = time.monotonic(), list[str]()
    try:
        yield words
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:5.1f} s  {', '.join(words)}", flush=True)


def session_of(
    workspace: Workspace,
    pipeline: Pipeline,
    into: Callable[[Workspace], tuple[str, Put]],
    contents: Callable[[], Iterable[tuple[str, bytes]]],
    meanwhile: Callable[[Workspace, str], None] = lambda workspace, session: None,
    **parameters: Any,
) -> SessionReport:
    """Synth, deploy, load and run, telling each; gives what came of the session.

    Args:
        workspace: where.
        pipeline: what to run.
        into: finds the place to load to (blueprints.loading).
        contents: what to load.
        meanwhile: called with the session's id once it runs.
        parameters: of the session.

    Raises:
        BunsuiError: whatever went wrong on the way.
    """
    with step("synth") as words:
        made = workspace.synth(pipeline.name)
        words.append(f"{made.machines} state machines and {made.workers} functions in {made.folder}/")
    with step("deploy") as words:
        done = workspace.deploy(pipeline.name, approve=lambda plan: True)
        words.append(
            f"stack {done.stack}: {len(done.changes)} resources" if done.changed else f"{done.stack} is as it was"
        )
    with step("load") as words:
        uri, put = into(workspace)
        loaded = loaded_by(put, contents())
        words.append(f"{loaded.objects} files, {loaded.size / 1e6:.1f} MB, in {uri}")
    with step("run") as words:
        session = workspace.start(pipeline.name, **parameters)
        meanwhile(workspace, session.id)
        report = workspace.wait(session.id)
        words.append(f"session {session.id}: {report.session.status}")
    return report


def failed(report: SessionReport) -> bool:
    """Whether the session failed; then where and why is told."""
    if report.failure is None:
        return False
    failure = report.failure
    place = ".".join(part for part in (failure.job, failure.operation) if part)
    print(f"\n{place}: {failure.error}: {failure.message}", file=sys.stderr)
    return True


def demonstrate(run: Callable[[Workspace], int]) -> int:
    """Run a demo on the embedded AWS; gives the exit code, and says what to look at next."""
    try:
        workspace = Workspace.load(environment="local")
        with running(workspace) as ran:
            code = run(workspace)
    except (BunsuiError, BunsuiErrors) as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    if not ran:
        command = script()
        words = ("local start", "list", "status latest", "logs latest")
        print(f"\nLook around with: {'; '.join(f'{command} {one}' for one in words)}")
    return code


def script() -> str:
    """`bunsui` as it is to be typed here: the script beside the interpreter, relative below the working directory."""
    beside = Path(sys.executable).with_name("bunsui")
    if not beside.exists():
        return "bunsui"
    here = Path.cwd()
    below = beside.is_relative_to(here) and beside.parent != here
    return shlex.quote(str(beside.relative_to(here) if below else beside))
