"""What Step Functions does where the emulator never comes to it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bunsui import Fallback, Lambda, Operation
from bunsui.compile.session_machine import JobStart, session_machine
from bunsui.compile.steps.failing import named
from bunsui.compile.steps.operation import retriers
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.retry import Retry


def test_throttled_starts_of_jobs_are_tried_again() -> None:
    start = JobStart(frozenset(), (), {}, ("work",), 60)
    machine = session_machine("etl", {"ingest": start}, Names("etl"))
    run = machine["States"]["Run jobs"]["Branches"][0]["States"]["ingest"]
    (retrier,) = run["Retry"]
    assert "StepFunctions.AWSStepFunctionsException" in retrier["ErrorEquals"]
    assert "States.TaskFailed" not in retrier["ErrorEquals"]
    assert run["Arguments"]["Name"].count("session") == 1


def test_a_timeout_is_that_of_the_function_too() -> None:
    """The function's comes first, and Lambda calls it Sandbox.Timedout."""
    own, _ = retriers(Retry(on=["States.Timeout", ValueError]), ["Lambda.SdkClientException"])
    assert own["ErrorEquals"] == ["States.Timeout", "ValueError", "Sandbox.Timedout"]
    assert named(("States.Timeout", "Sandbox.Timedout")) == ["States.Timeout", "Sandbox.Timedout"]
    assert named(("ValueError",)) == ["ValueError"]


def test_a_fallback_for_timeouts_is_for_those_of_functions_too() -> None:
    from bunsui.compile.job_machine import job_machine
    from bunsui.compile.steps.context import JobPlan
    from bunsui.model.binding import Bound

    work = Operation("work", handler="json:dumps", runs=Lambda(), on_error=Fallback(0, on="States.Timeout"))
    plan = JobPlan(
        "etl", "main", {"work": Bound(work, "main", {}, ())}, ("work",), {"work": "work"}, "work", 1024, Names("etl")
    )
    (catcher,) = job_machine(plan)["States"]["work"]["Catch"]
    assert catcher["ErrorEquals"] == ["States.Timeout", "Sandbox.Timedout"]


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
