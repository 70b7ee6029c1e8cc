"""Waits: for some time, until a time, for an object, for another pipeline's session."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from bunsui import Bucket, Dataset, Fallback, Finished, Lambda, Pipeline, Wait, operation
from bunsui.testing import PipelineRunner

Make = Callable[..., PipelineRunner]
lake = Bucket("lake")


@operation(runs=Lambda())
def due(day: datetime.datetime) -> datetime.datetime:
    return day + datetime.timedelta(hours=2)


@operation(runs=Lambda())
def late(arrived: Dataset | None) -> str | None:
    return arrived and arrived.uri


@operation(runs=Lambda())
def after(upstream: str) -> str:
    return upstream


def test_seconds(pipeline_runner: Make) -> None:
    run = pipeline_runner(Pipeline("p", operations=[Wait("pause", seconds=90)])).run()
    assert run.duration == pytest.approx(90, abs=1)
    assert run.session["outputs"] == {"main": {"pause": {"value": None}}}


def test_until_an_output(pipeline_runner: Make) -> None:
    declared = Pipeline("p", parameters={"day": datetime.datetime}, operations=[due, Wait("pause", until=due)])
    started = pipeline_runner(declared).start(day=datetime.datetime(2025, 1, 3, tzinfo=datetime.UTC))
    run = started.finish()
    assert run.execution.stopped is not None
    assert run.execution.stopped.replace(microsecond=0) == datetime.datetime(2025, 1, 3, 2, tzinfo=datetime.UTC)


def test_until_a_time_without_offset_is_in_utc(pipeline_runner: Make) -> None:
    declared = Pipeline("p", parameters={"day": datetime.datetime}, operations=[due, Wait("pause", until=due)])
    run = pipeline_runner(declared).run(day=datetime.datetime(2025, 1, 3))
    assert run.execution.stopped is not None
    assert run.execution.stopped.replace(microsecond=0) == datetime.datetime(2025, 1, 3, 2, tzinfo=datetime.UTC)


def test_until_a_time() -> None:
    moment = datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    assert Wait("pause", until=moment).until == "2030-01-01T10:00:00Z"


def arriving(**settings: object) -> Pipeline:
    arrived = Wait("arrived", object=lake / "in/done.csv", every=60, timeout=600, **settings)
    return Pipeline("p", operations=[arrived, late])


def test_an_object_that_is_there(pipeline_runner: Make) -> None:
    runner = pipeline_runner(arriving()).put("lake", "in/done.csv", b"x").put("lake", "in/done.csv!", b"")
    run = runner.run()
    assert run.outputs["late"] == f"s3://{runner.bucket('lake')}/in/done.csv"
    assert run.duration < 1


def test_an_object_that_comes(pipeline_runner: Make) -> None:
    runner = pipeline_runner(arriving()).put("lake", "in/done.csv.tmp", b"")
    started = runner.start()
    assert started.advance(100).status == "RUNNING"
    runner.put("lake", "in/done.csv/part-0", b"x")
    run = started.finish()
    assert run.outputs["late"] == f"s3://{runner.bucket('lake')}/in/done.csv/part-0"
    assert run.duration == pytest.approx(120, abs=2)


def test_an_object_that_does_not_come(pipeline_runner: Make) -> None:
    run = pipeline_runner(arriving()).run()
    assert (run.status, run.error) == ("FAILED", "Bunsui.TimedOut")
    assert run.message == "object lake / 'in/done.csv' was not there in 600 seconds"
    assert run.duration == pytest.approx(600, abs=2)


def test_not_coming_can_be_caught(pipeline_runner: Make) -> None:
    declared = arriving(on_error=Fallback({"uri": "s3://lake/empty.csv"}, on="Bunsui.TimedOut"))
    run = pipeline_runner(declared).run()
    assert run.outputs["late"] == "s3://lake/empty.csv"


def test_another_session(pipeline_runner: Make) -> None:
    declared = Pipeline("p", operations=[Wait("upstream", session=Finished("ingest"), every=60, timeout=600), after])
    started = pipeline_runner(declared).start()
    begun = started.now.execution.started
    machine = "arn:aws:states:us-east-1:123456789012:execution:{}:{}"

    def record(session: str, status: str, minutes: int, stack: str = "ingest") -> None:
        at = (begun - datetime.timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        item = {"session": session, "pipeline": "ingest", "started": at, "status": status, "kind": "session"}
        item["execution"] = machine.format(stack, session)
        found = {name: {"S": value} for name, value in item.items()}
        table = started.world.tables.tables["bunsui-sessions"]
        table.items[table.place_of(found)] = found

    record("too-old", "SUCCEEDED", 25 * 60)
    record("failed", "FAILED", 10)
    record("other-environment", "SUCCEEDED", 10, "dev-ingest")
    assert started.advance(100).status == "RUNNING"
    record("older", "SUCCEEDED", 5)
    record("newest", "SUCCEEDED", 3)
    assert started.finish().outputs["after"] == "newest"
