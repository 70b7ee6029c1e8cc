"""What is decided while a pipeline runs: the embedded AWS and the interpreter come to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bunsui import Workspace
from bunsui.session.model import SessionReport, Status
from bunsui.testing import PipelineRun, PipelineRunner
from tests.functional.decided import deciding
from tests.functional.embedded import deployed


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with deployed(tmp_path_factory.mktemp("deciding"), (deciding,)) as made:
        yield made


CASES: dict[str, tuple[str, int, set[str], list[Any]]] = {
    "nothing": ("fine", 0, {"cleaned", "doubled", "everything", "sized", "published"}, [3, 4, None]),
    "few": ("fine", 3, {"everything", "published"}, [3, 4, None]),
    "broken": ("broken", 2, {"optional", "checked"}, [None, 4, 'few ValueError: row 7 has no "day"']),
    "gone": ("gone", 2_000, {"everything", "checked", "published"}, [None, 0, None]),
}


@pytest.mark.parametrize("case", CASES)
def test_both_agree(case: str, workspace: Workspace, pipeline_runner: Callable[..., PipelineRunner]) -> None:
    mode, count, skipped, summed = CASES[case]
    run = pipeline_runner(deciding).run(mode=mode, count=count)
    assert run.succeeded, (run.error, run.message)
    assert set(run.skipped) == skipped
    assert run.session["outputs"]["sum"]["summed"] == {"value": summed}

    report = workspace.wait(workspace.start("deciding", mode=mode, count=count).id)
    assert report.session.status == "SUCCEEDED", report.failure
    assert report.session.outputs == run.session["outputs"]
    assert {job.job: job.status for job in report.jobs} == run.jobs
    assert ran(report) == set(run.order)
    assert reasons(run) == {job.job: job.cause for job in report.jobs if job.status is Status.SKIPPED}
    assert {job.job for job in report.jobs if job.handled} == {job["job"] for job in run.job_runs if "handled" in job}
    told = {one.operation: one.message for job in report.jobs for one in job.operations if one.status is Status.SKIPPED}
    assert told == {name: reason for name, reason in run.skipped.items() if name in told}
    assert told.keys() >= skipped - {"optional", "checked", "published"}


def ran(report: SessionReport) -> set[str]:
    return {one.operation for job in report.jobs for one in job.operations if one.tries}


def reasons(run: PipelineRun) -> dict[str, str]:
    return {job["job"]: job["cause"] for job in run.job_runs if job["status"] == "SKIPPED"}
