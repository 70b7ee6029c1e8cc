"""Jobs that are skipped as a whole, and what happens when one failed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bunsui import BunsuiError, Failure, Fallback, Handle, Job, Parameter, Pipeline, Skip, exists, length
from bunsui.compile import failure
from bunsui.interpreter.jsonata import compiled as jsonata
from bunsui.testing import PipelineRunner

from .deciding import linted, outputs, step

REASON = "count.output > 0 does not hold"


def pipeline(**settings: Any) -> PipelineRunner:
    """Jobs one, two (`a`, with what is given) and three (`b` needs `a`, `c` can do without it)."""
    count = step("count")
    a = step("a", {"count": int})
    b, c = step("b", {"a": int}), step("c", {"a": int | None})
    if settings.pop("decided", False):
        settings["when"] = count.output > 0
    jobs = [Job("one", count), Job("two", a, **settings), Job("three", b, c)]
    return linted(PipelineRunner(Pipeline("p", jobs=jobs))).stub(count=1, a=2, b=3, c=4)


def test_a_job_whose_condition_holds_runs() -> None:
    run = pipeline(decided=True).run()
    assert run.jobs == dict.fromkeys(("one", "two", "three"), "SUCCEEDED")
    assert outputs(run, "three") == {"b": {"value": 3}, "c": {"value": 4}}


def test_a_job_that_is_skipped_has_no_results() -> None:
    run = pipeline(decided=True).stub(count=0).run()
    assert run.jobs == {"one": "SUCCEEDED", "two": "SKIPPED", "three": "SUCCEEDED"}
    assert outputs(run, "three") == {"b": {"skipped": f"because a was skipped: {REASON}"}, "c": {"value": 4}}
    assert run.order == ["count", "c"]
    assert run.skipped == {"a": REASON, "b": f"because a was skipped: {REASON}"}
    (record,) = [one for one in run.job_runs if one["job"] == "two"]
    assert (record["cause"], record["outputs"]) == (REASON, {"a": {"skipped": REASON}})
    assert record["started"] == record["finished"]


def test_conditions_on_parameters_and_jobs_that_only_follow() -> None:
    month = Parameter("month", int)
    first, second = step("first"), step("second")
    one, two = Job("one", first, when=month.value > 6), Job("two", second)
    one >> two
    made = linted(PipelineRunner(Pipeline("p", parameters=[month], jobs=[one, two]))).stub(first=1, second=2)
    run = made.run(month=1)
    assert run.session["outputs"] == {
        "one": {"first": {"skipped": "month.value > 6 does not hold"}},
        "two": {"second": {"value": 2}},
    }
    assert made.run(month=7).order == ["first", "second"]


def test_conditions_read_what_no_operation_takes() -> None:
    words = step("words", returns=list[str])
    jobs = [Job("one", words), Job("two", step("work"), when=(length(words.output) > 1) & exists(words.output))]
    made = linted(PipelineRunner(Pipeline("p", jobs=jobs))).stub(work=1)
    assert made.stub(words=["x" * 100] * 1000).run().session["outputs"] == {"two": {"work": {"value": 1}}}
    assert made.stub(words=["x"]).run().jobs["two"] == "SKIPPED"


def test_a_job_after_one_that_was_skipped_decides_for_itself() -> None:
    count, a, b = step("count"), step("a"), step("b")
    jobs = [
        Job("one", count),
        Job("two", a, when=count.output > 0),
        Job("three", b, when=a.output > 0),
        Job("four", step("c"), when=~exists(a.output)),
    ]
    made = linted(PipelineRunner(Pipeline("p", jobs=jobs))).stub(a=1, b=1, c=1)
    assert made.stub(count=0).run().order == ["count", "c"]
    assert made.stub(count=1).run().order == ["count", "a", "b"]


FAILED = "it failed with ValueError"


def test_a_failed_job_may_be_skipped() -> None:
    run = pipeline(on_error=Skip()).fail("a", ValueError("no")).run()
    assert run.jobs == {"one": "SUCCEEDED", "two": "FAILED", "three": "SUCCEEDED"}
    assert outputs(run, "three") == {"b": {"skipped": f"because a was skipped: {FAILED}"}, "c": {"value": 4}}
    (record,) = [one for one in run.job_runs if one["job"] == "two"]
    assert record["handled"] is True
    assert record["outputs"] == {"a": {"skipped": FAILED}}
    assert record["error"] == "States.TaskFailed"


@pytest.mark.parametrize(
    ("on", "error", "status"),
    [
        ([ValueError], ValueError("no"), "SUCCEEDED"),
        ([ValueError], KeyError("no"), "FAILED"),
        (["States.TaskFailed"], KeyError("no"), "SUCCEEDED"),
        ([ValueError, KeyError], KeyError("no"), "SUCCEEDED"),
    ],
)
def test_only_named_errors_of_the_operations_are_handled(on: Any, error: Exception, status: str) -> None:
    run = pipeline(on_error=Skip(on=on)).fail("a", error).run()
    assert run.status == status
    assert run.error == ("" if status == "SUCCEEDED" else type(error).__name__)
    (record,) = [one for one in run.job_runs if one["job"] == "two"]
    assert ("handled" in record) is (status == "SUCCEEDED")


@pytest.mark.parametrize(("on", "status"), [(["States.Timeout"], "SUCCEEDED"), ([ValueError], "FAILED")])
def test_a_timeout_of_the_job_is_one(on: Any, status: str) -> None:
    assert pipeline(timeout=5, on_error=Skip(on=on)).takes(a=60).run().status == status


def test_values_may_stand_in_for_results() -> None:
    count, a, b = step("count"), step("a", {"count": int}, returns=list[int]), step("b", {"count": int})
    last = step("last", {"a": list[int], "b": int | None}, when=length(a.output) > 0)
    job = Job("two", a, b, on_error=Fallback({a: [7]}))
    made = linted(PipelineRunner(Pipeline("p", jobs=[Job("one", count), job, Job("three", last)])))
    made.stub(count=1, a=[1], b=2, last=lambda a, b: a[0]).fail("b", ValueError("no"))
    run = made.run()
    assert outputs(run, "three") == {"last": {"value": 7}}
    assert run.invocations[-1].inputs == {"a": [7], "b": None}


def test_values_have_to_fit_into_the_pipelines_machine() -> None:
    a = step("a", returns=str)
    PipelineRunner(Pipeline("p", jobs=[Job("one", a, on_error=Fallback({a: "x" * 32_000}))]))
    with pytest.raises(BunsuiError) as raised:
        PipelineRunner(Pipeline("p", jobs=[Job("one", a, on_error=Fallback({a: "x" * 33_000}))]))
    assert raised.value.code == "BUN301"


def rescued(takes: Any = None, **settings: Any) -> PipelineRunner:
    rescue = step("rescue", {"error": Failure} if takes is None else takes)
    return pipeline(on_error=Handle(rescue, **settings)).stub(rescue=9).fail("a", ValueError("row 7"))


def test_a_handler_runs_as_a_job_of_its_own() -> None:
    run = rescued().run()
    assert run.jobs == {"one": "SUCCEEDED", "two": "FAILED", "two-handler": "SUCCEEDED", "three": "SUCCEEDED"}
    assert run.order == ["count", "a", "rescue", "c"]
    assert run.invocations[2].inputs == {"error": {"error": "ValueError", "message": "row 7"}}
    assert run.invocations[2].job == "two-handler"
    assert set(run.session["outputs"]) == {"three"}
    assert run.skipped["a"] == FAILED


def test_a_handler_takes_results_of_earlier_jobs() -> None:
    made = rescued({"count": int})
    assert made.run().invocations[2].inputs == {"count": 1}


def test_a_handler_does_not_run_when_nothing_failed() -> None:
    run = rescued().fail("a", ValueError("no"), times=0).run()
    assert "two-handler" not in run.jobs
    assert run.succeeded


def test_a_handler_that_fails_fails_the_session() -> None:
    run = rescued().fail("rescue", OSError("gone")).run()
    assert (run.status, run.error, run.message) == ("FAILED", "OSError", "gone")
    assert run.jobs["two-handler"] == "FAILED"


def test_a_handler_is_asked_only_about_its_errors() -> None:
    run = rescued(on=[KeyError]).run()
    assert (run.error, run.order) == ("ValueError", ["count", "a"])


def test_jobs_beside_a_failed_one_go_on() -> None:
    first, left, right = step("first"), step("left", {"first": int}), step("right", {"first": int})
    last = step("last", {"left": int | None, "right": int})
    jobs = [Job("one", first), Job("two", left, on_error=Skip()), Job("three", right), Job("four", last)]
    made = linted(PipelineRunner(Pipeline("p", jobs=jobs))).stub(first=1, right=2, last=lambda left, right: right)
    made.fail("left", ValueError("no")).takes(right=50)
    assert outputs(made.run(), "four") == {"last": {"value": 2}}


def test_the_same_declaration_can_be_built_twice() -> None:
    rescue = step("rescue")
    jobs = [Job("one", step("a"), on_error=Handle(rescue))]
    first = Pipeline("p", jobs=jobs)
    assert [job.name for job in first.jobs] == ["one", "one-handler"]
    assert [job.name for job in Pipeline("q", jobs=first.jobs).jobs] == ["one", "one-handler"]


INNER = json.dumps({"errorMessage": "no day", "errorType": "ValueError"})
DESCRIPTION = json.dumps({"Cause": INNER, "Error": "ValueError", "ExecutionArn": "arn"}).removesuffix("}")
CAUGHT = [
    ({"Error": "States.TaskFailed", "Cause": DESCRIPTION + "}"}, "ValueError", "no day"),
    ({"Error": "States.TaskFailed", "Cause": DESCRIPTION + ',"Input":"cut'}, "ValueError", None),
    ({"Error": "States.TaskFailed", "Cause": "words"}, "States.TaskFailed", "words"),
    ({"Error": "States.Timeout"}, "States.Timeout", ""),
    ({"Error": "States.TaskFailed", "Cause": '{"ExecutionArn":"arn","Status":"ABORTED"}'}, "States.TaskFailed", ""),
]


@pytest.mark.parametrize(("caught", "error", "message"), CAUGHT)
def test_what_a_job_failed_with(caught: Any, error: str, message: str | None) -> None:
    assert jsonata(failure.job_error("$caught")).evaluate({"caught": caught}, None) == error  # type: ignore[arg-type]
    told = jsonata(failure.job_message("$caught")).evaluate({"caught": caught}, None)  # type: ignore[arg-type]
    assert told == (caught["Cause"] if message is None else message)
