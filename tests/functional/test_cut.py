"""A job that is cut into segments, on the embedded AWS: nobody notices."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bunsui import Workspace
from bunsui.compile import cutting
from bunsui.session.model import SessionReport, Status
from tests.functional import crossing
from tests.functional.embedded import deployed


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The pipeline with cross edges, its machines far smaller than they have to be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "LIMIT", cutting.Limit(10**9, 150, 10**9))
        with deployed(tmp_path_factory.mktemp("cut"), (crossing.crossing,)) as made:
            assert len(made.compile("crossing").manifest["segments"]) > 3
            yield made


def test_it_comes_to_the_same(workspace: Workspace) -> None:
    report = workspace.wait(workspace.start("crossing", left_s=0.2, right_s=0.0, fails=False).id)
    assert report.session.status is Status.SUCCEEDED
    crossed = "1 right 0,1 right 1,1 right 2"
    assert report.session.outputs == {"main": {"everything": {"value": [f"11 {crossed}", f"23 {crossed}", "22", "46"]}}}
    (job,) = report.jobs
    assert {one.status for one in job.operations} == {Status.SUCCEEDED}
    assert len(job.operations) == 10
    starts = [one.started for one in job.operations if one.started is not None]
    assert starts == sorted(starts)


def test_the_failed_operation_is_told(workspace: Workspace) -> None:
    report = workspace.wait(workspace.start("crossing", left_s=0.5, right_s=0.0, fails=True).id)
    assert report.session.status is Status.FAILED
    assert report.failure is not None
    assert (report.failure.job, report.failure.operation) == ("main", "left")
    assert (report.failure.error, report.failure.message) == ("ValueError", "left fails")
    assert report.failure.traceback
    (job,) = report.jobs
    assert (job.error, job.cause) == ("ValueError", "left fails")


def test_cancelling_stops_its_segments(workspace: Workspace) -> None:
    session = workspace.start("crossing", left_s=15.0, right_s=0.0, fails=False)
    began = time.monotonic()
    while not succeeded(workspace.report(session.id), "right") and time.monotonic() - began < 10:
        time.sleep(0.1)
    done = workspace.cancel(session.id)
    assert done.stopped
    (job,) = workspace.report(session.id).jobs
    states = {one.operation: one.status for one in job.operations}
    assert states["left"] is Status.ABORTED
    assert Status.RUNNING not in states.values()


def succeeded(report: SessionReport, operation: str) -> bool:
    runs = [one for job in report.jobs for one in job.operations if one.operation == operation]
    return any(one.status is Status.SUCCEEDED for one in runs)
