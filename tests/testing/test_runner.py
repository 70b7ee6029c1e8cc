from __future__ import annotations

from collections.abc import Callable

import pytest

from bunsui import BunsuiError
from bunsui.testing import PipelineRunner
from tests.testing.flights import Raw, counting, failing

Make = Callable[..., PipelineRunner]


def test_a_pipeline_runs_with_its_real_functions(pipeline_runner: Make) -> None:
    run = pipeline_runner(counting).put("lake", "raw/1.csv", b"a\nb\nc").run(month=1)
    assert run.succeeded
    assert run.outputs == {"raw": Raw("1.csv", ["a", "b", "c"]), "rows": 3}
    assert run.order == ["raw", "rows"]
    assert run.jobs == {"load": "SUCCEEDED", "count": "SUCCEEDED"}
    assert run.session["status"] == "SUCCEEDED"
    assert run.session["parameters"] == {"month": 1}
    assert run.session["outputs"] == {"count": {"rows": {"value": 3}}}


def test_a_stub_stands_in_and_its_large_result_is_spilled(pipeline_runner: Make) -> None:
    run = pipeline_runner(counting).stub(raw=Raw("big", ["x" * 100] * 1000)).run(month=1)
    assert run.outputs["rows"] == 1000
    assert [(one.operation, one.spilled) for one in run.invocations] == [("raw", True), ("rows", False)]


def test_a_retry_that_succeeds_takes_virtual_time_only(pipeline_runner: Make) -> None:
    runner = pipeline_runner(counting).stub(raw=Raw("a", [])).fail("rows", ValueError("flaky"), times=2).takes(rows=5)
    run = runner.run(month=1)
    assert run.succeeded
    assert run.tries("rows") == 3
    assert [(one.retry, one.error) for one in run.invocations[1:]] == [(0, "ValueError"), (1, "ValueError"), (2, "")]
    assert run.duration == pytest.approx(10 + 20 + 5)


def test_a_function_ends_at_its_own_timeout(pipeline_runner: Make) -> None:
    run = pipeline_runner(counting).stub(raw=Raw("a", [])).takes(raw=61).run(month=1)
    assert (run.status, run.duration, run.invocations[0].error) == ("FAILED", 60, "Sandbox.Timedout")
    assert (run.message, "raw" in run.outputs) == ("timed out after 60 s", False)


def test_a_failure_is_told_and_recorded(pipeline_runner: Make) -> None:
    run = pipeline_runner(counting).stub(raw=Raw("a", [])).fail("rows", KeyError("day")).run(month=1)
    assert (run.status, run.error, run.message) == ("FAILED", "KeyError", "'day'")
    assert run.tries("rows") == 1
    assert run.jobs == {"load": "SUCCEEDED", "count": "FAILED"}
    assert run.session["status"] == "FAILED"
    assert "rows" not in run.outputs


def test_a_missing_object_is_named(pipeline_runner: Make) -> None:
    run = pipeline_runner(counting).run(month=7)
    assert run.error == "FileNotFoundError"
    assert run.message.endswith("/raw/7.csv")


def test_what_is_not_declared_is_refused_as_in_lambda(pipeline_runner: Make) -> None:
    run = pipeline_runner(failing).stub(raw=Raw("a", [])).run(month=1)
    assert run.error == "UndeclaredAccess"
    assert "lake / 'elsewhere'" in run.message
    assert "lake / 'clean'" in run.message


def test_an_exception_as_a_stub_meets_its_fallback(pipeline_runner: Make) -> None:
    undeclared = type("UndeclaredAccess", (RuntimeError,), {})
    runner = pipeline_runner(failing).stub(raw=Raw("a", ["r"]), misplaced="here", guarded=undeclared("no"))
    run = runner.run(month=1)
    assert run.succeeded
    assert run.session["outputs"]["main"]["guarded"] == {"value": "nobody knows"}


def test_the_same_seed_gives_the_same_run(pipeline_runner: Make) -> None:
    orders = {
        tuple(pipeline_runner(failing, seed=7).stub(raw=Raw("a", []), misplaced="x").run(month=1).order)
        for _ in range(5)
    }
    assert len(orders) == 1


def test_time_passes_when_the_test_says_so(pipeline_runner: Make) -> None:
    started = pipeline_runner(counting).stub(raw=Raw("a", ["r"])).takes(raw=60, rows=30).start(month=1)
    assert started.now.order == ["raw"]
    assert started.now.session["status"] == "RUNNING"
    assert started.advance(59).jobs == {"load": "RUNNING"}
    assert started.advance(1).jobs == {"load": "SUCCEEDED", "count": "RUNNING"}
    assert started.finish().duration == 90


def test_a_stopped_session_runs_nothing_more(pipeline_runner: Make) -> None:
    started = pipeline_runner(counting).stub(raw=Raw("a", [])).takes(raw=60).start(month=1)
    started.advance(10)
    assert started.stop("enough").status == "ABORTED"
    assert started.advance(1000).order == ["raw"]


def test_wrong_names_and_parameters_are_told(pipeline_runner: Make) -> None:
    with pytest.raises(BunsuiError) as unknown:
        pipeline_runner(counting).stub(row=1)
    assert unknown.value.code == "BUN703"
    with pytest.raises(BunsuiError) as wrong:
        pipeline_runner(counting).run(month="x")
    assert wrong.value.code == "BUN405"
    with pytest.raises(BunsuiError) as bucket:
        pipeline_runner(counting).put("lakes", "k", b"")
    assert bucket.value.code == "BUN703"
