"""A session's log lines from CloudWatch, as they were written or as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bunsui.session import lines as log
from bunsui.session.arns import names_of
from bunsui.session.ids import utc_now
from bunsui.session.model import LogLine, Session

if TYPE_CHECKING:
    from bunsui.aws import Aws

EARLY = timedelta(seconds=60)
"""How far the clocks of a function and of Step Functions may lie apart."""
SAME = timedelta(seconds=2)
"""How far CloudWatch's time of an event may lie before the time that the line itself tells."""
LATE = timedelta(minutes=16)
"""A function that was running when its session was cancelled goes on for up to 15 minutes (AWS, Lambda quotas)."""
DRAIN_S = 5.0
"""How long after its end lines of a session may still arrive; CloudWatch usually shows them within seconds."""
POLL_S = 2.0


@dataclass(frozen=True, slots=True)
class LogReader:
    """The function log of a session's pipeline.

    Only our own lines are read: Lambda's START, END and REPORT, and what child processes print, do not name the
    session. For an invocation that was killed before it could tell its failure they are fetched from its stream
    (`platform` lines).
    """

    aws: Aws
    prefix: str = ""
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    poll_s: float = POLL_S
    drain_s: float = DRAIN_S

    def lines(
        self,
        session: Session,
        *,
        job: str | None = None,
        operation: str | None = None,
        events: Sequence[str] = (),
        failed: bool = False,
        since: datetime | None = None,
    ) -> Iterator[LogLine]:
        """The lines written so far, by time, each once.

        Args:
            session: as recorded.
            job: only its lines.
            operation: only its lines.
            events: only such lines; all where none is named.
            failed: only lines of invocations that failed or, once the session is over, never came to an end.
            since: only lines written then or later.
        """
        start, end = _window(session, since)
        found = self._read(session, start, end, job, operation, events)
        ordered = (line for line in log.in_order(found) if since is None or line.time >= since)
        yield from self._failures(session, ordered, over=session.status.finished) if failed else ordered

    def follow(
        self,
        session: Session,
        over: Callable[[], bool],
        *,
        job: str | None = None,
        operation: str | None = None,
        failed: bool = False,
        since: datetime | None = None,
    ) -> Iterator[LogLine]:
        """The lines so far and those to come, until `over()` and `drain_s` seconds more; the rest as for `lines`."""
        found = self._follow(session, over, job, operation, since)
        yield from self._failures(session, found, over=True) if failed else found

    def platform(self, session: Session, like: LogLine) -> Iterator[LogLine]:
        """What Lambda itself wrote about the invocation that `like` belongs to, and what it printed plainly."""
        from bunsui.aws.logs import Logs

        if not like.request_id or not like.stream:
            return
        end = _window(session, None)[1]
        events = Logs(self.aws).filter_log_events(
            self._group(session), start_ms=_ms(like.time - SAME), end_ms=end, streams=(like.stream,)
        )
        yield from log.of_invocation(events, like)

    def _read(
        self,
        session: Session,
        start: int,
        end: int | None,
        job: str | None,
        operation: str | None,
        events: Sequence[str],
    ) -> Iterator[LogLine]:
        from bunsui.aws.logs import Logs

        pattern = log.pattern(session.id, job=job, operation=operation, events=events)
        for found in Logs(self.aws).filter_log_events(
            self._group(session), start_ms=start, end_ms=end, pattern=pattern
        ):
            line = log.parse(found)
            if line is not None and log.matches(line, session=session.id, job=job, operation=operation):
                yield line

    def _follow(
        self,
        session: Session,
        over: Callable[[], bool],
        job: str | None,
        operation: str | None,
        since: datetime | None,
    ) -> Iterator[LogLine]:
        from bunsui.aws.logs import Logs

        found = Logs(self.aws).follow(
            self._group(session),
            start_ms=_window(session, since)[0],
            pattern=log.pattern(session.id, job=job, operation=operation),
            done=self._drained(session, over),
            poll_s=self.poll_s,
            sleep=self.sleep,
        )
        for event in found:
            line = log.parse(event)
            if line is None or (since is not None and line.time < since):
                continue
            if log.matches(line, session=session.id, job=job, operation=operation):
                yield line

    def _failures(self, session: Session, lines: Iterator[LogLine], *, over: bool) -> Iterator[LogLine]:
        return log.of_failures(lines, (lambda line: self.platform(session, line)) if over else None)

    def _drained(self, session: Session, over: Callable[[], bool]) -> Callable[[], bool]:
        """Whether the session is over, and has been for `drain_s` seconds."""
        ended: list[datetime] = [session.finished] if session.finished else []

        def drained() -> bool:
            if not ended and over():
                ended.append(self.clock())
            return bool(ended) and (self.clock() - ended[0]).total_seconds() >= self.drain_s

        return drained

    def _group(self, session: Session) -> str:
        return names_of(session, self.prefix).function_log_group


def _window(session: Session, since: datetime | None) -> tuple[int, int | None]:
    """From and to when CloudWatch has to look, in milliseconds since 1970."""
    started = session.started or datetime.fromtimestamp(0, UTC)
    start = max(started, since) if since else started
    end = _ms(session.finished + LATE) if session.finished else None
    return max(_ms(start - EARLY), 0) if start.timestamp() > EARLY.total_seconds() else 0, end


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
