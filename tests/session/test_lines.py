import json

from bunsui.session import lines as log
from bunsui.session.model import LogLine

from .fakes import LogEvent, at

CALL = {"pipeline": "p", "session": "s", "attempt": 1, "job": "j", "operation": "o", "try": 0, "request_id": "r1"}


def ms(second):
    return int(at(second).timestamp() * 1000)


def event(second=0, stream="s", id="", **fields):
    time = at(second).isoformat()
    return LogEvent(ms(second), json.dumps({"time": time, "level": "INFO", **CALL, **fields}), stream, id)


def line(event, second=0, request="r1", **more):
    return LogLine(time=at(second), event=event, request_id=request, **more)


def test_patterns():
    assert log.pattern("s-1") == '{ ($.session = "s-1") }'
    assert log.pattern("s", job="j", operation="o", events=("a", "b")) == (
        '{ ($.session = "s") && ($.job = "j") && ($.operation = "o") && (($.event = "a") || ($.event = "b")) }'
    )


def test_a_line_is_read():
    found = log.parse(
        event(1.5, event="operation.failed", error="ValueError", message="bad", traceback="a\nb\n", unknown=1, id="7")
    )
    assert found == LogLine(
        time=at(1.5),
        event="operation.failed",
        pipeline="p",
        session="s",
        job="j",
        operation="o",
        request_id="r1",
        error="ValueError",
        message="bad",
        traceback=("a", "b"),
        stream="s",
        id="7",
    )


def test_a_traceback_may_be_a_list_and_a_time_may_be_missing():
    told = {**CALL, "event": "operation.failed", "traceback": ["  File x\n    y\n"], "time": None, "memory_mb": None}
    found = log.parse(LogEvent(ms(3), json.dumps(told)))
    assert found.traceback == ("  File x", "    y")
    assert found.time == at(3)


def test_other_lines_are_not_ours():
    for message in ("START RequestId: r1", "{not json", '{"a": 1}', "[1]", '{"event": "log", "session": {"a": 1}}'):
        assert log.parse(LogEvent(0, message)) is None


def test_lines_come_in_order_and_once():
    events = [event(second, event="log", id=str(second)) for second in (3, 1, 2, 1)]
    found = list(log.in_order(map(log.parse, events)))
    assert [one.time for one in found] == [at(1), at(2), at(3)]


def test_lines_without_an_id_are_told_apart_by_what_they_say():
    events = [event(1, event="log", message=text) for text in ("a", "b", "a")]
    assert [one.message for one in log.in_order(map(log.parse, events))] == ["a", "b"]


def test_only_so_many_lines_are_held_back():
    taken = []

    def source():
        for second in range(10):
            taken.append(second)
            yield line("log", second, message=str(second))

    first = next(log.in_order(source(), hold=3))
    assert first.message == "0"
    assert len(taken) == 4


def test_lines_of_failures():
    lines = [
        line("operation.started", 0, "good"),
        line("operation.started", 1, "bad"),
        line("log", 2, "good"),
        line("log", 3, "bad"),
        line("operation.failed", 4, "bad"),
        line("operation.finished", 5, "good"),
        line("log", 6, "bad"),
        line("operation.started", 7, "killed"),
    ]
    found = [(one.event, one.request_id) for one in log.of_failures(lines)]
    assert found == [("operation.started", "bad"), ("log", "bad"), ("operation.failed", "bad"), ("log", "bad")]
    found = list(log.of_failures(lines, lambda first: [line("platform", 8, first.request_id, message="killed")]))
    assert [(one.event, one.request_id) for one in found[4:]] == [
        ("operation.started", "killed"),
        ("platform", "killed"),
    ]


def test_lines_of_an_invocation_from_its_stream():
    first = log.parse(event(1, event="operation.started"))
    messages = [
        "START RequestId: r0 Version: $LATEST",
        "of another",
        "END RequestId: r0",
        "START RequestId: r1 Version: $LATEST",
        event(1, event="operation.started").message,
        "a plain print",
        "END RequestId: r1",
        "REPORT RequestId: r1\tDuration: 3000 ms",
        "2026-11-21T10:15:33Z r1 Task timed out after 3.00 seconds",
        "START RequestId: r2 Version: $LATEST",
        "of yet another",
    ]
    found = list(log.of_invocation((LogEvent(ms(2), message) for message in messages), first))
    assert [one.message for one in found] == [messages[3], *messages[5:9]]
    assert {(one.event, one.session, one.operation, one.request_id) for one in found} == {("platform", "s", "o", "r1")}
    assert [one.message for one in found if log.tells_end(one)] == [messages[8]]


def test_lambdas_json_lines_are_told_in_words():
    first = log.parse(event(1, event="operation.started"))
    report = {
        "time": "2026-11-21T10:15:33Z",
        "type": "platform.report",
        "record": {"requestId": "r1", "status": "timeout", "metrics": {"durationMs": 3000.0, "maxMemoryUsedMB": 90}},
    }
    start = {"time": "x", "type": "platform.start", "record": {"requestId": "r2"}}
    events = [LogEvent(0, json.dumps(one)) for one in (report, start, report)]
    [found] = log.of_invocation(events, first)
    assert found.message == "platform.report, status timeout, 3000.0 ms, 90 MB"
    assert log.tells_end(found)
