from datetime import timedelta

import pytest

from bunsui.errors import BunsuiError
from bunsui.session.cancel import Canceller
from bunsui.session.model import Session, Status

from .fakes import START, Answers, FakeAws, at, refusal

PARENT = "arn:aws:states:eu-west-1:1:execution:flights:s-1"
CHILD = "arn:aws:states:eu-west-1:1:execution:flights-ingest:s-1-ingest"
SESSION = Session(id="s", pipeline="flights", status=Status.RUNNING, started=START, execution=PARENT)


def execution(status, **more):
    return {"executionArn": PARENT, "stateMachineArn": "arn:x", "status": status, "startDate": START, **more}


class Tables:
    """Two items that conditional updates change."""

    def __init__(self, session="RUNNING", job="RUNNING"):
        self.session = {"session": "s", "pipeline": "flights", "status": session, "execution": PARENT}
        self.job = {"session": "s", "run": "1#ingest", "job": "ingest", "status": job}

    def get_item(self, **request):
        return {"Item": {name: {"S": value} for name, value in self.session.items()}}

    def query(self, **request):
        return {"Items": [{name: {"S": value} for name, value in self.job.items()}]}

    def update_item(self, **request):
        item = self.session if request["TableName"] == "bunsui-sessions" else self.job
        if item["status"] != "RUNNING":
            raise refusal("ConditionalCheckFailedException")
        values = request["ExpressionAttributeValues"]
        for name in ("status", "error", "cause", "finished"):
            if f":{name}" in values:
                item[name] = values[f":{name}"]["S"]
        return {"Attributes": {}}


def canceller(tables, **answers):
    answers = {"get_execution_history": {"events": []}, **answers}
    executions = Answers({name: answer if isinstance(answer, list) else [answer] for name, answer in answers.items()})
    waits = []
    aws = FakeAws({"stepfunctions": executions, "dynamodb": tables})
    return Canceller(aws, clock=lambda: at(60), sleep=waits.append), executions, waits


def test_children_are_stopped_too():
    tables = Tables()
    one, executions, _ = canceller(
        tables,
        describe_execution=[
            execution("RUNNING"),
            execution("ABORTED", stopDate=at(5), error="Cancelled", cause="cancelled by kay"),
            execution("RUNNING"),
        ],
        stop_execution={"stopDate": at(5)},
    )
    done = one.cancel(SESSION, who="kay")
    stops = [request for method, request in executions.asked if method == "stop_execution"]
    assert [stop["executionArn"] for stop in stops] == [PARENT, CHILD]
    assert {(stop["error"], stop["cause"]) for stop in stops} == {("Cancelled", "cancelled by kay")}
    assert done.executions == (PARENT, CHILD)
    assert (done.session.status, done.session.kind, done.session.cause) == (
        Status.ABORTED,
        "cancelled",
        "cancelled by kay",
    )
    assert (tables.job["status"], tables.job["finished"]) == ("ABORTED", "2026-11-21T10:15:35.000Z")


def test_a_stop_that_aws_is_slow_to_tell():
    tables = Tables(job="SUCCEEDED")
    one, _, waits = canceller(tables, describe_execution=execution("RUNNING"), stop_execution={"stopDate": at(5)})
    done = one.cancel(SESSION)
    assert done.stopped
    assert (done.session.status, done.session.finished) == (Status.ABORTED, at(5))
    assert sum(waits) == pytest.approx(3.0)
    assert tables.job["status"] == "SUCCEEDED"


def test_a_session_that_ended_in_the_meantime():
    tables = Tables("SUCCEEDED", "SUCCEEDED")
    one, _, waits = canceller(
        tables,
        describe_execution=[execution("RUNNING"), execution("SUCCEEDED", stopDate=at(4))],
        stop_execution=refusal("ValidationException"),
    )
    done = one.cancel(SESSION)
    assert (done.stopped, done.session.status, waits) == (False, Status.SUCCEEDED, [])
    assert "over already (succeeded)" in done.message


def test_a_refusal_is_told():
    one, _, _ = canceller(
        Tables(), describe_execution=execution("RUNNING"), stop_execution=refusal("AccessDeniedException")
    )
    with pytest.raises(BunsuiError) as caught:
        one.cancel(SESSION)
    assert caught.value.code == "BUN501"


def test_an_execution_that_aws_does_not_know():
    missing = refusal("ExecutionDoesNotExist")
    one, _, _ = canceller(Tables(), describe_execution=missing, stop_execution=missing)
    done = one.cancel(SESSION)
    assert (done.stopped, done.session.status) == (False, Status.RUNNING)
    assert done.message == "session s has no execution that AWS knows; nothing was stopped"
    old = SESSION.model_copy(update={"started": START - timedelta(days=2)})
    assert one.cancel(old).session.status is Status.ABORTED


def entered(number, id):
    details = {"name": f"segment {number}"}
    return {"id": id, "timestamp": START, "type": "TaskStateEntered", "stateEnteredEventDetails": details}


def test_segments_are_stopped_too():
    """Of the session's own machine, of a job's, and of a segment that is cut again."""
    one, executions, _ = canceller(
        Tables(),
        describe_execution=[
            execution("RUNNING"),
            execution("ABORTED", stopDate=at(5), error="Cancelled", cause="cancelled"),
            execution("RUNNING"),
        ],
        stop_execution={"stopDate": at(5)},
        get_execution_history=[
            {"events": [entered(3, 2)]},
            {"events": []},
            {"events": [entered(1, 2), entered(2, 5)]},
            {"events": [entered(4, 2)]},
            {"events": []},
        ],
    )
    done = one.cancel(SESSION)
    machines = ["flights", "flights_3", "flights-ingest", "flights-ingest_1", "flights-ingest_4", "flights-ingest_2"]
    assert [arn.split(":")[6] for arn in done.executions] == machines
    assert {arn.split(":")[7] for arn in done.executions} == {"s-1", "s-1-ingest"}
    stops = [request["executionArn"] for method, request in executions.asked if method == "stop_execution"]
    assert tuple(stops) == done.executions
