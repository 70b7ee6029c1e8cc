"""A session's deadline, and a job's timeout."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bunsui import BunsuiError, Job, Lambda, Pipeline, operation
from bunsui.testing import PipelineRunner

Make = Callable[..., PipelineRunner]


@operation(runs=Lambda(timeout=900))
def slow() -> int:
    return 1


def test_a_session_ends_at_its_deadline(pipeline_runner: Make) -> None:
    run = pipeline_runner(Pipeline("p", operations=[slow], deadline=60)).takes(slow=600).run()
    assert run.status == "TIMED_OUT"
    assert run.duration == 60


def test_a_job_fails_at_its_timeout(pipeline_runner: Make) -> None:
    run = pipeline_runner(Pipeline("p", jobs=[Job("only", slow, timeout=30)])).takes(slow=600).run()
    assert (run.status, run.error, run.jobs) == ("FAILED", "States.Timeout", {"only": "FAILED"})
    assert run.duration == pytest.approx(30, abs=1)


@pytest.mark.parametrize("seconds", [0, 40_000_000])
def test_seconds_that_no_execution_has(seconds: int) -> None:
    with pytest.raises(BunsuiError, match="BUN101"):
        Pipeline("p", operations=[slow], deadline=seconds)
    with pytest.raises(BunsuiError, match="BUN101"):
        Job("only", slow, timeout=seconds)
