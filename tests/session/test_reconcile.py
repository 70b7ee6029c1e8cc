from datetime import timedelta

import pytest

from bunsui.aws.stepfunctions import ExecutionDetail
from bunsui.session.model import JobRun, Session, Status
from bunsui.session.reconcile import Reconciler, ending_of

from .fakes import START, Answers, FakeAws, at, refusal

PARENT = "arn:aws:states:eu-west-1:1:execution:dev-flights:s-1"
SESSION = Session(id="s", pipeline="flights", status=Status.RUNNING, started=START, execution=PARENT)


def detail(status, **more):
    return ExecutionDetail(arn=PARENT, name="s-1", machine="arn:x", status=status, started=START, **more)


def test_a_running_execution_has_no_ending():
    assert ending_of(detail("RUNNING"), at(9)) is None
    assert ending_of(detail("PENDING_REDRIVE"), at(9)) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (detail("SUCCEEDED", stopped=at(3), output="{}"), (Status.SUCCEEDED, at(3), "", "", "{}")),
        (detail("FAILED", stopped=at(3), error="E", cause="c", output="{}"), (Status.FAILED, at(3), "E", "c", "")),
        (detail("ABORTED", stopped=at(3)), (Status.ABORTED, at(3), "Aborted", "it was stopped", "")),
        (
            detail("TIMED_OUT", stopped=at(3)),
            (
                Status.TIMED_OUT,
                at(3),
                "States.Timeout",
                "the execution took longer than its state machine allows",
                "",
            ),
        ),
        (None, (Status.ABORTED, at(9), "ExecutionDoesNotExist", "AWS no longer knows the execution", "")),
    ],
)
def test_endings(given, told):
    found = ending_of(given, at(9))
    assert (found.status, found.finished, found.error, found.cause, found.outputs) == told


def reconciler(describe, item_status="RUNNING", later=60):
    item = {"session": {"S": "s"}, "pipeline": {"S": "flights"}, "status": {"S": item_status}}
    tables = Answers(
        {
            "get_item": [{"Item": item}, {"Item": {**item, "status": {"S": "ABORTED"}}}],
            "update_item": [{"Attributes": {}}],
            "query": [{"Items": []}],
        }
    )
    executions = Answers({"describe_execution": [describe]})
    aws = FakeAws({"stepfunctions": executions, "dynamodb": tables})
    return Reconciler(aws, clock=lambda: at(later)), executions, tables


def answer(status):
    return {"executionArn": PARENT, "stateMachineArn": "x", "status": status, "startDate": START, "stopDate": at(5)}


def test_a_finished_session_is_not_asked_about():
    one, executions, _ = reconciler(answer("ABORTED"))
    over = SESSION.model_copy(update={"status": Status.SUCCEEDED})
    assert one.session(over) is over
    assert executions.asked == []


def test_what_the_state_machine_wrote_meanwhile_is_kept():
    one, _, tables = reconciler(answer("FAILED"), item_status="SUCCEEDED")
    assert one.session(SESSION).status is Status.SUCCEEDED
    assert [method for method, _ in tables.asked] == ["get_item"]


def test_an_end_that_was_not_written_is_written():
    one, _, tables = reconciler(answer("ABORTED"))
    assert one.session(SESSION).status is Status.ABORTED
    assert [method for method, _ in tables.asked] == ["get_item", "update_item", "get_item"]


def test_an_execution_that_aws_does_not_know_yet_is_not_over():
    one, _, tables = reconciler(refusal("ExecutionDoesNotExist"))
    assert one.session(SESSION) is SESSION
    assert tables.asked == []
    one, _, _ = reconciler(refusal("ExecutionDoesNotExist"), later=timedelta(days=100).total_seconds())
    assert one.session(SESSION).status is Status.ABORTED


def test_job_runs_of_a_running_session_are_left_to_its_state_machine():
    one, executions, _ = reconciler(answer("FAILED"))
    runs = (JobRun(job="ingest", status=Status.RUNNING),)
    assert one.job_runs(SESSION, runs) is runs
    assert executions.asked == []


def test_a_job_run_that_never_began_ends_with_its_session():
    one, executions, tables = reconciler(refusal("ExecutionDoesNotExist"))
    update = {"status": Status.ABORTED, "finished": at(7), "error": "Cancelled", "cause": "cancelled by kay"}
    one.job_runs(SESSION.model_copy(update=update), (JobRun(job="ingest", status=Status.RUNNING),))
    child = "arn:aws:states:eu-west-1:1:execution:dev-flights-ingest:s-1-ingest"
    assert executions.asked[0][1]["executionArn"] == child
    values = tables.asked[0][1]["ExpressionAttributeValues"]
    assert (values[":status"]["S"], values[":error"]["S"]) == ("ABORTED", "Cancelled")
    assert values[":finished"]["S"] == "2026-11-21T10:15:37.000Z"
