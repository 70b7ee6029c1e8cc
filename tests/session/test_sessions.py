"""Sessions on the embedded AWS, with the state machines of machines.py."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bunsui.errors import BunsuiError, UsageError
from bunsui.session.model import Status
from bunsui.session.watch import Pace

from .machines import DEFAULTS, JOBS, PIPELINE, TYPES

QUICK = Pace(first=0.1, factor=1.2, longest=0.3)


def start(sessions, mode="ok", id=None, pipeline=PIPELINE, **values):
    return sessions.start(pipeline, TYPES, texts={"mode": mode}, values=values, defaults=DEFAULTS, id=id)


def finish(sessions, id):
    """Watch to the end and return the last report."""
    return list(sessions.watch(id, jobs=JOBS, pace=QUICK))[-1].report


def await_running(sessions, id):
    """Wait until an operation of the session runs."""
    for _ in range(100):
        report = sessions.report(id, log_lines=False)
        if any(one.status is Status.RUNNING for run in report.jobs for one in run.operations):
            return
        time.sleep(0.05)
    raise AssertionError("nothing started")


@pytest.fixture(scope="module")
def done(sessions):
    """A session that went well, and its snapshots."""
    session = start(sessions)
    return session, list(sessions.watch(session.id, jobs=JOBS, pace=QUICK))


@pytest.fixture(scope="module")
def broken(sessions):
    """The report of a session in which `clean` raised ValueError."""
    return finish(sessions, start(sessions, "fail").id)


def test_success(done):
    session, snapshots = done
    assert session.status is Status.RUNNING
    report = snapshots[-1].report
    assert (report.session.status, report.exit_code, report.failure) == (Status.SUCCEEDED, 0, None)
    assert report.session.parameters == {"mode": "ok", "seconds": 0.0}
    assert report.session.outputs == {"publish": {"report": {"value": {"rows": 3}}}}
    assert [(run.job, run.status) for run in report.jobs] == [
        ("ingest", Status.SUCCEEDED),
        ("publish", Status.SUCCEEDED),
    ]
    ingest, publish = report.jobs
    assert ingest.outputs == {"clean": {"value": {"rows": 3}}}
    assert [(one.operation, one.status, one.tries) for one in ingest.operations] == [
        ("load", Status.SUCCEEDED, 1),
        ("clean", Status.SUCCEEDED, 1),
    ]
    assert {one.memory_mb for one in (*ingest.operations, *publish.operations)} == {41.0}
    assert report.session.started <= ingest.started <= ingest.finished <= publish.started <= report.session.finished
    assert ingest.operations[0].finished <= ingest.operations[1].started


def test_watching_tells_every_end_once(done):
    _, snapshots = done
    changes = [change for snapshot in snapshots for change in snapshot.changes if change.status.finished]
    assert [(change.what, change.job, change.operation) for change in changes] == [
        ("operation", "ingest", "load"),
        ("operation", "ingest", "clean"),
        ("job", "ingest", ""),
        ("operation", "publish", "report"),
        ("job", "publish", ""),
        ("session", "", ""),
    ]
    assert changes[0].status is Status.SUCCEEDED
    assert snapshots[0].report.session.status is Status.RUNNING


def test_an_exception(broken):
    assert (broken.session.status, broken.exit_code) == (Status.FAILED, 1)
    assert (broken.session.error, broken.session.cause) == ("ValueError", "row 7 has no day")
    failure = broken.failure
    assert (failure.kind, failure.job, failure.operation) == ("error", "ingest", "clean")
    assert (failure.error, failure.message) == ("ValueError", "row 7 has no day")
    assert 'raise ValueError("row 7 has no day")' in failure.traceback[-1]
    assert (failure.log.event, failure.log.error, failure.log.level) == ("operation.failed", "ValueError", "ERROR")
    ingest, publish = broken.jobs
    assert [(one.operation, one.status) for one in ingest.operations] == [
        ("load", Status.SUCCEEDED),
        ("clean", Status.FAILED),
    ]
    assert (publish.status, publish.operations[0].status) == (Status.NOT_STARTED, Status.NOT_STARTED)


def test_a_timeout(sessions):
    report = finish(sessions, start(sessions, "hang").id)
    assert (report.session.status, report.session.kind) == (Status.FAILED, "timeout")
    failure = report.failure
    assert (failure.operation, failure.kind, failure.message) == ("clean", "timeout", "timed out after 1 s")
    assert (failure.log.event, failure.log.operation) == ("platform", "clean")
    assert "Task timed out after 1.00 seconds" in failure.log.message
    assert report.jobs[0].operations[1].status is Status.TIMED_OUT
    lines = list(sessions.logs(report.session.id, failed=True))
    assert {line.operation for line in lines} == {"clean"}
    assert any("Task timed out" in line.message for line in lines)


@pytest.mark.parametrize(
    ("mode", "error", "message"),
    [
        ("missing", "NoSuchBucket", "what GetObject asked for does not exist (NoSuchBucket:"),
        ("gone", "FileNotFoundError", "no such file or directory: '/tmp/no-such-dir/x.csv'"),
    ],
)
def test_a_missing_object(sessions, mode, error, message):
    failure = finish(sessions, start(sessions, mode).id).failure
    assert (failure.kind, failure.error, failure.operation) == ("missing", error, "clean")
    assert failure.message.startswith(message)
    assert failure.log.error == error


def test_cancelling(sessions):
    id = start(sessions, seconds=20.0).id
    await_running(sessions, id)
    cancelled = sessions.cancel(id, who="kay", why="wrong month")
    assert cancelled.stopped
    assert cancelled.message == f"session {id} is cancelled"
    assert cancelled.executions[0] == cancelled.session.execution
    report = sessions.report(id, jobs=JOBS)
    assert (report.session.status, report.exit_code) == (Status.ABORTED, 1)
    assert (report.failure.kind, report.failure.message) == ("cancelled", "cancelled by kay: wrong month")
    assert [run.status for run in report.jobs] == [Status.ABORTED, Status.NOT_STARTED]
    assert report.jobs[0].operations[0].status is Status.ABORTED
    again = sessions.cancel(id)
    assert not again.stopped
    assert again.message == f"session {id} is over already (aborted); nothing was stopped"
    assert again.session == report.session


def test_cancelling_what_is_over_does_nothing(sessions, done):
    cancelled = sessions.cancel(done[0].id)
    assert (cancelled.stopped, cancelled.executions, cancelled.session.status) == (False, (), Status.SUCCEEDED)


def test_an_execution_that_was_stopped_by_others_is_settled(sessions, aws):
    session = start(sessions, seconds=20.0)
    await_running(sessions, session.id)
    aws.client("stepfunctions").stop_execution(executionArn=session.execution, error="Ops", cause="maintenance")
    report = sessions.report(session.id)
    assert (report.session.status, report.session.error, report.session.cause) == (
        Status.ABORTED,
        "Ops",
        "maintenance",
    )
    key = {"session": {"S": session.id}}
    item = aws.client("dynamodb").get_item(TableName="bunsui-sessions", Key=key)["Item"]
    assert (item["status"]["S"], item["error"]["S"]) == ("ABORTED", "Ops")
    assert item["finished"]["S"].endswith("Z")
    key["run"] = {"S": "1#ingest"}
    item = aws.client("dynamodb").get_item(TableName="bunsui-job-runs", Key=key)["Item"]
    assert item["status"]["S"] == "ABORTED"


def test_a_session_whose_record_is_lost_is_found_and_recorded_again(sessions, aws):
    session = start(sessions, "fail")
    finish(sessions, session.id)
    aws.client("dynamodb").delete_item(TableName="bunsui-sessions", Key={"session": {"S": session.id}})
    with pytest.raises(UsageError) as caught:
        replace(sessions, pipelines=()).get(session.id)
    assert caught.value.code == "BUN701"
    found = sessions.get(session.id)
    assert (found.status, found.error, found.cause) == (Status.FAILED, "ValueError", "row 7 has no day")
    assert found.parameters == {"mode": "fail", "seconds": 0.0}
    assert replace(sessions, pipelines=()).get(session.id) == found


def test_a_start_that_is_repeated_starts_nothing(sessions, aws):
    first = start(sessions, id="nightly")
    again = start(sessions, id="nightly")
    assert (again.id, again.execution) == (first.id, first.execution)
    assert finish(sessions, "nightly").exit_code == 0
    assert start(sessions, id="nightly").status is Status.SUCCEEDED
    machine = first.execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    names = [one["name"] for one in aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]]
    assert names.count("nightly-1") == 1
    with pytest.raises(UsageError) as caught:
        start(sessions, "fail", id="nightly")
    assert caught.value.code == "BUN702"
    with pytest.raises(UsageError, match="another environment"):
        start(replace(sessions, prefix="dev-"), id="nightly")


def test_two_at_once(sessions):
    with ThreadPoolExecutor(2) as both:
        good, bad = both.map(lambda mode: finish(sessions, start(sessions, mode).id), ("ok", "fail"))
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert {line.session for line in sessions.logs(good.session.id)} == {good.session.id}
    assert bad.failure.log.session == bad.session.id


def test_a_pipeline_that_is_not_deployed(sessions):
    with pytest.raises(BunsuiError) as caught:
        start(sessions, pipeline="ships")
    assert caught.value.code == "BUN605"


def test_no_such_session(sessions):
    for ask in (sessions.get, sessions.report, sessions.cancel, sessions.logs):
        with pytest.raises(UsageError) as caught:
            ask("nobody")
        assert caught.value.code == "BUN701"


def test_logs(sessions, done):
    id = done[0].id
    lines = list(sessions.logs(id))
    assert [(line.operation, line.event) for line in lines] == [
        (operation, event)
        for operation in ("load", "clean", "report")
        for event in ("operation.started", "log", "operation.finished")
    ]
    assert [line.time for line in lines] == sorted(line.time for line in lines)
    assert {line.operation for line in sessions.logs(id, job="publish")} == {"report"}
    assert len(list(sessions.logs(id, operation="clean"))) == 3
    assert list(sessions.logs(id, failed=True)) == []
    assert list(sessions.logs(id, since=lines[-1].time + timedelta(seconds=1))) == []
    assert list(sessions.logs(id, since=lines[3].time)) == lines[3:]
    assert list(sessions.logs(id, follow=True, drain_s=0)) == lines


def test_logs_of_failures(sessions, broken):
    lines = list(sessions.logs(broken.session.id, failed=True))
    assert [(line.operation, line.event) for line in lines] == [
        ("clean", "operation.started"),
        ("clean", "log"),
        ("clean", "operation.failed"),
    ]


def test_following_the_log_to_the_end(sessions):
    id = start(sessions, seconds=0.5).id
    quick = replace(sessions, sleep=lambda _: time.sleep(0.1))
    lines = list(quick.logs(id, follow=True, drain_s=0.2))
    assert [line.operation for line in lines if line.event == "operation.finished"] == ["load", "clean", "report"]
    assert len(lines) == 9


def test_wrong_places(sessions, done):
    for place in ({"job": "ingst"}, {"operation": "cleen"}, {"job": "publish", "operation": "clean"}):
        with pytest.raises(UsageError) as caught:
            list(sessions.logs(done[0].id, jobs=JOBS, **place))
        assert caught.value.code == "BUN703"
        with pytest.raises(UsageError):
            sessions.logs(done[0].id, jobs=JOBS, follow=True, **place)


def test_what_an_older_declaration_said_is_still_there(sessions, done):
    renamed = {"renamed": JOBS["publish"]}
    lines = list(sessions.logs(done[0].id, jobs=renamed, job="publish", operation="report"))
    assert {line.operation for line in lines} == {"report"}
    report = sessions.report(done[0].id, jobs={**JOBS, "added": ("later",)})
    assert [run.job for run in report.jobs] == list(JOBS)


def test_listing(aws, sessions):
    dev = replace(sessions, prefix="dev-")
    ids = [start(dev, mode).id for mode in ("ok", "fail", "ok")]
    for id in ids:
        finish(dev, id)
    pages, token = [], None
    while True:
        page = dev.list(limit=2, token=token)
        pages.append([session.id for session in page.sessions])
        token = page.next
        if token is None:
            break
    assert [len(page) for page in pages] == [2, 1]
    assert pages[0] + pages[1] == ids[::-1]
    assert [session.id for session in dev.list(status=Status.FAILED).sessions] == [ids[1]]
    assert len(dev.list(pipeline=PIPELINE).sessions) == 3
    assert dev.list(pipeline="ships").sessions == ()
    assert dev.list(since=dev.get(ids[2]).started + timedelta(hours=1)).sessions == ()
    assert set(ids).isdisjoint(session.id for session in sessions.list(limit=1000).sessions)


def test_listing_settles_what_only_looks_as_if_it_ran(aws, sessions):
    session = start(sessions, seconds=20.0)
    await_running(sessions, session.id)
    aws.client("stepfunctions").stop_execution(executionArn=session.execution)
    running = sessions.list(status=Status.RUNNING).sessions
    assert session.id not in [one.id for one in running]
    listed = {one.id: one.status for one in sessions.list().sessions}
    assert listed[session.id] is Status.ABORTED


def test_reports_name_the_environment_of_the_session(sessions):
    dev = replace(sessions, prefix="dev-")
    id = start(dev, "fail").id
    finish(dev, id)
    report = sessions.report(id)
    assert report.failure.log.event == "operation.failed"
    assert report.jobs[0].operations[1].error == "ValueError"
