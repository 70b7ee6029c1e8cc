from bunsui.session.model import JobRun, LogLine, OperationRun, Status
from bunsui.session.operations import complete

from .fakes import START, at


def job(status="SUCCEEDED", **more):
    finished = None if status == "RUNNING" else at(10)
    return JobRun(job="ingest", status=Status(status), started=START, finished=finished, **more)


def line(event, second, operation="clean", **more):
    return LogLine(time=at(second), event=f"operation.{event}", job="ingest", operation=operation, **more)


def only(run):
    [operation] = run.operations
    return operation


def test_the_log_adds_what_the_history_does_not_have():
    history = OperationRun(operation="clean", status=Status.FAILED, started=START, finished=at(2), tries=2, error="E")
    first, second = line("failed", 1), line("failed", 2, retry=1, traceback=("x",), memory_mb=88.0)
    found = only(complete(job("FAILED"), [history], [line("started", 0), first, second]))
    assert (found.log, found.memory_mb, found.traceback) == (second, 88.0, ("x",))
    assert (found.tries, found.finished) == (2, at(2))


def test_an_operation_that_went_well_in_the_end_has_no_failure_line():
    history = OperationRun(operation="clean", status=Status.SUCCEEDED, started=START, finished=at(2), tries=2)
    found = only(complete(job(), [history], [line("failed", 1), line("finished", 2, memory_mb=40.0)]))
    assert (found.log, found.memory_mb) == (None, 40.0)


def test_without_a_history_the_log_tells():
    lines = [line("started", 1), line("failed", 2), line("started", 3, retry=1), line("finished", 5, retry=1)]
    found = only(complete(job(), [], lines))
    assert (found.status, found.started, found.finished, found.tries) == (Status.SUCCEEDED, at(1), at(5), 2)
    assert (found.error, found.handled, found.tried) == ("", False, at(3))


def test_a_failure_from_the_log_alone():
    failed = line("failed", 2, error="ValueError", message="bad", traceback=("x",))
    found = only(complete(job("FAILED", error="ValueError"), [], [line("started", 1), failed]))
    assert (found.status, found.error, found.message, found.log) == (Status.FAILED, "ValueError", "bad", failed)
    assert only(complete(job(), [], [line("started", 1), failed])).handled


def test_what_began_and_has_not_ended_runs_or_was_stopped():
    begun = [line("started", 1), line("failed", 2, error="E")]
    assert only(complete(job("RUNNING"), [], begun)).status is Status.RUNNING
    assert only(complete(job("ABORTED"), [], begun[:1])).status is Status.ABORTED
    assert only(complete(job("ABORTED"), [], begun[:1])).finished == at(10)


def test_the_one_that_did_not_end_is_to_blame_for_a_timeout():
    run = job("FAILED", kind="timeout", error="Sandbox.Timedout", cause="timed out after 3 s")
    done = [line("started", 0, "load"), line("finished", 1, "load")]
    found = complete(run, [], [*done, line("started", 1)]).operations[1]
    assert (found.operation, found.status, found.error) == ("clean", Status.TIMED_OUT, "Sandbox.Timedout")
    assert found.message == "timed out after 3 s"


def test_of_several_that_did_not_end_none_is_blamed():
    run = job("FAILED", kind="timeout", error="Sandbox.Timedout", cause="timed out after 3 s")
    found = complete(run, [], [line("started", 1), line("started", 1, "other")])
    assert {one.status for one in found.operations} == {Status.ABORTED}


def test_lines_of_other_jobs_and_attempts_are_left_out():
    other = LogLine(time=START, event="operation.started", job="publish", operation="x")
    again = line("started", 1, attempt=2)
    assert complete(job(), [], [other, again]).operations == ()


def test_order_is_that_of_the_start_and_the_rest_waits():
    history = [
        OperationRun(operation="b", status=Status.SUCCEEDED, started=at(1)),
        OperationRun(operation="a", status=Status.SUCCEEDED, started=at(2)),
    ]
    found = complete(job("RUNNING"), history, (), ["z", "a", "b", "y"])
    assert [one.operation for one in found.operations] == ["b", "a", "z", "y"]
    assert [one.status for one in found.operations[2:]] == [Status.NOT_STARTED] * 2


def test_the_log_tells_what_a_history_leaves_out():
    history = OperationRun(
        operation="clean", status=Status.FAILED, tries=1, kind="error", error="Error", message="it gave no message"
    )
    failed = line("failed", 2, error="ValueError", message="bad")
    found = only(complete(job("FAILED"), [history], [failed]))
    assert (found.error, found.message, found.kind) == ("ValueError", "bad", "error")
