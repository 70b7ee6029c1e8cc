"""What happens when a step failed for good: it is skipped, handled by an operation, or has a value instead."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui import Choice, Failure, Fallback, Handle, Retry, exists, length
from bunsui.compile import failure
from bunsui.interpreter.jsonata import compiled as jsonata

from .deciding import outputs, runner, step


def handled(takes: Any = None, handler: Any = None, **settings: Any) -> tuple[Any, Any]:
    repair = step("repair", {"error": Failure} if takes is None else takes, **(handler or {}))
    return repair, step("work", on_error=Handle(repair, **settings))


def test_a_handler_runs_instead_and_is_told_what_failed() -> None:
    _, work = handled()
    made = runner(work, step("last", {"work": int})).fail("work", ValueError('row 7 has no "day" \\ 水'))
    found = made.stub(repair=5, last=lambda work: work + 1).run()
    assert outputs(found) == {"last": {"value": 6}}
    assert found.invocations[1].inputs == {"error": {"error": "ValueError", "message": 'row 7 has no "day" \\ 水'}}
    assert found.order == ["work", "repair", "last"]


@pytest.mark.parametrize("takes", [{"error": Any}, {"what": Failure}], ids=str)
def test_a_handler_is_told_by_name_or_by_annotation(takes: Any) -> None:
    name = next(iter(takes))
    _, work = handled(takes)
    found = runner(work).fail("work", KeyError("x")).stub(repair=1).run()
    assert found.invocations[-1].inputs == {name: {"error": "KeyError", "message": "'x'"}}


def test_the_failure_is_a_typed_value() -> None:
    seen: list[Any] = []
    _, work = handled()
    runner(work).fail("work", ValueError("no")).stub(repair=lambda error: seen.append(error) or 1).run()
    assert seen == [{"error": "ValueError", "message": "no"}]


def test_a_handler_may_take_nothing_or_what_its_scope_has() -> None:
    rows = step("rows")
    repair = step("repair", {"rows": int})
    work = step("work", {"rows": int}, on_error=Handle(repair))
    made = runner(rows, work).fail("work", ValueError("no")).stub(rows=4, repair=lambda rows: -rows)
    assert outputs(made.run()) == {"work": {"value": -4}}


def test_a_handler_is_not_asked_about_other_errors() -> None:
    _, work = handled(on=[ValueError])
    found = runner(work).fail("work", KeyError("no")).run()
    assert (found.status, found.error, found.order) == ("FAILED", "KeyError", ["work"])


def test_a_handler_has_a_retry_and_a_fallback_of_its_own() -> None:
    settings = {"retry": Retry(attempts=2), "on_error": Fallback(3)}
    _, work = handled(handler=settings)
    made = runner(work).fail("work", ValueError("no")).fail("repair", OSError("no"))
    found = made.run()
    assert outputs(found) == {"work": {"value": 3}}
    assert [one.inputs for one in found.invocations[1:]] == [{"error": {"error": "ValueError", "message": "no"}}] * 2


def test_a_handler_that_fails_fails_the_job() -> None:
    _, work = handled()
    found = runner(work).fail("work", ValueError("no")).fail("repair", OSError("gone")).run()
    assert (found.status, found.error, found.message) == ("FAILED", "OSError", "gone")


def test_a_handler_that_is_skipped_leaves_the_step_skipped() -> None:
    rows = step("rows")
    some = step("some", {"rows": int}, when=rows.output > 0)
    repair = step("repair", {"some": int})
    work = step("work", {"rows": int}, on_error=Handle(repair))
    made = runner(rows, some, work).fail("work", ValueError("no")).stub(rows=0)
    reason = "because some was skipped: rows.output > 0 does not hold"
    assert outputs(made.run()) == {"work": {"skipped": reason}}


@pytest.mark.parametrize("result", ["x", "x" * 100_000], ids=["small", "large"])
def test_a_handlers_result_is_read_like_that_of_the_step(result: str) -> None:
    repair = step("repair", returns=Any)
    work = step("work", returns=str, on_error=Handle(repair))
    last = step("last", {"work": str}, when=length(work.output) > 0, returns=int)
    made = runner(work, last).fail("work", ValueError("no")).stub(repair=result, last=lambda work: len(work))
    assert outputs(made.run()) == {"last": {"value": len(result)}}


@pytest.mark.parametrize(("value", "runs"), [([1], True), ([], False)])
def test_a_fallback_is_read_like_a_result(value: list[int], runs: bool) -> None:
    work = step("work", returns=list[int], on_error=Fallback(value))
    last = step("last", when=(length(work.output) > 0) & exists(work.output))
    found = runner(work, last).fail("work", ValueError("no")).stub(last=1).run()
    assert ("value" in outputs(found)["last"]) is runs


def test_a_step_of_several_states_is_handled_as_a_whole() -> None:
    rows, one, two = step("rows"), step("one"), step("two")
    choice = Choice("choice", (rows.output > 0, one), otherwise=two, on_error=Fallback(9))
    made = runner(rows, choice, step("last", {"choice": int})).fail("one", ValueError("no"))
    made.stub(rows=1, two=2, last=lambda choice: choice)
    assert outputs(made.run()) == {"last": {"value": 9}}
    assert outputs(made.stub(rows=0).run()) == {"last": {"value": 2}}


CAUSES = [
    ('{"errorMessage": "no day", "errorType": "ValueError"}', "no day"),
    ('{"errorMessage": "", "errorType": "ValueError"}', ""),
    ('{"errorMessage": null}', "null"),
    ("plain words", "plain words"),
    ("", ""),
    ('{"errorMessage": "cut off at 32', '{"errorMessage": "cut off at 32'),
    ('{"other": "json"}', '{"other": "json"}'),
    ("{braces} only", "{braces} only"),
    (None, ""),
]


@pytest.mark.parametrize(("cause", "message"), CAUSES)
def test_a_cause_of_any_kind_is_told(cause: str | None, message: str) -> None:
    caught = {"Error": "ValueError", **({} if cause is None else {"Cause": cause})}
    told = jsonata(failure.message("$caught")).evaluate({"caught": caught}, None)  # type: ignore[arg-type]
    assert told == message
    assert jsonata(failure.error("$caught")).evaluate({"caught": caught}, None) == "ValueError"  # type: ignore[arg-type]
