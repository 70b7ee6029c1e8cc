"""Operations of a job run from all that is known: its history, its log lines and what it was declared to run.

The history has the exact times and errors while AWS keeps it (90 days). The log adds memory, tracebacks and the line
that tells a failure, and stands in for a history that is gone or that does not name the states of parallel branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bunsui.session import lines as log
from bunsui.session.failure import NO_MESSAGE, explain
from bunsui.session.model import JobRun, LogLine, OperationRun, Status
from bunsui.session.staying import together

WRONG = (Status.FAILED, Status.TIMED_OUT)
"""Where something is that has an error of its own; what was aborted has somebody else's."""

_FAR = datetime.max.replace(tzinfo=UTC)


def complete(
    run: JobRun, history: Sequence[OperationRun], lines: Iterable[LogLine] = (), declared: Sequence[str] = ()
) -> JobRun:
    """The job run with its operations, in order of their start, those not started last in order of declaration."""
    told: dict[str, list[LogLine]] = {}
    for line in lines:
        if line.job == run.job and line.attempt == run.attempt and line.operation:
            told.setdefault(line.operation, []).append(line)
    reasons = {name: one["skipped"] for name, one in _envelopes(run).items() if "skipped" in one}
    known = {name: with_lines(one, told.pop(name, [])) for name, one in together(history).items()}
    known |= {name: _skipped(known.get(name), name, reason) for name, reason in reasons.items()}
    known |= {name: from_lines(name, of_it, run) for name, of_it in told.items()}
    if run.status in WRONG:
        known = _blame(known, run)
    started = sorted(known.values(), key=lambda one: (one.started or _FAR, one.operation))
    # What did not begin in a job that went well was not needed: an alternative, or who handles a failure.
    over = run.status in (Status.SUCCEEDED, Status.SKIPPED)
    left = [] if over else [name for name in declared if name not in known]
    waiting = [OperationRun(operation=name, status=Status.NOT_STARTED) for name in left]
    return run.model_copy(update={"operations": (*started, *waiting)})


def _envelopes(run: JobRun) -> Mapping[str, Any]:
    """The results that left the job; a record that was cut off tells none."""
    outputs = run.outputs if isinstance(run.outputs, dict) else {}
    return {name: envelope for name, envelope in outputs.items() if isinstance(envelope, dict)}


def _skipped(known: OperationRun | None, operation: str, reason: str) -> OperationRun:
    """A step whose result tells that it was skipped; one that failed before has its failure to tell."""
    if known is None:
        return OperationRun(operation=operation, status=Status.SKIPPED, message=reason)
    return known if known.message else known.model_copy(update={"message": reason})


def with_lines(run: OperationRun, lines: Sequence[LogLine]) -> OperationRun:
    """What the history tells, and what only the log knows."""
    memory = max((line.memory_mb for line in lines if line.memory_mb is not None), default=None)
    failed = _last(lines, log.FAILED) if run.error else None
    more: dict[str, Any] = {"memory_mb": memory, "log": failed}
    if failed is not None and failed.traceback:
        more["traceback"] = failed.traceback
    if failed is not None and run.message in ("", NO_MESSAGE):
        told = explain(failed.error, failed.message)
        more |= {"kind": told.kind, "error": told.error, "message": told.message}
    return run.model_copy(update=more)


def from_lines(operation: str, lines: Sequence[LogLine], job: JobRun) -> OperationRun:
    """An operation of which only the log tells."""
    finished, failed, begun = (_last(lines, event) for event in (log.FINISHED, log.FAILED, log.STARTED))
    end = finished or (failed if job.status.finished else None)
    if finished is not None:
        status = Status.SUCCEEDED
    elif job.status.finished:
        status = Status.FAILED if failed else Status.ABORTED
    else:
        status = Status.RUNNING
    wrong = None if finished else failed
    told = explain(wrong.error, wrong.message) if wrong else None
    run = OperationRun(
        operation=operation,
        status=Status.TIMED_OUT if told and told.kind == "timeout" and status.finished else status,
        started=lines[0].time,
        finished=end.time if end else job.finished,
        tries=max(line.retry for line in lines) + 1,
        tried=begun.time if begun else None,
        kind=told.kind if told else None,
        error=told.error if told else "",
        message=told.message if told else "",
        handled=told is not None and job.status is Status.SUCCEEDED,
    )
    return with_lines(run, lines)


def _blame(known: dict[str, OperationRun], job: JobRun) -> dict[str, OperationRun]:
    """A loop that came to its end, or a function that was killed, tells no failure: if one alone, it has the job's."""
    wrong = [one for one in known.values() if one.status in WRONG and not one.handled]
    if not job.error or any(one.error for one in wrong):
        return known
    silent = wrong or [one for one in known.values() if one.status is Status.ABORTED]
    if len(silent) != 1:
        return known
    status = Status.TIMED_OUT if job.kind == "timeout" else Status.FAILED
    told = {"status": status, "kind": job.kind, "error": job.error, "message": job.cause}
    return {**known, silent[0].operation: silent[0].model_copy(update=told)}


def _last(lines: Sequence[LogLine], event: str) -> LogLine | None:
    return next((line for line in reversed(lines) if line.event == event), None)
