"""The pipeline as a whole: deployed to an embedded AWS and run there."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace

import pytest

from blueprints.flight_delays import demo, load
from blueprints.flight_delays.pipeline import pipeline
from bunsui import Workspace
from bunsui.local import ephemeral
from bunsui.session.model import Status
from tests.blueprints.caches import share_caches
from tests.blueprints.flight_delays import naive

MONTH = 2
LAKE = "flight-delays-lake-000000000000-us-east-1"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """February is loaded, and nothing else."""
    folder = tmp_path_factory.mktemp("project")
    share_caches(folder)
    with ephemeral(folder):
        found = Workspace.load(folder, environment="local", pipelines=[pipeline])
        found.deploy(pipeline.name, approve=lambda plan: True)
        load.load(load.into(found)[1], [MONTH])
        try:
            yield found
        finally:
            found.aws.close()


@pytest.fixture(scope="module")
def february(workspace, all_rows):
    session = workspace.start(pipeline.name, month=MONTH)
    report = workspace.wait(session.id)
    assert report.failure is None
    return SimpleNamespace(
        report=report,
        result=workspace.sessions.output(report.session.id, "publish", "report"),
        naive=naive.Naive([row for row in all_rows if row["month"] == str(MONTH)]),
    )


def published(workspace, name: str) -> bytes:
    client = workspace.aws.client("s3")
    return client.get_object(Bucket=LAKE, Key=f"published/2013-02/{name}")["Body"].read()


def test_it_succeeds_with_the_right_counts(february):
    assert february.report.session.status is Status.SUCCEEDED
    quality = february.result["quality"]
    assert quality["records"] == len(february.naive.rows) == 24_951
    assert quality["rejected_by_reason"] == february.naive.rejected
    assert quality["weather_impossible"] == {"wind_speed": 1}
    assert quality["cancelled"] == february.naive.cancelled()


def test_every_operation_ran_once(february):
    runs = {run.operation: run for job in february.report.jobs for run in job.operations}
    assert set(runs) == set(pipeline.operations)
    assert {run.tries for run in runs.values()} == {1}
    assert {run.status for run in runs.values()} == {Status.SUCCEEDED}


def test_the_worst_day_is_the_naive_one(february):
    groups = february.naive.group(naive.date_of)
    worst = max(groups, key=lambda day: naive.punctuality(groups[day])["disrupted"])
    first = february.result["worst_days"][0]
    assert (first["day"], first["flights"]) == (worst.isoformat(), len(groups[worst]))
    assert first["cancelled"] == naive.punctuality(groups[worst])["cancelled"]


def test_figures_are_in_the_table(workspace, february):
    table = workspace.aws.client("dynamodb")
    items = table.query(
        TableName="flight-delays-days",
        KeyConditionExpression="#period = :period",
        ExpressionAttributeNames={"#period": "period"},
        ExpressionAttributeValues={":period": {"S": "2013-02"}},
    )["Items"]
    assert len(items) == february.result["items"] == 28
    groups = {day.isoformat(): rows for day, rows in february.naive.group(naive.date_of).items()}
    for item in items:
        expected = naive.punctuality(groups[item["day"]["S"]])
        assert int(item["flights"]["N"]) == expected["flights"]
        assert float(item["disrupted"]["N"]) == pytest.approx(expected["disrupted"], abs=0.0051)
    assert sorted(int(item["rank"]["N"]) for item in items if "rank" in item) == list(range(1, 11))


def test_figures_are_in_the_bucket(workspace, february):
    from pyarrow import parquet

    rows = list(csv.DictReader(io.StringIO(published(workspace, "days.csv").decode())))
    report = json.loads(published(workspace, "report.json"))
    flights = parquet.read_table(io.BytesIO(published(workspace, "flights.parquet")))
    assert len(rows) == len(report["days"]) == 28
    assert [int(row["flights"]) for row in rows] == [day["flights"] for day in report["days"]]
    assert flights.num_rows == len(february.naive.good) == sum(int(row["flights"]) for row in rows)
    assert {file["uri"].rpartition("/")[2] for file in february.result["files"]} >= {"weeks.csv", "carriers.parquet"}


def test_the_result_can_be_shown(february):
    lines = demo.summary(february.result).splitlines()
    assert lines[1].startswith("24,951 flights read, ")
    assert lines[5].split()[1] == february.result["worst_days"][0]["day"]


@pytest.mark.parametrize(
    ("month", "operations", "error", "message"),
    [
        (3, {"raw_flights"}, "FileNotFoundError", f"there is no s3://{LAKE}/raw/flights/2013-03.csv; load it with"),
        (13, {"raw_flights", "clean_weather"}, "ValueError", "month=13 is not a month; give 1 to 12, or 0"),
    ],
)
def test_a_session_that_fails_says_where_and_why(workspace, month, operations, error, message):
    report = workspace.wait(workspace.start(pipeline.name, month=month).id)
    failure = report.failure
    assert (report.session.status, report.exit_code) == (Status.FAILED, 1)
    assert (failure.job, failure.error) == ("ingest", error)
    assert message in failure.message
    assert failure.operation in operations
    assert failure.log is not None
    assert (failure.log.operation, failure.log.error) == (failure.operation, error)


def test_loading_again_writes_nothing(workspace):
    uri, put = load.into(workspace)
    loaded = load.load(put, [MONTH])
    assert (uri, loaded.objects, loaded.written) == (f"s3://{LAKE}/raw", 4, 0)


def test_loading_before_deploying_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ephemeral(tmp_path):
        assert load.main(["--month", "1", "--env", "local"]) == 1
    told = capsys.readouterr().err
    assert "is not deployed to local: there is no bucket" in told
    assert "hint: run: bunsui deploy flight-delays" in told
