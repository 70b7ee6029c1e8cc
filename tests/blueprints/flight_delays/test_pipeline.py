from __future__ import annotations

from collections.abc import Callable

import pytest

from blueprints.flight_delays import folders, source
from blueprints.flight_delays.pipeline import pipeline
from bunsui import Dataset
from bunsui.testing import PipelineRunner
from tests.blueprints.flight_delays import naive

Make = Callable[..., PipelineRunner]


@pytest.fixture
def runner(pipeline_runner: Make, monkeypatch: pytest.MonkeyPatch) -> PipelineRunner:
    """The pipeline with January's data in memory, and without what needs DynamoDB and pyarrow."""
    made = pipeline_runner(pipeline).stub(
        published_days=31, published_parquet=[Dataset("s3://lake/published/x.parquet")]
    )
    monkeypatch.setattr(folders, "_client", lambda: made.s3)
    for name, content in source.raw_objects((1,)):
        made.put("lake", f"raw/{name}", content)
    return made


def test_the_compiled_pipeline_counts_as_plain_python_does(runner: PipelineRunner) -> None:
    run = runner.run(month=1)
    assert run.succeeded, run.message
    assert run.outputs["raw_flights"].records == 27_004
    assert set(run.jobs.values()) == {"SUCCEEDED"}
    assert run.order[0] in ("raw_flights", "clean_weather", "carriers", "fleet")
    assert run.order[-1] == "report"
    days = {day.day: day for day in run.outputs["daily_summary"]}
    assert len(days) == 31
    assert sum(day.flights for day in days.values()) == accepted()
    assert run.outputs["worst_days"][0].day == max(days.values(), key=lambda day: day.disrupted).day


def test_a_missing_month_fails_with_what_to_do(runner: PipelineRunner) -> None:
    run = runner.run(month=2)
    assert (run.status, run.error) == ("FAILED", "FileNotFoundError")
    assert "blueprints.flight_delays.load" in run.message
    assert run.jobs == {"ingest": "FAILED"}


def test_throttling_is_tried_again(runner: PipelineRunner) -> None:
    throttled = type("ThrottlingException", (Exception,), {})
    run = runner.fail("enriched_flights", throttled("slow down"), times=2).run(month=1)
    assert run.succeeded
    assert run.tries("enriched_flights") == 3


def accepted() -> int:
    """Good January flights, counted by the naive reading of the same data."""
    return sum(naive.reason(row) is None for row in naive.read("flights") if row["month"] == "1")
