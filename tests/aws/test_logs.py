from __future__ import annotations

from typing import Any

from botocore.stub import Stubber

from bunsui.aws import Aws
from bunsui.aws.logs import LATE_MS, LogEvent, Logs

SERVICE = "logs"
GROUP = "/bunsui/flights/functions"


def event(time_ms: int, message: str, id: str | None) -> dict[str, Any]:
    known = {"eventId": id} if id is not None else {}
    return {"logStreamName": "s", "timestamp": time_ms, "message": message, **known}


def test_all_pages(aws: Aws, stub: Stubber) -> None:
    wanted = {"logGroupName": GROUP, "startTime": 5, "endTime": 9, "filterPattern": '{ $.job = "a" }'}
    stub.add_response("filter_log_events", {"events": [event(5, "one\n", "1")], "nextToken": "t"}, wanted)
    stub.add_response("filter_log_events", {"events": []}, {**wanted, "nextToken": "t"})
    found = list(Logs(aws).filter_log_events(GROUP, start_ms=5, end_ms=9, pattern='{ $.job = "a" }'))
    assert found == [LogEvent(5, "one", "s", "1")]


def test_no_such_group(aws: Aws, stub: Stubber) -> None:
    stub.add_client_error("filter_log_events", "ResourceNotFoundException")
    assert list(Logs(aws).filter_log_events(GROUP)) == []


def followed(aws: Aws, stub: Stubber, looks: list[list[dict[str, Any]]], start_ms: int = 0) -> tuple[list[str], int]:
    """The messages of a `follow` that is done at its last look, and how often it slept."""
    for events in looks:
        stub.add_response("filter_log_events", {"events": events})
    done = iter([False] * (len(looks) - 1) + [True])
    naps: list[float] = []
    told = Logs(aws).follow(GROUP, start_ms=start_ms, done=lambda: next(done), poll_s=7, sleep=naps.append)
    messages = [one.message for one in told]
    assert set(naps) <= {7}
    return messages, len(naps)


def test_follow_tells_each_event_once(aws: Aws, stub: Stubber) -> None:
    one, late, two = event(100, "one", "1"), event(90, "late", "0"), event(200, "two", "2")
    assert followed(aws, stub, [[one], [late, one], [late, one, two]]) == (["one", "late", "two"], 2)


def test_follow_counts_where_events_have_no_id(aws: Aws, stub: Stubber) -> None:
    same = event(100, "same", None)
    assert followed(aws, stub, [[same], [same, same], [same, same]])[0] == ["same", "same"]


def test_follow_looks_back_for_late_events_only(aws: Aws, stub: Stubber) -> None:
    newest = LATE_MS * 3
    stub.add_response(
        "filter_log_events", {"events": [event(newest, "one", "1")]}, {"logGroupName": GROUP, "startTime": 10}
    )
    stub.add_response("filter_log_events", {"events": []}, {"logGroupName": GROUP, "startTime": newest - LATE_MS})
    done = iter([False, True])
    events = Logs(aws).follow(GROUP, start_ms=10, done=lambda: next(done), sleep=lambda _: None)
    assert len(list(events)) == 1
