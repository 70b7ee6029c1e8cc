"""Approvals: compiled, and answered on the interpreter."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bunsui import Approval, BunsuiError, Decision, Fallback, Lambda, Parameter, Pipeline, operation
from bunsui.testing import PipelineRunner, Reply

Make = Callable[..., PipelineRunner]


@operation(runs=Lambda())
def total(month: str) -> dict[str, int]:
    raise NotImplementedError


@operation(runs=Lambda())
def paid(pay: Decision) -> str:
    return f"{pay['approved']} by {pay['by'].rpartition('/')[2]}: {pay['comment']}"


def pipeline(**settings: object) -> Pipeline:
    pay = Approval(
        "pay", message='Pay {sum} "€" for {month}?', inputs={"sum": total.output.sum}, timeout=3600, **settings
    )
    return Pipeline("bills", parameters=[Parameter("month", str)], operations=[total, pay, paid])


def test_yes_goes_on_with_the_decision(pipeline_runner: Make) -> None:
    runner = pipeline_runner(pipeline()).stub(total={"sum": 12})
    run = runner.answer("pay", Reply("approve", "go", after=600)).run(month="may")
    assert run.outputs["paid"] == "True by tester: go"
    assert run.duration == 600


def test_the_message_holds_the_inputs(pipeline_runner: Make) -> None:
    started = pipeline_runner(pipeline(approvers="arn:*:user/ann")).stub(total={"sum": 12}).start(month="may")
    started.handle.advance(1)
    (question,) = started.questions
    assert question["message"] == 'Pay 12 "€" for may?'
    assert question["approvers"] == '["arn:*:user/ann"]'
    assert (question["operation"], question["job"], question["session"]) == ("pay", "main", "test-session")
    assert started.now.status == "RUNNING"
    assert started.answer("pay", "approve").status == "SUCCEEDED"


def test_no_fails_the_job(pipeline_runner: Make) -> None:
    run = (
        pipeline_runner(pipeline()).stub(total={"sum": 12}).answer("pay", Reply("reject", "too much")).run(month="may")
    )
    assert (run.status, run.error) == ("FAILED", "Bunsui.Rejected")
    assert "too much" in run.message
    assert "paid" not in run.outputs


def test_no_can_be_a_decision_too(pipeline_runner: Make) -> None:
    runner = pipeline_runner(pipeline(rejected="continue")).stub(total={"sum": 12})
    run = runner.answer("pay", "reject").run(month="may")
    assert run.outputs["paid"] == "False by tester: "


def test_no_can_be_caught(pipeline_runner: Make) -> None:
    instead = {"approved": False, "by": "", "comment": "instead", "at": ""}
    declared = pipeline(on_error=Fallback(instead, on="Bunsui.Rejected"))
    run = pipeline_runner(declared).stub(total={"sum": 12}).answer("pay", "reject").run(month="may")
    assert run.outputs["paid"] == "False by : instead"


@pytest.mark.parametrize(("silence", "outcome"), [("approve", "True"), ("reject", "False")])
def test_silence_is_an_answer(pipeline_runner: Make, silence: str, outcome: str) -> None:
    declared = pipeline(on_timeout=silence, rejected="continue")
    run = pipeline_runner(declared).stub(total={"sum": 12}).run(month="may")
    assert run.outputs["paid"] == f"{outcome} by : no answer within 3,600 seconds"
    assert run.duration == pytest.approx(3600, abs=1)


def test_silence_fails(pipeline_runner: Make) -> None:
    run = pipeline_runner(pipeline()).stub(total={"sum": 12}).run(month="may")
    assert (run.status, run.error) == ("FAILED", "States.Timeout")


def test_who_says_nothing_for_long_is_not_waited_for(pipeline_runner: Make) -> None:
    run = pipeline_runner(pipeline(heartbeat=60)).stub(total={"sum": 12}).run(month="may")
    assert (run.status, run.error) == ("FAILED", "States.Timeout")
    assert run.duration == pytest.approx(60, abs=1)
    with pytest.raises(BunsuiError, match="shorter than timeout=3600"):
        pipeline(heartbeat=3600)
    with pytest.raises(BunsuiError, match="cannot be an answer"):
        pipeline(heartbeat=60, on_timeout="approve")
