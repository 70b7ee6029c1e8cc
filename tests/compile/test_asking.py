"""A person decides what to do about a failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from statelint.linter import Linter

from bunsui import Ask, Job, Lambda, Pipeline, operation
from bunsui.testing import PipelineRunner, Reply

Make = Callable[..., PipelineRunner]


@operation(runs=Lambda(), on_error=Ask(message="The bank again?", on=[ConnectionError], timeout=3600))
def pay() -> int:
    return 3


@operation(runs=Lambda())
def booked(pay: int | None) -> str:
    return f"booked {pay}"


pipeline = Pipeline("p", operations=[pay, booked])


def test_the_question_says_what_went_wrong(pipeline_runner: Make) -> None:
    started = pipeline_runner(pipeline).fail("pay", ConnectionError("reset by peer")).start()
    started.handle.advance(1)
    (question,) = started.questions
    assert question["message"] == "The bank again? pay failed with ConnectionError: reset by peer"
    assert question["answers"] == '["retry", "skip", "fail"]'


def test_again(pipeline_runner: Make) -> None:
    runner = pipeline_runner(pipeline).fail("pay", ConnectionError("reset"), times=2)
    run = runner.answer("pay", Reply("retry", after=60)).run()
    assert run.outputs["booked"] == "booked 3"
    assert run.tries("pay") == 3
    assert run.duration == pytest.approx(120, abs=1)


def test_without(pipeline_runner: Make) -> None:
    run = pipeline_runner(pipeline).fail("pay", ConnectionError("reset")).answer("pay", "skip").run()
    assert run.outputs["booked"] == "booked None"


@pytest.mark.parametrize("replies", [["fail"], []], ids=["no", "silence"])
def test_not_at_all(pipeline_runner: Make, replies: list[str]) -> None:
    runner = pipeline_runner(pipeline).fail("pay", ConnectionError("reset"))
    run = (runner.answer("pay", *replies) if replies else runner).run()
    assert (run.status, run.error, run.message) == ("FAILED", "ConnectionError", "reset")


def test_other_errors_are_not_asked_about(pipeline_runner: Make) -> None:
    run = pipeline_runner(pipeline).fail("pay", ValueError("no")).answer("pay", "retry").run()
    assert (run.status, run.error) == ("FAILED", "ValueError")


def test_the_machine_is_well_formed(pipeline_runner: Make) -> None:
    assert Linter.validate(pipeline_runner(pipeline)._plan.jobs["main"].definition) == []


def of_jobs() -> Pipeline:
    first = Job("pays", plain, on_error=Ask(message="Go on?", on=[ConnectionError], timeout=3600))
    return Pipeline("p", jobs=[first, Job("books", afterwards)])


@operation(runs=Lambda())
def plain() -> int:
    return 3


@operation(runs=Lambda())
def afterwards(plain: int | None) -> str:
    return f"booked {plain}"


def test_about_a_job(pipeline_runner: Make) -> None:
    started = pipeline_runner(of_jobs()).fail("plain", ConnectionError("reset")).start()
    started.handle.advance(1)
    (question,) = started.questions
    assert question["message"] == "Go on? pays failed with ConnectionError: reset"
    assert (question["answers"], question["job"], question["operation"]) == ('["skip", "fail"]', "pays", "pays")


def test_a_job_that_is_done_without(pipeline_runner: Make) -> None:
    run = pipeline_runner(of_jobs()).fail("plain", ConnectionError("reset")).answer("pays", "skip").run()
    assert run.outputs["afterwards"] == "booked None"
    assert run.jobs == {"pays": "FAILED", "books": "SUCCEEDED"}


@pytest.mark.parametrize("replies", [["fail"], []], ids=["no", "silence"])
def test_a_job_that_fails_the_session(pipeline_runner: Make, replies: list[str]) -> None:
    runner = pipeline_runner(of_jobs()).fail("plain", ConnectionError("reset"))
    run = (runner.answer("pays", *replies) if replies else runner).run()
    assert (run.status, run.error, run.message) == ("FAILED", "ConnectionError", "reset")


def test_a_job_is_asked_about_what_it_says_only(pipeline_runner: Make) -> None:
    run = pipeline_runner(of_jobs()).fail("plain", ValueError("no")).answer("pays", "skip").run()
    assert (run.status, run.error) == ("FAILED", "ValueError")
    made = pipeline_runner(of_jobs())._plan.machine
    assert Linter.validate(made.definition) == []
    asked = [call for call in made.calls if call.why.reason == "ask what to do about a failure"]
    assert [(call.action, call.resource.rpartition("/")[2]) for call in asked] == [
        ("dynamodb:UpdateItem", "bunsui-approvals")
    ]
