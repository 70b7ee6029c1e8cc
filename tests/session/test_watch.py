import pytest

from bunsui.session.model import JobRun, OperationRun, Session, SessionReport, Status
from bunsui.session.watch import Pace, changes_between, watch

from .fakes import START, at


def report(session="RUNNING", job=None, operation=None, tries=1, handled=False):
    operations = ()
    if operation:
        done = Status(operation).finished
        operations = (
            OperationRun(
                operation="clean",
                status=Status(operation),
                started=at(2),
                finished=at(3) if done else None,
                tries=tries,
                tried=at(2 + tries),
                handled=handled,
                error="ValueError" if operation == "FAILED" else "",
                message="bad" if operation == "FAILED" else "",
            ),
        )
    jobs = ()
    if job:
        done = Status(job).finished
        jobs = (
            JobRun(
                job="ingest",
                status=Status(job),
                started=at(1),
                finished=at(3) if done else None,
                operations=operations,
            ),
        )
    over = Status(session).finished
    told = Session(id="s", pipeline="p", status=Status(session), started=START, finished=at(3) if over else None)
    return SessionReport(session=told, jobs=jobs)


def run(reports, **more):
    waits, looks = [], iter(reports)
    snapshots = list(watch(lambda: next(looks), sleep=waits.append, **more))
    return snapshots, waits


def test_a_snapshot_whenever_something_happened():
    reports = [
        report(),
        report(),
        report(job="RUNNING"),
        report(job="RUNNING", operation="RUNNING"),
        report(job="RUNNING", operation="RUNNING"),
        report("FAILED", "FAILED", "FAILED"),
    ]
    snapshots, waits = run(reports)
    assert [[(c.what, c.before, c.status) for c in snapshot.changes] for snapshot in snapshots] == [
        [("session", None, Status.RUNNING)],
        [("job", None, Status.RUNNING)],
        [("operation", None, Status.RUNNING)],
        [
            ("operation", Status.RUNNING, Status.FAILED),
            ("job", Status.RUNNING, Status.FAILED),
            ("session", Status.RUNNING, Status.FAILED),
        ],
    ]
    assert snapshots[-1].report == reports[-1]
    assert (snapshots[-1].changes[0].error, snapshots[-1].changes[0].message) == ("ValueError", "bad")
    assert len(waits) == 5


def test_waits_grow_while_nothing_happens_and_begin_anew():
    reports = [report(), report(), report(), report(), report(job="RUNNING"), report("ABORTED", "ABORTED")]
    _, waits = run(reports, pace=Pace(first=1, factor=2, longest=3))
    assert waits == [1, 2, 3, 3, 1]


def test_a_session_that_is_over_gives_one_snapshot():
    snapshots, waits = run([report("SUCCEEDED", "SUCCEEDED", "SUCCEEDED")])
    assert [(c.what, c.status) for c in snapshots[0].changes] == [
        ("operation", Status.SUCCEEDED),
        ("job", Status.SUCCEEDED),
        ("session", Status.SUCCEEDED),
    ]
    assert waits == []


def test_another_try_is_a_change_and_waiting_is_none():
    before = report(job="RUNNING", operation="RUNNING")
    [change] = changes_between(before, report(job="RUNNING", operation="RUNNING", tries=2))
    assert (change.operation, change.tries, change.status) == ("clean", 2, Status.RUNNING)
    assert changes_between(None, report(job="NOT_STARTED", operation="NOT_STARTED"))[1:] == ()


def test_another_try_is_told_with_the_time_when_it_began():
    before = report(job="RUNNING", operation="RUNNING")
    [_, _, first] = changes_between(None, before)
    [second] = changes_between(before, report(job="RUNNING", operation="RUNNING", tries=2))
    assert (first.time, second.time) == (at(2), at(4))


@pytest.mark.parametrize("handled", [True, False])
def test_whether_a_failure_was_handled(handled):
    before = report(job="RUNNING", operation="RUNNING")
    [change] = changes_between(before, report(job="RUNNING", operation="FAILED", handled=handled))
    assert (change.status, change.handled) == (Status.FAILED, handled)


def test_interrupting_only_stops_watching():
    def sleep(_):
        raise KeyboardInterrupt

    looks = []
    seen = watch(lambda: looks.append(1) or report(), sleep=sleep)
    next(seen)
    with pytest.raises(KeyboardInterrupt):
        next(seen)
    assert looks == [1]
