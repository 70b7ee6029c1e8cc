"""Sessions for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from click import style

from bunsui.cli.words import clock, duration, moment, number, shortened

if TYPE_CHECKING:
    from bunsui.cli.options import App
    from bunsui.cli.tables import Cell, Fitted
    from bunsui.session.model import (
        Change,
        Failure,
        JobRun,
        LogLine,
        OperationRun,
        Question,
        Session,
        SessionReport,
        Timed,
    )

COLOURS = {"RUNNING": "cyan", "SUCCEEDED": "green", "FAILED": "red", "TIMED_OUT": "red", "ABORTED": "yellow"}
HEADERS = ("JOB / OPERATION", "STATUS", "STARTED", "DURATION", "TRIES", "MEMORY", "ERROR")
SPARE = (5, 2, 4, 3)
TRACEBACK_LINES = 12


def show_report(app: App, report: SessionReport) -> None:
    """The session, its jobs and operations, its outputs or why it failed, and what to type next."""
    out, session = app.out, report.session
    out.print(headline(session))
    if session.parent:
        out.print(f"  part of session {session.parent}: {session.step}")
    if session.parameters:
        told = " ".join(f"{name}={shortened(value)}" for name, value in session.parameters.items())
        out.print(f"  parameters: {told}")
    if report.jobs:
        out.print()
        out.show(report_table(report))
    nested = [
        (f"{run.job}/{one.operation}", one.session) for run in report.jobs for one in run.operations if one.session
    ]
    if nested:
        from bunsui.cli.tables import table

        out.print()
        out.print("Sessions of nested pipelines:")
        out.show(table(("", ""), nested, indent=2))
    if session.outputs:
        out.print()
        out.print("Outputs:")
        from bunsui.cli.tables import table

        out.show(table(("", ""), list(_outputs(session.outputs)), indent=2))
    if report.failure is not None:
        out.print()
        for line in failure_lines(report.failure):
            out.print(line)
    if report.questions:
        out.print()
        for line in question_lines(report.questions):
            out.print(line)
    following = list(next_commands(app, report))
    if following:
        out.print()
        out.print("Next:")
        for command in following:
            out.print(f"  {command}")


def headline(session: Session) -> str:
    """Session, pipeline, status, when and how long."""
    status = style(session.status.value, fg=COLOURS.get(session.status.value), bold=True)
    words = f"Session {style(session.id, bold=True)} of {session.pipeline}: {status}"
    if session.attempt > 1:
        words += f" (attempt {session.attempt})"
    if session.started is not None:
        words += f", started {moment(session.started)}"
    taken = _taken(session)
    return f"{words}, {taken}" if taken else words


def report_table(report: SessionReport) -> Fitted:
    """Jobs and their operations."""
    from bunsui.cli.tables import table

    return table(HEADERS, _rows(report), spare=SPARE)


def sessions_table(sessions: tuple[Session, ...]) -> Fitted:
    """One line for each session."""
    from bunsui.cli.tables import table

    headers = ("SESSION", "PIPELINE", "STATUS", "STARTED", "DURATION", "PARAMETERS", "ERROR")
    rows: list[tuple[Cell, ...]] = []
    for one in sessions:
        parameters = " ".join(f"{name}={shortened(value, 30)}" for name, value in one.parameters.items())
        rows.append((one.id, one.pipeline, _status(one), moment(one.started), _taken(one), parameters, one.error))
    return table(headers, rows, wrapped=(5, 6), spare=(4, 3, 5, 1))


def questions_table(questions: tuple[Question, ...]) -> Fitted:
    """One line for each question."""
    from bunsui.cli.tables import table

    headers = ("SESSION", "OPERATION", "ASKED", "UNTIL", "ANSWERS", "QUESTION")
    rows: list[tuple[Cell, ...]] = [
        (one.session, one.operation, moment(one.requested), moment(one.until), " | ".join(one.answers), one.message)
        for one in questions
    ]
    return table(headers, rows, wrapped=(5,), spare=(3, 2, 5))


def failure_lines(failure: Failure) -> Iterator[str]:
    """Where and why it failed, the end of the traceback, and the line of the log."""
    if failure.kind == "cancelled":
        yield f"{style('Cancelled', fg='yellow', bold=True)}: {failure.message.strip()}"
        return
    where = [f"job {failure.job}"] if failure.job else []
    where += [f"operation {failure.operation}"] if failure.operation else []
    where += [f"session {failure.session}"] if failure.session else []
    yield style(f"Failed: {', '.join(where) or 'the session'} ({failure.kind})", fg="red", bold=True)
    message = failure.message.strip().splitlines() or [""]
    yield f"  {style(failure.error or 'error', bold=True)}: {message[0]}"
    for line in message[1:]:
        yield f"    {line}"
    for line in failure.traceback[-TRACEBACK_LINES:]:
        yield from (f"    {part}" for part in line.rstrip().splitlines())
    if failure.log is not None:
        first, *rest = log_text(failure.log).splitlines()
        yield f"  log: {first}"
        yield from (f"    {line}" for line in rest)


def question_lines(questions: tuple[Question, ...]) -> Iterator[str]:
    """What is asked, and until when."""
    for one in questions:
        waiting = style("Waiting", fg="yellow", bold=True)
        yield f"{waiting}: {one.operation} asks until {moment(one.until)}: {one.message}"


def next_commands(app: App, report: SessionReport) -> Iterator[str]:
    """What one would type next."""
    session = report.session
    if report.failure is not None and report.failure.session:
        yield app.next_command("status", report.failure.session)
        yield app.next_command("logs", report.failure.session, "--failed")
    elif report.failure is not None and session.status.value != "ABORTED":
        yield app.next_command("logs", session.id, "--failed")
        if report.failure.operation:
            place = ("--job", report.failure.job, "--operation", report.failure.operation)
            yield app.next_command("logs", session.id, *place)
    elif not session.status.finished:
        for question in report.questions:
            yield from (app.next_command("answer", session.id, one, question.operation) for one in question.answers)
        yield app.next_command("watch", session.id)
        yield app.next_command("cancel", session.id)


def change_text(change: Change) -> str:
    """One thing that happened, on a line."""
    place = "/".join(filter(None, (change.job, change.operation))) or "session"
    status = style(change.status.value, fg=COLOURS.get(change.status.value))
    words = f"{clock(change.time)} {place} {status}".strip()
    if change.tries > 1:
        words += f" (try {change.tries})"
    if change.handled:
        words += " (handled)"
    reason = ": ".join(filter(None, (change.error, change.message.partition("\n")[0])))
    return f"{words}: {reason}" if reason else words


def log_text(line: LogLine) -> str:
    """A log line on a line: time, place, level where it matters, words."""
    place = "/".join(filter(None, (line.job, line.operation)))
    level = {"ERROR": style("ERROR ", fg="red"), "WARNING": style("WARNING ", fg="yellow")}.get(line.level, "")
    again = f" (try {line.retry + 1})" if line.retry else ""
    return f"{clock(line.time)} {style(place, bold=True)}{again} {level}{_said(line)}"


def _said(line: LogLine) -> str:
    if line.event == "operation.started":
        return "started"
    if line.event == "operation.finished":
        facts = [f"in {duration((line.duration_ms or 0) / 1000)}"] if line.duration_ms is not None else []
        facts += [f"{line.memory_mb:.0f} MiB"] if line.memory_mb is not None else []
        return " ".join(["finished", ", ".join(facts)]).strip()
    words = ": ".join(filter(None, (line.error, line.message)))
    return f"failed: {words}" if line.event == "operation.failed" else words


def _rows(report: SessionReport) -> Iterator[tuple[Cell, ...]]:
    for run in report.jobs:
        yield (run.job, "bold"), _status(run), clock(run.started), _taken(run), "", "", _job_error(run)
        for one in run.operations:
            memory = f"{one.memory_mb:.0f} MiB" if one.memory_mb is not None else ""
            tries = str(one.tries) if one.tries else ""
            name = f"  {one.operation}"
            yield name, _status(one), clock(one.started), _taken(one), tries, memory, _error(one)


def _status(timed: Timed) -> Cell:
    return timed.status.value, COLOURS.get(timed.status.value, "dim")


def _job_error(run: JobRun) -> str:
    """Why a job was skipped, or that its failure was handled; of other failures its operation tells."""
    if run.status.value == "SKIPPED":
        return run.cause
    return f"{run.error} (handled)" if run.handled else ""


def _error(one: OperationRun) -> str:
    if one.status.value == "SKIPPED":
        return one.message
    return f"{one.error} (handled)" if one.handled and one.error else one.error


def _taken(timed: Timed) -> str:
    if timed.started is not None and timed.status.value == "RUNNING":
        return f"{duration((datetime.now(UTC) - timed.started).total_seconds())} so far"
    return duration(timed.duration_s)


def _outputs(outputs: Any) -> Iterator[tuple[str, str]]:
    """Job/operation and its value, or where it lies (docs/architecture.md, "Values between operations")."""
    if not isinstance(outputs, dict):
        yield "", shortened(outputs)
        return
    for job, operations in outputs.items():
        for operation, envelope in operations.items() if isinstance(operations, dict) else ():
            yield f"{job}/{operation}", _result(envelope)


def _result(envelope: Any) -> str:
    if isinstance(envelope, dict):
        for kind, tell in _RESULTS.items():
            if kind in envelope:
                return tell(envelope)
    return shortened(envelope)


_RESULTS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "value": lambda envelope: shortened(envelope["value"]),
    "pointer": lambda envelope: str(envelope["pointer"]),
    "stored": lambda envelope: f"in the artefact bucket, as {envelope['job']}/{envelope['stored']}.json",
    "skipped": lambda envelope: f"skipped: {envelope['skipped']}",
    "list": lambda envelope: number(len(envelope["list"]), "result"),
    "parts": lambda envelope: f"{number(envelope['count'], 'result')} below {envelope['parts']}/",
}
