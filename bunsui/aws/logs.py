"""Amazon CloudWatch Logs: reading and following events."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bunsui.aws.connection import Aws
from bunsui.aws.errors import ServiceError, translated

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

SERVICE = "logs"
POLL_S = 2.0
LATE_MS = 30_000
"""How much older than the newest seen an event may be and still be found by `follow`: ingestion is not in order."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event.

    Attributes:
        time_ms: milliseconds since 1970, as are all times here.
        message: without the line break at its end.
        id: unique within the log group; empty where the endpoint gives none.
    """

    time_ms: int
    message: str
    stream: str
    id: str


@dataclass(frozen=True, slots=True)
class Logs:
    """CloudWatch Logs by way of a connection; every method raises AwsError."""

    aws: Aws

    @property
    def _client(self) -> CloudWatchLogsClient:
        client: CloudWatchLogsClient = self.aws.client(SERVICE)
        return client

    def filter_log_events(
        self,
        group: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        pattern: str = "",
        streams: tuple[str, ...] = (),
        stream_prefix: str = "",
    ) -> Iterator[LogEvent]:
        """Events of a log group, oldest first within each page, fetched page by page; none when there is no such group.

        Args:
            group: name of the log group.
            start_ms: not before this, inclusive.
            end_ms: not after this, inclusive.
            pattern: CloudWatch's filter pattern, such as `{ $.session = "…" }`.
            streams: only these log streams, at most 100.
            stream_prefix: only streams that begin so; not with `streams`.
        """
        wanted: dict[str, Any] = {
            "startTime": start_ms,
            "endTime": end_ms,
            "filterPattern": pattern or None,
            "logStreamNames": list(streams) or None,
            "logStreamNamePrefix": stream_prefix or None,
        }
        request = {key: value for key, value in wanted.items() if value is not None}
        while True:
            try:
                with translated(SERVICE):
                    page = self._client.filter_log_events(logGroupName=group, **request)
            except ServiceError as error:
                if error.aws_code == "ResourceNotFoundException":
                    return
                raise
            for event in page["events"]:
                message = event.get("message", "").rstrip("\n")
                yield LogEvent(event["timestamp"], message, event.get("logStreamName", ""), event.get("eventId", ""))
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]

    def follow(
        self,
        group: str,
        *,
        start_ms: int,
        pattern: str = "",
        done: Callable[[], bool] = lambda: False,
        poll_s: float = POLL_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[LogEvent]:
        """Events as they come, each once; ends after the first look that began when `done()` was true.

        Args:
            group: name of the log group, which may not exist yet.
            start_ms: not before this.
            pattern: CloudWatch's filter pattern.
            done: asked before each look.
            poll_s: seconds between two looks.
            sleep: waits that long.
        """
        seen: Counter[tuple[str, int, str, str]] = Counter()
        newest = start_ms
        while True:
            last = done()
            found: Counter[tuple[str, int, str, str]] = Counter()
            for event in self.filter_log_events(group, start_ms=max(start_ms, newest - LATE_MS), pattern=pattern):
                key = (event.stream, event.time_ms, event.id, event.message)
                found[key] += 1
                if found[key] <= seen[key]:
                    continue
                seen[key] += 1
                newest = max(newest, event.time_ms)
                yield event
            if last:
                return
            seen = Counter({key: count for key, count in seen.items() if key[1] >= newest - LATE_MS})
            sleep(poll_s)
