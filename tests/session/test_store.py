import pytest

from bunsui.errors import UsageError
from bunsui.session.model import Session, Status
from bunsui.session.store import Ending, Store, iso, job_run_of, session_of

from .fakes import START, Answers, FakeAws, at, refusal


def item(number, status="SUCCEEDED"):
    return {
        "session": {"S": f"s{number}"},
        "pipeline": {"S": "flights"},
        "kind": {"S": "session"},
        "status": {"S": status},
        "attempt": {"N": "1"},
        "started": {"S": iso(at(number))},
    }


def store(**answers):
    client = Answers(
        {method: [answer] if not isinstance(answer, list) else answer for method, answer in answers.items()}
    )
    return Store(FakeAws({"dynamodb": client})), client


def test_a_session_of_its_item():
    found = session_of(
        {
            "session": "s",
            "pipeline": "flights",
            "status": "FAILED",
            "attempt": 1,
            "started": "2026-11-21T10:15:30.000Z",
            "finished": "2026-11-21T10:15:31.500Z",
            "parameters": '{"month": 1}',
            "execution": "arn:x",
            "error": "States.TaskFailed",
            "cause": '{"Error":"ValueError","Cause":"bad row","ExecutionArn":"arn:child","Status":"FAILED"}',
        }
    )
    assert (found.started, found.finished, found.duration_s) == (START, at(1.5), 1.5)
    assert (found.kind, found.error, found.cause) == ("error", "ValueError", "bad row")
    assert found.parameters == {"month": 1}


def test_an_item_that_is_not_complete():
    found = job_run_of({"session": "s", "run": "2#ingest"})
    assert (found.job, found.status, found.started, found.outputs) == ("ingest", Status.RUNNING, None, None)


def test_pages_go_on_where_the_last_one_ended():
    one, client = store(query={"Items": [item(5), item(4), item(3), item(2)]})
    page = one.page(limit=2)
    assert [session.id for session in page.sessions] == ["s5", "s4"]
    one.page(limit=2, token=page.next)
    assert client.asked[1][1]["ExclusiveStartKey"] == {
        "kind": {"S": "session"},
        "started": {"S": "2026-11-21T10:15:34.000Z"},
        "session": {"S": "s4"},
    }


def test_the_last_page_has_no_next():
    one, _ = store(query={"Items": [item(5), item(4)]})
    assert one.page(limit=2).next is None


def test_filters_reach_over_several_requests():
    pages = [
        {"Items": [], "LastEvaluatedKey": {"session": {"S": "s9"}}},
        {"Items": [item(5, "FAILED")], "LastEvaluatedKey": {"session": {"S": "s5"}}},
        {"Items": [item(1, "FAILED")]},
    ]
    one, client = store(query=pages)
    page = one.page(pipeline="flights", status=Status.FAILED, since=START, limit=5)
    assert [session.id for session in page.sessions] == ["s5", "s1"]
    request = client.asked[0][1]
    assert request["IndexName"] == "by-pipeline"
    assert request["KeyConditionExpression"] == "#key = :key AND #started >= :since"
    assert request["ExpressionAttributeValues"][":since"] == {"S": "2026-11-21T10:15:30.000Z"}
    assert request["FilterExpression"] == "#status = :status"
    assert request["ScanIndexForward"] is False


@pytest.mark.parametrize("token", ["x", "bm8", "eyJhIjoxfQ", ""])
def test_other_tokens_are_refused(token):
    one, _ = store(query={"Items": []})
    if token == "":
        assert one.page(token=token).sessions == ()
        return
    with pytest.raises(UsageError) as caught:
        one.page(token=token)
    assert caught.value.code == "BUN406"


def test_an_end_is_recorded_only_over_running():
    one, client = store(update_item={"Attributes": {}})
    session = Session(id="s", pipeline="flights", status=Status.RUNNING, started=START, execution="arn:x")
    assert one.settle_session(session, Ending(Status.ABORTED, at(9), "Cancelled", "by kay"))
    request = client.asked[0][1]
    assert request["ConditionExpression"] == (
        "(attribute_not_exists(#status) OR #status = :running)"
        " AND (attribute_not_exists(#attempt) OR #attempt = :attempt)"
    )
    values = request["ExpressionAttributeValues"]
    assert (values[":status"], values[":running"]) == ({"S": "ABORTED"}, {"S": "RUNNING"})
    assert values[":finished"] == {"S": "2026-11-21T10:15:39.000Z"}
    assert "#pipeline = if_not_exists(#pipeline, :pipeline)" in request["UpdateExpression"]
    assert ":outputs" not in values


def test_an_end_that_is_recorded_stays():
    one, _ = store(update_item=refusal("ConditionalCheckFailedException"))
    session = Session(id="s", pipeline="flights", status=Status.RUNNING)
    assert one.settle_session(session, Ending(Status.ABORTED, at(9))) is False


def test_a_page_has_at_least_one_session():
    one, _ = store(query={"Items": []})
    with pytest.raises(UsageError) as caught:
        one.page(limit=0)
    assert caught.value.code == "BUN406"
