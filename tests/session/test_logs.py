import json
from datetime import timedelta

from bunsui.session.logs import LogReader
from bunsui.session.model import Session, Status

from .fakes import START, Answers, FakeAws, at

PARENT = "arn:aws:states:eu-west-1:1:execution:dev-flights:s-1"
RUNNING = Session(id="s", pipeline="flights", status=Status.RUNNING, started=START, execution=PARENT)
OVER = RUNNING.model_copy(update={"status": Status.SUCCEEDED, "finished": at(60)})


def ms(time):
    return int(time.timestamp() * 1000)


def event(second, id, session="s", **more):
    told = {"event": "log", "session": session, "time": at(second).isoformat(), "message": id, **more}
    return {"timestamp": ms(at(second)), "eventId": id, "logStreamName": "x", "message": json.dumps(told) + "\n"}


def reader(*pages, clock=lambda: at(100)):
    client, waits = Answers({"filter_log_events": list(pages)}), []
    return LogReader(FakeAws({"logs": client}), clock=clock, sleep=waits.append, poll_s=1, drain_s=5), client, waits


def messages(lines):
    return [line.message for line in lines]


def test_what_is_asked_for():
    one, client, _ = reader({"events": []})
    list(one.lines(OVER, job="ingest"))
    request = client.asked[0][1]
    assert request["logGroupName"] == "/bunsui/dev-flights/functions"
    assert request["filterPattern"] == '{ ($.session = "s") && ($.job = "ingest") }'
    assert request["startTime"] == ms(START - timedelta(seconds=60))
    assert request["endTime"] == ms(at(60) + timedelta(minutes=16))


def test_pages_are_read_to_the_end_and_empty_ones_are_no_end():
    first = {"events": [event(2, "b"), event(1, "a")], "nextToken": "1"}
    one, client, _ = reader(first, {"events": [], "nextToken": "2"}, {"events": [event(3, "c"), event(2, "b")]})
    assert messages(one.lines(OVER)) == ["a", "b", "c"]
    assert [request.get("nextToken") for _, request in client.asked] == [None, "1", "2"]


def test_lines_of_other_sessions_are_left_out():
    one, _, _ = reader({"events": [event(1, "a", session="t"), event(2, "b")]})
    assert messages(one.lines(OVER)) == ["b"]


def test_following_ends_when_the_session_is_over_and_the_log_is_drained():
    now = iter(range(100))
    looks = []

    def over():
        looks.append(1)
        return len(looks) >= 3

    pages = [{"events": [event(1, "a")]}, {"events": [event(1, "a"), event(2, "b")]}, {"events": [event(2, "b")]}]
    late = {"events": [event(2, "b"), event(9, "late")]}
    one, client, waits = reader(*pages, pages[2], late, clock=lambda: at(next(now)))
    assert messages(one.follow(RUNNING, over)) == ["a", "b", "late"]
    assert len(looks) == 3
    assert len(client.asked) > 4
    assert set(waits) == {1}


def test_following_a_session_that_is_over_does_not_wait():
    one, _, waits = reader({"events": [event(1, "a")]})
    assert messages(one.follow(OVER, lambda: True)) == ["a"]
    assert waits == []


def test_failures_while_following():
    started = {"request_id": "r", "operation": "clean"}
    events = [event(1, "a", **started), event(2, "b", **started, error="E")]
    events[1]["message"] = events[1]["message"].replace('"log"', '"operation.failed"')
    done = event(0, "good", request_id="q")
    done["message"] = done["message"].replace('"log"', '"operation.finished"')
    one, _, _ = reader({"events": [done, *events]})
    assert messages(one.follow(OVER, lambda: True, failed=True)) == ["a", "b"]
