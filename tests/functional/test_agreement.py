"""The compiled pipelines on the embedded AWS and on the interpreter: both have to come to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bunsui import Pipeline, Workspace
from bunsui.session.model import SessionReport
from bunsui.testing import PipelineRun, PipelineRunner
from tests.functional import pipelines
from tests.functional.embedded import deployed


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """All pipelines, deployed to an embedded AWS of their own."""
    with deployed(tmp_path_factory.mktemp("functional"), pipelines.ALL) as made:
        yield made


CASES: dict[str, tuple[Pipeline, dict[str, Any], str, str]] = {
    "success": (pipelines.success, {"month": 1, "size": 3}, "SUCCEEDED", ""),
    "large value": (pipelines.success, {"month": 2, "size": 40_000}, "SUCCEEDED", ""),
    "nothing": (pipelines.success, {"month": 3, "size": 0}, "SUCCEEDED", ""),
    "retry that succeeds": (pipelines.retried, {"key": "KEY"}, "SUCCEEDED", ""),
    "failure": (pipelines.failing, {"limit": -1}, "FAILED", "ValueError"),
    "catch": (pipelines.failing, {"limit": 2}, "SUCCEEDED", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_both_agree(
    case: str, workspace: Workspace, pipeline_runner: Callable[..., PipelineRunner], tmp_path: Path
) -> None:
    pipeline, parameters, status, error = CASES[case]
    here = {name: f"{tmp_path.name}-here" if value == "KEY" else value for name, value in parameters.items()}
    there = {name: f"{tmp_path.name}-there" if value == "KEY" else value for name, value in parameters.items()}
    run = pipeline_runner(pipeline).run(**here)
    report = workspace.wait(workspace.start(pipeline.name, **there).id)
    assert (run.status, run.error) == (report.session.status, report.failure.error if report.failure else "")
    assert (run.status, run.error) == (status, error)
    assert run.jobs == {job.job: job.status for job in report.jobs if job.status != "NOT_STARTED"}
    assert tries(run) == tries_of(report)
    assert run.session.get("outputs") == with_runner_ids(report.session.outputs, report)


def test_a_large_value_really_travelled_by_reference(workspace: Workspace) -> None:
    report = workspace.wait(workspace.start("success", month=4, size=40_000).id)
    (make,) = [job for job in report.jobs if job.job == "make"]
    assert list(make.outputs["batch"]) == ["pointer"]
    assert report.session.outputs["compare"]["compared"]["value"] == {"note": "the same", "same": True}


def test_two_sessions_at_once_do_not_meet(workspace: Workspace) -> None:
    first = workspace.start("success", month=5, size=10)
    second = workspace.start("success", month=6, size=20)
    reports = [workspace.wait(one.id) for one in (first, second)]
    assert [report.session.status for report in reports] == ["SUCCEEDED", "SUCCEEDED"]
    counts = [job.outputs["counted"]["value"] for report in reports for job in report.jobs if job.job == "count"]
    assert counts == [10, 20]


def test_a_timeout_names_the_operation(workspace: Workspace) -> None:
    report = workspace.wait(workspace.start("timing", seconds=3.0).id)
    assert report.failure is not None
    assert (report.failure.operation, report.failure.kind) == ("slow", "timeout")
    assert report.exit_code == 1


def tries(run: PipelineRun) -> dict[str, int]:
    return {operation: run.tries(operation) for operation in run.order}


def tries_of(report: SessionReport) -> dict[str, int]:
    return {run.operation: run.tries for job in report.jobs for run in job.operations if run.tries}


def with_runner_ids(outputs: Any, report: SessionReport) -> Any:
    """Outputs with the session's id replaced, which is part of the keys of what was spilled."""
    if isinstance(outputs, dict):
        return {name: with_runner_ids(value, report) for name, value in outputs.items()}
    return outputs.replace(report.session.id, "test-session") if isinstance(outputs, str) else outputs
