"""The compiled pipeline in the interpreter, with images in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from statelint.linter import Linter

from blueprints.montage import fits, source, survey
from blueprints.montage.pipeline import KINDS, pipeline
from bunsui.model.binding import job_needs
from bunsui.simulate.stage import compiled, filled
from bunsui.testing import PipelineRun, PipelineRunner
from tests.blueprints.montage.conftest import make

Make = Callable[..., PipelineRunner]

WAIT = "dynamodb:updateItem.waitForTaskToken"
RECORDED = "montage-chameleon-2mass-005d-001"


RAW = dict(source.raw_objects())


@pytest.fixture
def loaded(pipeline_runner: Make) -> Make:
    """Gives runners that have the raw images."""

    def runner(**settings: Any) -> PipelineRunner:
        made = pipeline_runner(pipeline, **settings)
        for name, content in RAW.items():
            made.put("lake", f"raw/{name}", content)
        return made

    return runner


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """The recorded run: name, run times and parents of its tasks."""
    shared = Path(os.environ.get("BUNSUI_SHARED") or Path(__file__).parents[3] / ".." / "shared")
    file = shared / "data" / "dags" / "wfinstances.jsonl"
    if not file.exists():
        pytest.skip(f"no recorded data at {file}; set BUNSUI_SHARED")
    with file.open() as lines:
        return next(one for one in map(json.loads, lines) if one["name"] == RECORDED)


def needs() -> dict[str, frozenset[str]]:
    return {name: bound.needs for name, bound in pipeline.operations.items()}


def states(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every state, also those within a Parallel."""
    for state in machine["States"].values():
        yield state
        for branch in state.get("Branches", ()):
            yield from states(branch)


def critical_path(seconds: dict[str, float]) -> float:
    """The longest way through the operations; a job begins when all jobs that it takes from have ended."""
    ends: dict[str, float] = {}
    jobs = job_needs(pipeline.operations, pipeline.jobs)
    for name, bound in pipeline.operations.items():
        before = [one for one in ends if pipeline.operations[one].job in jobs[bound.job]]
        ends[name] = seconds[name] + max((ends[one] for one in (*bound.needs, *before)), default=0.0)
    return max(ends.values())


def in_order(run: PipelineRun) -> bool:
    place = {name: at for at, name in enumerate(run.order)}
    return all(place[earlier] < place[name] for name, found in needs().items() for earlier in found)


def test_the_compiled_pipeline_makes_the_mosaics_that_plain_python_makes(loaded: Make) -> None:
    runner = loaded()
    run = runner.run()
    assert run.succeeded, run.message
    assert set(run.jobs.values()) == {"SUCCEEDED"}
    assert sorted(run.order) == sorted(pipeline.operations)
    assert {run.tries(name) for name in pipeline.operations} == {1}
    assert in_order(run)
    report = run.outputs["colour"]
    for band, mosaic, agreement in zip(survey.BANDS, report.mosaics, report.agreement, strict=True):
        plain = make(band, source.NOISE)
        content = runner.s3.objects[mosaic.image.bucket, mosaic.image.key]
        assert content == fits.encode(plain.mosaic)
        assert (mosaic.band, mosaic.covered, agreement.band) == (band, 1.0, band)
        assert (agreement.before, agreement.after) == (plain.backgrounds.seams, mosaic.seams)
    assert runner.s3.objects[report.picture.bucket, report.picture.key].startswith(b"\x89PNG")


def test_levels_alone_leave_seams(loaded: Make) -> None:
    report = loaded().run(levels_only=True).outputs["colour"]
    assert all(1 < one.after < one.before / 2 for one in report.agreement)
    assert report.picture.key == "pictures/levels/colour.png"


def test_no_interleaving_changes_the_outcome(loaded: Make) -> None:
    """Operations take as long as each other, so that the seed alone says which one is first."""
    runs = [loaded(seed=seed).takes(**dict.fromkeys(pipeline.operations, 1.0)).run() for seed in (1, 2, 3)]
    assert all(run.succeeded and in_order(run) for run in runs)
    assert len({tuple(run.order) for run in runs}) > 1
    assert len({repr(run.outputs["colour"]) for run in runs}) == 1
    assert {run.duration for run in runs} == {9.0}


def test_a_missing_image_fails_with_what_to_do(pipeline_runner: Make) -> None:
    run = pipeline_runner(pipeline).run()
    assert (run.status, run.error) == ("FAILED", "FileNotFoundError")
    assert "load it with: python -m blueprints.montage.load" in run.message


def test_an_image_that_is_none_fails(loaded: Make) -> None:
    run = loaded().put("lake", "raw/h/2.fits", b"GIF89a").run()
    assert (run.status, run.error) == ("FAILED", "ValueError")
    assert "not a FITS file" in run.message
    assert run.tries("project_h_2") == 1


def test_what_s3_throttles_is_tried_again(loaded: Make) -> None:
    throttled = type("ClientError", (Exception,), {})
    run = loaded().fail("correct_j_3", throttled("SlowDown"), times=2).run()
    assert run.succeeded, run.message
    assert run.tries("correct_j_3") == 3


def test_the_graph_is_the_recorded_one(recorded: dict[str, Any]) -> None:
    """Operations are declared in the order of the recorded tasks; only the report takes more: each band's model."""
    names = list(pipeline.operations)
    found = {name: set(earlier) for name, earlier in needs().items()}
    models = {"model_j", "model_h", "model_k"}
    assert models < found["colour"]
    found["colour"] -= models
    assert found == {
        name: {names[parent] for parent in parents} for name, parents in zip(names, recorded["parents"], strict=True)
    }


def test_one_function_serves_all_operations_of_its_kind() -> None:
    made = compiled(pipeline)
    assert len(pipeline.operations) == 58
    assert sorted(made.workers) == sorted(KINDS)


def test_every_machine_is_one_for_step_functions() -> None:
    made = compiled(pipeline)
    for machine in (made.machine, *made.jobs.values()):
        assert Linter.validate(filled(machine.definition)) == []


@pytest.mark.parametrize("band", survey.BANDS)
def test_a_band_is_no_nesting_of_series_and_parallels(band: str) -> None:
    """Every image takes part in three differences, so that branches of the band's machine wait for each other."""
    waits = [state for state in states(compiled(pipeline).jobs[band].definition) if WAIT in state.get("Resource", "")]
    assert len(waits) >= 2


def test_every_operation_starts_when_what_it_takes_is_there(loaded: Make) -> None:
    """Times of different lengths, none of them the sum of others that it could be mistaken for."""
    seconds = {name: 1 + 7 * place % 11 + place / 128 for place, name in enumerate(pipeline.operations)}
    run = loaded().takes(**seconds).run()
    assert run.duration == pytest.approx(critical_path(seconds))


def test_the_recorded_times_take_no_longer_than_their_critical_path(loaded: Make, recorded: dict[str, Any]) -> None:
    seconds = dict(zip(pipeline.operations, recorded["runtime_s"], strict=True))
    run = loaded().takes(**seconds).run()
    assert run.duration == pytest.approx(critical_path(seconds))
