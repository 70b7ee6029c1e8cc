"""The pipeline as a whole: deployed to an embedded AWS and run there, beside the same machines in the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blueprints import loading
from blueprints.montage import demo, fits, load, source
from blueprints.montage.pipeline import montage
from bunsui import Workspace
from bunsui.local import ephemeral
from bunsui.session.model import SessionReport, Status
from bunsui.testing import PipelineRun, PipelineRunner
from tests.blueprints.caches import share_caches

pipeline = montage(["j"])
"""One band of three: the graph within it is what counts, and the machine that tests are run on is small."""

LAKE = "montage-lake-000000000000-us-east-1"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("project")
    share_caches(folder)
    with ephemeral(folder):
        found = Workspace.load(folder, environment="local", pipelines=[pipeline])
        found.deploy(pipeline.name, approve=lambda plan: True)
        loading.load(load.into(found)[1], source.raw_objects())
        try:
            yield found
        finally:
            found.aws.close()


@pytest.fixture(scope="module")
def there(workspace: Workspace) -> SessionReport:
    """A session on the embedded AWS."""
    return workspace.wait(workspace.start(pipeline.name).id)


@pytest.fixture
def here(pipeline_runner: Callable[..., PipelineRunner]) -> SimpleNamespace:
    """The same in the interpreter."""
    runner = pipeline_runner(pipeline)
    for name, content in source.raw_objects():
        runner.put("lake", f"raw/{name}", content)
    run: PipelineRun = runner.run()
    objects = {key: content for (bucket, key), content in runner.s3.objects.items() if bucket == runner.bucket("lake")}
    return SimpleNamespace(run=run, objects=objects)


def test_both_come_to_the_same(workspace: Workspace, there: SessionReport, here: SimpleNamespace) -> None:
    assert there.failure is None
    assert there.session.status == here.run.status == Status.SUCCEEDED
    assert {job.job: job.status for job in there.jobs} == here.run.jobs
    runs = {run.operation: run for job in there.jobs for run in job.operations}
    assert {name: run.tries for name, run in runs.items()} == {name: here.run.tries(name) for name in here.run.order}
    found, expected = workspace.sessions.output(there.session.id, "colour", "colour"), here.run.outputs["colour"]
    for one, other in zip(found["agreement"], expected.agreement, strict=True):
        assert one == {"band": other.band, "before": pytest.approx(other.before), "after": pytest.approx(other.after)}


def test_both_wrote_the_same_images(workspace: Workspace, there: SessionReport, here: SimpleNamespace) -> None:
    s3: Any = workspace.aws.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=LAKE)["Contents"]]
    assert sorted(keys) == sorted(here.objects)
    key = "mosaics/planes/j.fits"
    mosaic = fits.decode(s3.get_object(Bucket=LAKE, Key=key)["Body"].read())
    assert list(mosaic.pixels) == pytest.approx(list(fits.decode(here.objects[key]).pixels), rel=1e-5)


def test_every_operation_began_after_what_it_takes(there: SessionReport) -> None:
    runs = {run.operation: run for job in there.jobs for run in job.operations}
    for name, bound in pipeline.operations.items():
        for earlier in bound.needs:
            assert runs[earlier].finished <= runs[name].started, f"{earlier} before {name}"


def test_the_result_can_be_shown(workspace: Workspace, there: SessionReport) -> None:
    lines = demo.summary(
        workspace.sessions.output(there.session.id, "colour", "colour"), Path("montage.png")
    ).splitlines()
    assert lines[3].split()[0] == "j"
    assert lines[-1] == "The picture is in montage.png"


def test_loading_again_writes_nothing(workspace: Workspace) -> None:
    uri, put = load.into(workspace)
    loaded = loading.load(put, source.raw_objects())
    assert (uri, loaded.objects, loaded.written) == (f"s3://{LAKE}/raw", 12, 0)
