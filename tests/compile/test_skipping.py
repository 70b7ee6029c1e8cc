"""Steps that are skipped, and what becomes of those that take their results."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui import Job, Map, Parameter, Pipeline, Skip, exists
from bunsui.testing import PipelineRunner

from .deciding import Default, linted, outputs, run, runner, states, step

SKIPPED = "count.output > 0 does not hold"


def counted(**settings: Any) -> tuple[Any, Any]:
    count = step("count")
    return count, step("work", {"count": int}, when=count.output > 0, **settings)


def test_a_condition_that_holds_changes_nothing_else() -> None:
    assert outputs(run(*counted(), count=1, work=2)) == {"work": {"value": 2}}


def test_a_condition_that_does_not_hold_skips() -> None:
    found = run(*counted(), count=0, work=2)
    assert outputs(found) == {"work": {"skipped": SKIPPED}}
    assert found.order == ["count"]


def test_only_what_can_be_skipped_has_more_states() -> None:
    count, work = counted()
    last = step("last", {"work": int | None})
    assert states(runner(count, work, last)) == ["count", "work: when", "work", "work: skipped", "last"]


TAKERS: list[tuple[Any, Any]] = [
    (int | None, None),
    (Default(int), "left out"),
    (Default(int | None), "left out"),
    (list[int | None], [None, 3]),
]


@pytest.mark.parametrize(("kind", "given"), TAKERS, ids=["None", "default", "default or None", "list"])
def test_who_can_do_without_runs(kind: Any, given: Any) -> None:
    count, work = counted()
    fed = {"inputs": {"work": [work, 3]}} if isinstance(given, list) else {}
    found = run(count, work, step("last", {"work": kind}, **fed), count=0, work=1, last=lambda work="left out": 5)
    assert outputs(found) == {"last": {"value": 5}}
    assert found.invocations[-1].inputs == ({} if given == "left out" else {"work": given})


@pytest.mark.parametrize("kind", [int, Any, object, list[int]], ids=str)
def test_who_cannot_do_without_is_skipped_too(kind: Any) -> None:
    count, work = counted()
    fed = {"inputs": {"work": [work, 3]}} if kind == list[int] else {}
    last = step("last", {"work": kind}, **fed)
    found = run(count, work, last, step("end", {"last": int}), count=0)
    assert outputs(found) == {"end": {"skipped": f"because work was skipped: {SKIPPED}"}}
    assert found.order == ["count"]


def test_a_field_of_what_was_skipped_is_none_too() -> None:
    count = step("count")
    work = step("work", returns=dict[str, int], when=count.output > 0)
    last = step("last", {"rows": int | None}, inputs={"rows": work.output.rows})
    found = run(count, work, last, count=0, last=lambda rows: -1 if rows is None else rows)
    assert outputs(found) == {"last": {"value": -1}}


def test_what_comes_after_it_by_order_alone_runs() -> None:
    count, work = counted()
    last = step("last")
    work >> last
    assert outputs(run(count, work, last, count=0, last=1))["last"] == {"value": 1}


def test_conditions_on_what_was_skipped() -> None:
    count, work = counted()
    with_it = step("with_it", when=work.output > 0)
    without = step("without", when=~exists(work.output))
    steps = (count, work, with_it, without)
    assert set(run(*steps, count=0, work=1, with_it=1, without=1).order) == {"count", "without"}
    assert set(run(*steps, count=1, work=1, with_it=1, without=1).order) == {"count", "work", "with_it"}


def test_the_first_reason_is_told() -> None:
    count, work = counted()
    other = step("other", when=count.output > 1)
    last = step("last", {"work": int, "other": int}, when=count.output > 2)
    steps = (count, work, other, last)
    assert outputs(run(*steps, count=0)) == {"last": {"skipped": f"because work was skipped: {SKIPPED}"}}
    reason = "because other was skipped: count.output > 1 does not hold"
    assert outputs(run(*steps, count=1, work=1)) == {"last": {"skipped": reason}}
    assert outputs(run(*steps, count=2, work=1, other=1)) == {"last": {"skipped": "count.output > 2 does not hold"}}


def test_a_long_reason_is_cut() -> None:
    mode = Parameter("mode", str)
    work = step("work", when=mode.value == "x" * 500)
    made = runner(work, parameters=[mode])
    reason = outputs(made.run(mode="y"))["work"]["skipped"]
    assert len(reason) < 130
    assert reason.startswith("mode.value == 'xxx")
    assert reason.endswith("x… does not hold")


def test_skipped_in_a_branch_and_joined_again() -> None:
    start = step("start")
    left, right = step("left", {"start": int}, when=start.output > 0), step("right", {"start": int})
    both = step("both", {"left": int | None, "right": int})
    found = run(start, left, right, both, start=0, right=2, both=lambda left, right: right if left is None else left)
    assert outputs(found) == {"both": {"value": 2}}


@pytest.mark.parametrize("start", [0, 1])
def test_skipped_before_a_join_across_branches(start: int) -> None:
    """The shape of an N, which needs a join: what was skipped arrives there as what ran does."""
    first, b = step("first"), step("b", {"first": int})
    a = step("a", {"first": int}, when=first.output > 0)
    c, d = step("c", {"a": int | None}), step("d", {"a": int | None, "b": int})
    found = run(first, a, b, c, d, first=start, a=7, b=8, c=1, d=lambda a, b: (a or 0) + b)
    assert outputs(found) == {"c": {"value": 1}, "d": {"value": 15 if start else 8}}


def test_reasons_cross_jobs() -> None:
    count, work = counted()
    jobs = [Job("one", count, work), Job("two", step("last", {"work": int}))]
    made = linted(PipelineRunner(Pipeline("p", jobs=jobs))).stub(count=0)
    assert outputs(made.run(), "two") == {"last": {"skipped": f"because work was skipped: {SKIPPED}"}}


def test_skipped_is_told_by_the_runner() -> None:
    count, work = counted()
    found = run(count, work, step("last", {"work": int}), step("end", {"work": int | None}), count=0, end=1)
    assert found.skipped == {"work": SKIPPED, "last": f"because work was skipped: {SKIPPED}"}
    assert run(*counted(), count=1, work=1).skipped == {}


def test_skipped_after_a_failure() -> None:
    first = step("first", on_error=Skip(on=[ValueError]))
    steps = (first, step("last", {"first": int}))
    found = runner(*steps).fail("first", ValueError("no")).run()
    assert outputs(found) == {"last": {"skipped": "because first was skipped: it failed with ValueError"}}
    assert runner(*steps).fail("first", KeyError("no")).run().error == "KeyError"


def test_an_element_of_a_map_that_was_skipped_is_none() -> None:
    count, work = counted()
    each = step("each", {"i": int | None}, str)
    found = run(count, work, Map("m", each, over=[count.output, work.output]), count=0, work=1, each=lambda i: repr(i))
    assert found.outputs["m"] == ["0", "None"]
