"""The whole way on the embedded AWS: `python -m blueprints.flight_delays.demo`, or `make demo`.

Starts the embedded AWS, deploys the pipeline, loads one month, runs a session, and shows what came of it.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blueprints.flight_delays import load, show
from blueprints.flight_delays.periods import period
from blueprints.flight_delays.pipeline import pipeline
from blueprints.flight_delays.results import output
from bunsui import BunsuiError, BunsuiErrors, Workspace

MONTH = 1


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


def run(workspace: Workspace, month: int) -> int:
    """Deploy, load, run and show; gives the exit code.

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
        uri, put = load.into(workspace)
        loaded = load.load(put, period(month).months)
        words.append(f"{loaded.objects} files, {loaded.size / 1e6:.1f} MB, in {uri}")
    with step("run") as words:
        session = workspace.start(pipeline.name, month=month)
        report = workspace.wait(session.id)
        words.append(f"session {session.id}: {report.session.status}")
    print(f"\nTimeline of session {session.id}\n\n{show.timeline(report)}")
    if report.failure is not None:
        failure = report.failure
        place = ".".join(part for part in (failure.job, failure.operation) if part)
        print(f"\n{place}: {failure.error}: {failure.message}", file=sys.stderr)
        return int(report.exit_code)
    print(summary(output(workspace, report.session, "publish", "report")))
    return int(report.exit_code)


def summary(found: dict[str, Any]) -> str:
    """The report operation's result in words and a table."""
    quality = found["quality"]
    reasons = ", ".join(f"{count} {reason}" for reason, count in quality["rejected_by_reason"].items())
    return "\n".join(
        [
            f"\n{quality['records']:,} flights read, {quality['rejected']:,} rejected: {reasons or 'none'}",
            f"Ten worst days of {quality['label']}: flights cancelled or at least 15 minutes late\n",
            show.table(found["worst_days"]),
            f"\n{len(found['files'])} files published, {found['items']} items in the table",
        ]
    )


def script() -> str:
    """`bunsui` as it is to be typed here: the script beside the interpreter, relative below the working directory."""
    beside = Path(sys.executable).with_name("bunsui")
    if not beside.exists():
        return "bunsui"
    here = Path.cwd()
    below = beside.is_relative_to(here) and beside.parent != here
    return shlex.quote(str(beside.relative_to(here) if below else beside))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the only argument is the month, 1 to 12, or 0 for the whole year."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        month = int(given[0]) if given else MONTH
        period(month)
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    try:
        workspace = Workspace.load(environment="local")
        with running(workspace) as ran:
            code = run(workspace, month)
    except (BunsuiError, BunsuiErrors) as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    if not ran:
        command = script()
        words = ("local start", "list", "status latest", "logs latest")
        print(f"\nLook around with: {'; '.join(f'{command} {one}' for one in words)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
