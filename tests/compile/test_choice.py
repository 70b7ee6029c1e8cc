"""One of several steps runs, and its result is that of the choice."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui import Choice, Fallback, Handle, Pipeline, exists, length

from .deciding import Default, outputs, run, runner, states, step


def chosen(**settings: Any) -> tuple[Any, ...]:
    rows = step("rows")
    many, some = step("many", {"rows": int}), step("some", returns=str)
    choice = Choice("choice", (rows.output > 9, many), (rows.output > 0, some), **settings)
    return rows, choice


@pytest.mark.parametrize(("rows", "ran", "result"), [(10, "many", 1), (5, "some", "s"), (0, "none", 0.5)])
def test_the_first_that_holds_runs(rows: int, ran: str, result: Any) -> None:
    steps = (*chosen(otherwise=step("none", returns=float)), step("last", {"choice": int | str | float}, returns=Any))
    found = run(*steps, rows=rows, many=1, some="s", none=0.5, last=lambda choice: choice)
    assert outputs(found) == {"last": {"value": result}}
    assert found.order == ["rows", ran, "last"]


def test_without_otherwise_it_is_skipped() -> None:
    steps = (*chosen(), step("last", {"choice": int | str}), step("end", {"choice": Default(int | str)}))
    found = run(*steps, rows=0, end=3)
    reason = "because choice was skipped: none of its conditions holds"
    assert outputs(found) == {"last": {"skipped": reason}, "end": {"value": 3}}
    assert found.skipped == {"choice": "none of its conditions holds", "last": reason}


def test_it_is_one_state_and_its_alternatives() -> None:
    assert states(runner(*chosen())) == ["rows", "choice", "many", "some", "choice: no alternative", "choice: done"][:5]


def test_its_own_condition_stands_before_it() -> None:
    rows = step("rows")
    choice = Choice("choice", (rows.output > 9, step("many")), otherwise=step("few"), when=rows.output > 0)
    found = run(rows, choice, rows=0)
    assert outputs(found) == {"choice": {"skipped": "rows.output > 0 does not hold"}}
    assert outputs(run(rows, choice, rows=1, few=2)) == {"choice": {"value": 2}}


def test_results_of_alternatives_are_read_whichever_ran() -> None:
    rows = step("rows")
    choice = Choice("choice", (rows.output > 0, step("words", returns=list[str])), otherwise=step("word", returns=str))
    last = step("last", {"choice": list[str] | str}, when=length(choice.output) > 3)
    assert outputs(run(rows, choice, last, rows=1, words=["x"] * 4, last=1)) == {"last": {"value": 1}}
    assert "skipped" in outputs(run(rows, choice, last, rows=1, words=["word"]))["last"]
    assert outputs(run(rows, choice, last, rows=0, word="word", last=1)) == {"last": {"value": 1}}


def test_a_large_result_of_an_alternative_is_read_back() -> None:
    rows = step("rows")
    choice = Choice("choice", (rows.output > 0, step("words", returns=list[str])), otherwise=step("few"))
    last = step("last", {"choice": list[str] | int})
    found = run(rows, choice, last, rows=1, words=["x" * 100] * 1000, last=lambda choice: len(choice))
    assert outputs(found) == {"last": {"value": 1000}}
    assert found.invocations[1].spilled


def test_alternatives_have_ways_to_fail_of_their_own() -> None:
    rows, repair = step("rows"), step("repair")
    many = step("many", on_error=Handle(repair, on=[ValueError]))
    few = step("few", on_error=Fallback(7))
    choice = Choice("choice", (rows.output > 9, many), otherwise=few)
    made = runner(rows, choice, step("last", {"choice": int})).fail("many", ValueError("no")).fail("few", OSError("no"))
    made.stub(repair=5, last=lambda choice: choice)
    assert outputs(made.stub(rows=10).run()) == {"last": {"value": 5}}
    assert outputs(made.stub(rows=1).run()) == {"last": {"value": 7}}


def test_an_alternative_that_lacks_an_input_is_skipped_alone() -> None:
    rows = step("rows")
    some = step("some", {"rows": int}, when=rows.output > 5)
    choice = Choice("choice", (rows.output > 1, step("with_some", {"some": int})), otherwise=step("without"))
    steps = (rows, some, choice)
    found = outputs(run(*steps, rows=3))
    assert found == {"choice": {"skipped": "because some was skipped: rows.output > 5 does not hold"}}
    assert outputs(run(*steps, rows=1, without=1))["choice"] == {"value": 1}
    assert outputs(run(*steps, rows=6, some=1, with_some=2)) == {"choice": {"value": 2}}


def test_a_choice_within_a_choice() -> None:
    rows = step("rows")
    inner = Choice("inner", (rows.output > 20, step("huge")), otherwise=step("big"))
    choice = Choice("choice", (rows.output > 9, inner), otherwise=step("small"))
    last = step("last", {"choice": int}, when=exists(choice.output))
    for given, ran in ((30, "huge"), (10, "big"), (1, "small")):
        found = run(rows, choice, last, rows=given, huge=3, big=2, small=1, last=lambda choice: choice)
        assert found.order == ["rows", ran, "last"]
        assert outputs(found) == {"last": {"value": {"huge": 3, "big": 2, "small": 1}[ran]}}


def test_in_a_branch_beside_others() -> None:
    rows, choice = chosen(otherwise=step("none"))
    steps = (rows, choice, step("beside", {"rows": int}), step("last", {"choice": int | str, "beside": int}))
    found = run(*steps, rows=10, many=1, beside=2, last=lambda choice, beside: choice + beside)
    assert outputs(found) == {"last": {"value": 3}}


def test_alternatives_are_units_with_workers_of_their_own() -> None:
    declared = Pipeline("p", operations=list(chosen(otherwise=step("none"))))
    assert set(declared.units) == {"rows", "many", "some", "none"}
    assert set(declared.operations) == {"rows", "choice"}
