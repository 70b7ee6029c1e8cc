"""The whole way on the embedded AWS: `python -m blueprints.invoices.demo`.

Starts the embedded AWS, deploys the pipeline and the one nested in it, loads the delivery, runs a session, agrees to
the payment that it asks about, and shows what was paid and what was not.
"""

from __future__ import annotations

import datetime
import sys
import time

from blueprints.embedded import demonstrate, failed, session_of, step
from blueprints.invoices import ledger, load, reporting
from blueprints.invoices.pipeline import pipeline
from blueprints.invoices.records import Report
from blueprints.invoices.source import raw_objects
from bunsui import Workspace
from bunsui.runtime.decode import decode
from bunsui.session.model import Status

DAY = datetime.date(2026, 3, 31)
"""The day that the delivery was made for."""


def run(workspace: Workspace) -> int:
    """Deploy, load, run, agree and show; gives the exit code.

    Raises:
        BunsuiError: whatever went wrong on the way.
    """
    with step("ledger") as words:
        words.append(f"stack {workspace.deploy(ledger.pipeline.name, approve=lambda plan: True).stack}")
    told = session_of(workspace, pipeline, load.into, raw_objects, agree, day=DAY)
    if not failed(told):
        found = decode(workspace.sessions.output(told.session.id, "tell", "report"), Report, "the report")
        print(f"\n{reporting.text(found)}", end="")
    return int(told.exit_code)


def agree(workspace: Workspace, session: str) -> None:
    """Say yes to what the session asks, once it does."""
    while workspace.report(session).session.status is Status.RUNNING:
        for question in workspace.approvals(session).questions:
            workspace.answer(session, "approve", question.operation, "it is only a demo")
            print(f"approved: {question.message} ", end="", flush=True)
            return
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(demonstrate(run))
