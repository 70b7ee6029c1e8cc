"""The pipeline as a whole: deployed to an embedded AWS and run there, beside the same machines in the interpreter."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprints import loading
from blueprints.invoices import demo, ledger, load, source
from blueprints.invoices.pipeline import pipeline
from bunsui import Workspace
from bunsui.local import ephemeral
from bunsui.runtime.encode import encode
from bunsui.session.model import Question, SessionReport, Status
from bunsui.testing import PipelineRun, PipelineRunner, Reply
from tests.blueprints.caches import share_caches
from tests.blueprints.invoices.conftest import DAY, Tables

LAKE = "invoices-lake-000000000000-us-east-1"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("project")
    share_caches(folder)
    with ephemeral(folder):
        found = Workspace.load(folder, environment="local", pipelines=[ledger.pipeline, pipeline])
        for one in (ledger.pipeline, pipeline):
            found.deploy(one.name, approve=lambda plan: True)
        loading.load(load.into(found)[1], source.raw_objects())
        try:
            yield found
        finally:
            found.aws.close()


def asked(workspace: Workspace, session: str) -> Question:
    for _ in range(300):
        if found := workspace.approvals(session).questions:
            return found[0]
        assert workspace.report(session).failure is None
        time.sleep(0.2)
    raise AssertionError(f"session {session} asked nothing")


@pytest.fixture(scope="module")
def there(workspace: Workspace) -> SessionReport:
    """A session on the embedded AWS, whose question is answered."""
    session = workspace.start(pipeline.name, day=DAY).id
    question = asked(workspace, session)
    assert question.message == "Pay 63828.43 EUR to 11 suppliers on 2026-03-31?"
    workspace.answer(session, "approve", comment="as planned")
    return workspace.wait(session)


@pytest.fixture
def here(loaded: PipelineRunner) -> PipelineRun:
    """The same in the interpreter."""
    return loaded.answer("approval", Reply("approve", "as planned")).run(day=DAY)


def items(workspace: Workspace, table: str) -> list[dict[str, Any]]:
    client: Any = workspace.aws.client("dynamodb")
    return [
        {name: next(iter(value.values())) for name, value in item.items()}
        for item in client.scan(TableName=table)["Items"]
    ]


def test_both_come_to_the_same(workspace: Workspace, there: SessionReport, here: PipelineRun) -> None:
    assert there.failure is None
    assert there.session.status == here.status == Status.SUCCEEDED
    assert {job.job: job.status for job in there.jobs} == here.jobs
    found = workspace.sessions.output(there.session.id, "tell", "report")
    expected = encode(here.outputs["report"])
    who = found.pop("approved")
    assert who.startswith("approved by ")
    assert who.endswith(": as planned")
    assert expected.pop("approved") == "approved by tester: as planned"
    assert found == json.loads(json.dumps(expected).replace("-123456789012-", "-000000000000-"))


def test_both_ran_the_same_operations_as_often(there: SessionReport, here: PipelineRun) -> None:
    runs = {run.operation: run.tries for job in there.jobs for run in job.operations if run.tries}
    assert (runs.pop("approval"), runs.pop("posted")) == (1, 1)
    assert runs == {name: here.tries(name) for name in here.order if not name.startswith("ledger.")}


def test_both_wrote_the_same_tables(
    workspace: Workspace, there: SessionReport, here: PipelineRun, fakes: Tables
) -> None:
    for table, name in (("invoices-orders", "orders"), ("invoices-paid", "paid"), ("ledger-journal", "journal")):
        expected = [{one: str(value) for one, value in item.items()} for item in fakes[name].items.values()]
        assert sorted(items(workspace, table), key=repr_of) == sorted(expected, key=repr_of), name


def repr_of(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True)


def test_both_wrote_the_same_objects(workspace: Workspace, there: SessionReport, loaded: PipelineRunner) -> None:
    loaded.answer("approval", Reply("approve", "as planned")).run(day=DAY)
    s3: Any = workspace.aws.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=LAKE)["Contents"]]
    expected = {key: content for (name, key), content in loaded.s3.objects.items() if name == loaded.bucket("lake")}
    assert sorted(keys) == sorted(expected)
    for key in (key for key in keys if key.startswith(("payments/", "rejected/"))):
        assert s3.get_object(Bucket=LAKE, Key=key)["Body"].read() == expected[key]


def test_a_no_keeps_it_from_being_paid_there_too(workspace: Workspace, there: SessionReport) -> None:
    before = items(workspace, "invoices-paid")
    session = workspace.start(pipeline.name, day=DAY).id
    asked(workspace, session)
    workspace.answer(session, "reject", "approval", "not again")
    report = workspace.wait(session)
    assert report.failure is None
    found = workspace.sessions.output(report.session.id, "tell", "report")
    assert found["paid"] == "0"
    assert found["unpaid"].endswith(": not again")
    assert items(workspace, "invoices-paid") == before
    skipped = {run.operation: run.status for job in report.jobs for run in job.operations if job.job == "pay"}
    assert set(skipped.values()) == {Status.SKIPPED}


def test_the_failure_of_the_nested_pipeline_is_explained(workspace: Workspace, there: SessionReport) -> None:
    client: Any = workspace.aws.client("dynamodb")
    closed = {"period": {"S": "2026-03"}, "reference": {"S": "closed"}}
    client.put_item(TableName="ledger-journal", Item=closed)
    report = workspace.wait(workspace.start(pipeline.name, day=DAY, limit=100_000).id)
    client.delete_item(TableName="ledger-journal", Key=closed)
    assert report.failure is not None
    assert (report.failure.job, report.failure.operation, report.failure.error) == ("pay", "posted", "PeriodClosed")
    assert "the books of 2026-03 are closed" in report.failure.message
    inner = workspace.report(report.failure.session)
    assert inner.session.pipeline == "ledger"
    assert inner.failure is not None
    assert (inner.failure.operation, inner.failure.error) == ("posting", "PeriodClosed")
    assert {job.job: job.status for job in report.jobs}["tell"] == Status.NOT_STARTED


def test_the_demo_agrees_and_shows_the_report(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run(workspace) == 0
    printed = capsys.readouterr().out
    assert "approved: Pay 63828.43 EUR to 11 suppliers on 2026-03-31?" in printed
    assert "Run 20260331: 25 files, 63828.43 EUR due, 63828.43 EUR paid" in printed


def test_loading_again_writes_nothing(workspace: Workspace) -> None:
    uri, put = load.into(workspace)
    loaded = loading.load(put, source.raw_objects())
    assert (uri, loaded.written) == (f"s3://{LAKE}", 0)
    assert loaded.objects == len(dict(source.raw_objects()))


def test_the_delivery_lies_beside_the_code() -> None:
    assert Path(source.DATA).is_dir()
    assert list(dict(source.raw_objects()))[-1] == "inbox/delivery.json"
