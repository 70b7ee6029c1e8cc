"""Log lines: which to ask CloudWatch for, and how to read them.

The filter syntax is CloudWatch's for JSON events (AWS, FilterAndPatternSyntax): `{ ($.a = "x") && ($.b = 1) }`, at most
1,024 characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any, Protocol

from bunsui.session.failure import frames
from bunsui.session.model import LogLine

FAILED = "operation.failed"
FINISHED = "operation.finished"
STARTED = "operation.started"
OF_OPERATIONS = (STARTED, FINISHED, FAILED)
PLATFORM = "platform"

REORDER = 2_000
"""Lines held back to put them in order: a function's lines arrive in batches, those of parallel functions overlap."""


class Event(Protocol):
    """One event of a log group, as `bunsui.aws.logs` gives it."""

    @property
    def time_ms(self) -> int: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def stream(self) -> str: ...  # noqa: D102
    @property
    def id(self) -> str: ...  # noqa: D102


def pattern(session: str, *, job: str | None = None, operation: str | None = None, events: Sequence[str] = ()) -> str:
    """The filter pattern of a session's lines; of any event where none is named."""
    wanted = {"session": session, "job": job, "operation": operation}
    terms = [f'($.{field} = "{value}")' for field, value in wanted.items() if value is not None]
    if events:
        either = [f'($.event = "{event}")' for event in events]
        terms.append(f"({' || '.join(either)})")
    return f"{{ {' && '.join(terms)} }}"


def parse(event: Event) -> LogLine | None:
    """The line, or None when it is not one of ours."""
    if not event.message.startswith("{"):
        return None
    try:
        found = json.loads(event.message)
    except ValueError:
        return None
    if not isinstance(found, dict) or "event" not in found or "session" not in found:
        return None
    told = {name: value for name, value in found.items() if name in _FIELDS and value is not None}
    told["time"] = _time(found.get("time"), event.time_ms)
    if "traceback" in told:
        told["traceback"] = frames(told["traceback"])
    try:
        return LogLine(**told, stream=event.stream, id=event.id)
    except ValueError:
        return None


def of_invocation(events: Iterable[Event], like: LogLine) -> Iterator[LogLine]:
    """What else was printed in the invocation that `like` belongs to, from the events of its log stream.

    A stream is one execution environment, which runs one invocation after the other (AWS, lambda-runtime-environment):
    what stands between the lines that begin and end an invocation belongs to it, and so does what names it.
    """
    place = like.model_dump(include=_PLACE, by_alias=False)
    inside = False
    for event in events:
        names_it = like.request_id in event.message
        if inside and not names_it and _BEGIN.match(event.message):
            return
        inside = inside or names_it
        if inside and parse(event) is None:
            message, time = _platform_message(event.message), _time(None, event.time_ms)
            yield LogLine(time=time, event=PLATFORM, message=message, stream=event.stream, id=event.id, **place)


def tells_end(line: LogLine) -> bool:
    """Whether a line of Lambda tells how an invocation was killed."""
    return line.event == PLATFORM and _KILLED.search(line.message) is not None


def matches(line: LogLine, *, session: str, job: str | None, operation: str | None) -> bool:
    """Whether the line is what `pattern` asks for."""
    return line.session == session and job in (None, line.job) and operation in (None, line.operation)


def in_order(lines: Iterable[LogLine], hold: int = REORDER) -> Iterator[LogLine]:
    """The lines by time, each once, with at most `hold` of them in memory; what is older than those stays late."""
    waiting: list[tuple[datetime, int, LogLine]] = []
    seen: set[object] = set()
    for count, line in enumerate(lines):
        key = line.id or line
        if key in seen:
            continue
        seen.add(key)
        heappush(waiting, (line.time, count, line))
        if len(waiting) > hold:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


def of_failures(
    lines: Iterable[LogLine], unfinished: Callable[[LogLine], Iterable[LogLine]] | None = None
) -> Iterator[LogLine]:
    """The lines of invocations that failed and, with `unfinished`, of those that never came to an end.

    Args:
        lines: in order.
        unfinished: more lines of an invocation, from the first of it.
    """
    held: dict[str, list[LogLine]] = {}
    failed: set[str] = set()
    for line in lines:
        key = line.request_id
        if key in failed:
            yield line
            continue
        held.setdefault(key, []).append(line)
        if line.event == FINISHED:
            del held[key]
        elif line.event == FAILED:
            failed.add(key)
            yield from held.pop(key)
    if unfinished is not None:
        yield from in_order(line for rest in held.values() for line in (*rest, *unfinished(rest[0])))


_PLACE = {"pipeline", "session", "attempt", "job", "operation", "retry", "request_id"}
_BEGIN = re.compile(r"START RequestId: |\{.*\"platform\.start\"")
_KILLED = re.compile(r"Task timed out|status timeout|signal: killed|Runtime exited|Runtime\.ExitError|OutOfMemory")
_FIELDS = frozenset(field.alias or name for name, field in LogLine.model_fields.items()) - {"time", "stream", "id"}


def _time(text: Any, time_ms: int) -> datetime:
    """The line's own time; CloudWatch's where it has none."""
    if isinstance(text, str):
        try:
            own = datetime.fromisoformat(text)
            return own.astimezone(UTC) if own.tzinfo else own.replace(tzinfo=UTC)
        except ValueError:
            pass
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _platform_message(message: str) -> str:
    """Lambda's line in words; with LogFormat JSON it is an object with `type` and `record` (AWS, telemetry-schema)."""
    try:
        found = json.loads(message) if message.startswith("{") else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(record := found.get("record"), dict):
        return message.strip()
    metrics = record.get("metrics") or {}
    parts = [str(found.get("type", PLATFORM))]
    parts += [f"status {record['status']}"] if "status" in record else []
    parts += [str(record["errorType"])] if "errorType" in record else []
    parts += [f"{metrics['durationMs']} ms"] if "durationMs" in metrics else []
    parts += [f"{metrics['maxMemoryUsedMB']} MB"] if "maxMemoryUsedMB" in metrics else []
    return ", ".join(parts)
