"""What Step Functions does where the emulator never comes to it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bunsui.compile.session_machine import JobStart, session_machine
from bunsui.model.environment import Environment
from bunsui.model.names import Names


def test_throttled_starts_of_jobs_are_tried_again() -> None:
    start = JobStart(frozenset(), (), {}, ("work",), ("work",), 60)
    machine = session_machine("etl", {"ingest": start}, Names("etl"))
    run = machine["States"]["Run jobs"]["Branches"][0]["States"]["ingest"]
    (retrier,) = run["Retry"]
    assert "StepFunctions.AWSStepFunctionsException" in retrier["ErrorEquals"]
    assert "States.TaskFailed" not in retrier["ErrorEquals"]
    assert run["Arguments"]["Name"].count("session") == 1


def test_regions_of_every_partition() -> None:
    import boto3

    session = boto3.Session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition_name=partition)
    }
    assert "eusc-de-east-1" in regions
    for region in regions:
        assert Environment(region=region).region == region
        bucket = Names("p" * 40, "q" * 16).bucket("r" * 30, "1" * 12, region)
        assert len(bucket) <= 63


@pytest.mark.parametrize("region", ["Ireland", "x", "eu-west-", "eu_west_1"])
def test_what_is_no_region(region: str) -> None:
    with pytest.raises(ValidationError):
        Environment(region=region)
