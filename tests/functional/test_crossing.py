"""Joins on the embedded AWS and in the interpreter: both have to come to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bunsui import Pipeline, Workspace
from bunsui.testing import PipelineRun, PipelineRunner
from tests.functional import crossing
from tests.functional.embedded import deployed


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Both pipelines, deployed to an embedded AWS of their own."""
    with deployed(tmp_path_factory.mktemp("crossing"), (crossing.crossing, crossing.jobs)) as made:
        yield made


SECONDS = {"left first": (0.0, 1.0), "right first": (1.0, 0.0), "together": (0.0, 0.0)}


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("pipeline", [crossing.crossing, crossing.jobs], ids=lambda one: one.name)
def test_both_agree(
    pipeline: Pipeline, seconds: str, workspace: Workspace, pipeline_runner: Callable[..., PipelineRunner]
) -> None:
    left, right = SECONDS[seconds]
    given: dict[str, Any] = {"left_s": left, "right_s": right}
    if pipeline is crossing.crossing:
        given["fails"] = False
    run = pipeline_runner(pipeline).run(**given)
    report = workspace.wait(workspace.start(pipeline.name, **given).id)
    assert (run.status, report.session.status) == ("SUCCEEDED", "SUCCEEDED")
    assert report.session.outputs == run.session["outputs"]
    assert sorted(run.order) == sorted(one.operation for job in report.jobs for one in job.operations)


def test_a_failing_producer_ends_who_waits(
    workspace: Workspace, pipeline_runner: Callable[..., PipelineRunner]
) -> None:
    given = {"left_s": 0.5, "right_s": 0.0, "fails": True}
    run: PipelineRun = pipeline_runner(crossing.crossing).run(**given)
    report = workspace.wait(workspace.start("crossing", **given).id)
    assert report.failure is not None
    assert (run.status, run.error) == (report.session.status, report.failure.error) == ("FAILED", "ValueError")
    assert (report.failure.operation, report.failure.job) == ("left", "main")
    assert "cross" not in run.order
