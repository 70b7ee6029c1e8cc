import pytest

from bunsui.errors import BunsuiError, UsageError
from bunsui.session.model import JobRun, OperationRun, Session, SessionReport, Status
from bunsui.session.observe import Observer, failure_of

from .fakes import START, Answers, FakeAws, at, refusal


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


def test_a_map_fails_with_what_is_in_it():
    around = operation("checked", "FAILED", 2)
    inner = operation("check", "FAILED", 2, kind="error", error="KeyError", message="'x'", traceback=("KeyError: 'x'",))
    found = failure_of(report("FAILED", job("a", "FAILED", 2, around, inner)))
    assert (found.operation, found.error, found.traceback) == ("check", "KeyError", ("KeyError: 'x'",))


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


ARN = "arn:aws:states:eu-west-1:1:execution:p:s-1"
SESSION = {"session": "s", "pipeline": "p", "status": "FAILED", "execution": ARN, "started": "2026-11-21T10:15:30.000Z"}
RUN = {"session": "s", "run": "1#a", "job": "a", "status": "FAILED", "error": "KeyError", "cause": "'x'"}


def observer(*, item=SESSION, **answers):
    def wire(values):
        return {name: {"S": value} for name, value in values.items()}

    tables = {"get_item": [{"Item": wire(item)} if item else {}], "query": [{"Items": [wire(RUN)]}]}
    logs = {"filter_log_events": [answers.get("logs", {"events": []})]}
    history = answers.get("history", {"events": []})
    executions = {"get_execution_history": [history], "describe_execution": [refusal("ExecutionDoesNotExist")]}
    clients = {"dynamodb": Answers(tables), "logs": Answers(logs), "stepfunctions": Answers(executions)}
    return Observer(FakeAws(clients), clock=lambda: START), clients


def test_what_aws_refuses_to_tell_is_noted():
    one, _ = observer(logs=refusal("AccessDeniedException"), history=refusal("AccessDeniedException"))
    found = one.report("s")
    assert (found.failure.job, found.failure.error) == ("a", "KeyError")
    assert [note.partition(" could not be read: ")[0] for note in found.notes] == ["the log", "histories"]
    assert "access denied: logs:" in found.notes[0]


def test_a_history_that_aws_has_forgotten_is_no_news():
    one, _ = observer(history=refusal("ExecutionDoesNotExist"))
    assert one.report("s").notes == ()


def test_histories_of_finished_runs_are_read_once():
    one, clients = observer()
    one.report("s")
    one.report("s")
    asked = [request for method, request in clients["stepfunctions"].asked if method == "get_execution_history"]
    assert [(request["executionArn"], request["includeExecutionData"]) for request in asked] == [
        ("arn:aws:states:eu-west-1:1:execution:p-a:s-1-a", False)
    ]


@pytest.mark.parametrize("id", ["nobody", "no body", "", "x" * 41])
def test_no_such_session(id):
    one, _ = observer(item=None)
    with pytest.raises(UsageError) as caught:
        one.session(id)
    assert caught.value.code == "BUN701"


def test_no_tables():
    one, clients = observer()
    clients["dynamodb"].answers["get_item"] = [refusal("ResourceNotFoundException")]
    with pytest.raises(BunsuiError) as caught:
        one.session("s")
    assert caught.value.code == "BUN504"
