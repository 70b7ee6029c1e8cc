"""Maps on the embedded AWS and in the interpreter: both have to come to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bunsui import Workspace
from bunsui.session.model import Status
from bunsui.testing import PipelineRunner
from tests.functional import mapping
from tests.functional.embedded import deployed

Make = Callable[..., PipelineRunner]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Both pipelines, deployed to an embedded AWS of their own."""
    with deployed(tmp_path_factory.mktemp("mapping"), (mapping.inline, mapping.distributed)) as made:
        yield made


INLINE: dict[str, tuple[dict[str, Any], int, str]] = {
    "small": ({"count": 3, "size": 2, "limit": -1}, 3 * 5, "SUCCEEDED"),
    "large, by reference": ({"count": 9, "size": 2000, "limit": -1}, 36 * 2003, "SUCCEEDED"),
    "nothing": ({"count": 0, "size": 2, "limit": -1}, 0, "SUCCEEDED"),
    "one fails": ({"count": 3, "size": 2, "limit": 1}, 4, "FAILED"),
    "too many": ({"count": 201, "size": 0, "limit": -1}, 4, "NOT_STARTED"),
}


@pytest.mark.parametrize("case", INLINE)
def test_inline_maps_agree(case: str, workspace: Workspace, pipeline_runner: Make) -> None:
    given, total, status = INLINE[case]
    run = pipeline_runner(mapping.inline).run(**given)
    report = workspace.wait(workspace.start("inline", **given).id)
    assert (run.status, report.session.status) == ("SUCCEEDED", "SUCCEEDED")
    assert run.outputs["total"] == total
    assert report.session.outputs == run.session["outputs"]
    (job,) = report.jobs
    told = {one.operation: one.status for one in job.operations}
    assert told.get("lines", Status.NOT_STARTED) == Status(status)


def test_distributed_maps_agree(workspace: Workspace, pipeline_runner: Make) -> None:
    given: dict[str, Any] = {"rows": 5, "wrong": 3}
    run = pipeline_runner(mapping.distributed).run(**given)
    report = workspace.wait(workspace.start("distributed", **given).id)
    assert (run.status, report.session.status) == ("SUCCEEDED", "SUCCEEDED"), report.failure
    expected = {
        "doubles": [0, 2, 4, None, 8],
        "negatives": [0, -1, -2, -3, -4],
        "sizes": [len("n,name\n0,name 0\n") + 36],
    }
    assert run.outputs["report"] == expected
    assert report.session.outputs["main"]["report"] == {"value": expected}
    assert report.session.outputs["main"]["written"]["value"]["uri"].endswith("/manifest.json")
    (job,) = report.jobs
    assert {one.status for one in job.operations if one.operation in ("doubles", "negatives", "sizes", "written")} == {
        Status.SUCCEEDED
    }
    assert next(one for one in job.operations if one.operation == "squared").tries == 1
