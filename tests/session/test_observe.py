import pytest

from bunsui.session.model import JobRun, OperationRun, Session, SessionReport, Status
from bunsui.session.observe import failure_of

from .fakes import at


def operation(name, status, second, **more):
    return OperationRun(operation=name, status=Status(status), finished=at(second), **more)


def job(name, status, second, *operations, **more):
    return JobRun(job=name, status=Status(status), finished=at(second), operations=operations, **more)


def report(status, *jobs, **more):
    return SessionReport(session=Session(id="s", pipeline="p", status=Status(status), **more), jobs=jobs)


@pytest.mark.parametrize("status", ["SUCCEEDED", "RUNNING"])
def test_no_failure(status):
    assert failure_of(report(status, job("a", "FAILED", 1))) is None


def test_the_first_thing_that_went_wrong_is_told():
    late = operation("late", "FAILED", 5, kind="error", error="KeyError", message="'x'")
    early = operation("early", "TIMED_OUT", 3, kind="timeout", error="States.Timeout", message="timed out after 60 s")
    stopped = operation("stopped", "ABORTED", 2)
    found = failure_of(report("FAILED", job("b", "FAILED", 6, late), job("a", "FAILED", 4, stopped, early)))
    assert (found.job, found.operation, found.kind, found.message) == ("a", "early", "timeout", "timed out after 60 s")


def test_a_handled_failure_is_not_the_reason():
    handled = operation("tolerant", "FAILED", 1, error="ValueError", message="fine", handled=True)
    fatal = operation("strict", "FAILED", 2, error="KeyError", message="'x'")
    assert failure_of(report("FAILED", job("a", "FAILED", 3, handled, fatal))).operation == "strict"


def test_a_job_that_could_not_start_has_no_operation():
    error = {"kind": "error", "error": "StepFunctions.AccessDeniedException", "cause": "not authorized"}
    found = failure_of(report("FAILED", job("a", "FAILED", 3, **error)))
    assert (found.job, found.operation, found.error, found.message) == ("a", "", error["error"], "not authorized")


def test_a_cancelled_session_is_its_own_reason():
    failed = job("a", "FAILED", 1, operation("x", "FAILED", 1, error="E", message="m"))
    found = failure_of(report("ABORTED", failed, kind="cancelled", error="Cancelled", cause="cancelled by kay"))
    assert (found.kind, found.job, found.message) == ("cancelled", "", "cancelled by kay")


def test_a_session_that_timed_out():
    found = failure_of(
        report("TIMED_OUT", job("a", "ABORTED", 1), kind="timeout", error="States.Timeout", cause="timed out")
    )
    assert (found.kind, found.error, found.job) == ("timeout", "States.Timeout", "")
