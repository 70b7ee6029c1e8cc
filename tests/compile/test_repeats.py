"""Repetitions: pages with a cursor, polls with a pause, and what happens when the condition never holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import pytest
from statelint.linter import Linter

from bunsui import BunsuiError, Fallback, Lambda, Parameter, Pipeline, Repeat, Retry, operation
from bunsui.testing import PipelineRunner

Make = Callable[..., PipelineRunner]


class Page(TypedDict):
    items: list[int]
    next: str | None


@operation(runs=Lambda(), retry=Retry(attempts=2, interval=1, on=[ConnectionError]))
def fetch(cursor: str | None, size: int) -> Page:
    raise NotImplementedError


@operation(runs=Lambda())
def total(pages: Page) -> int:
    return sum(pages["items"])


@operation(runs=Lambda())
def start() -> str:
    return "a"


PAGES = {None: Page(items=[1], next="b"), "b": Page(items=[2], next="c"), "c": Page(items=[3, 4], next=None)}


def page(cursor: str | None, size: int) -> Page:
    found = PAGES[cursor]
    return Page(items=found["items"] * size, next=found["next"])


def pages(**settings: object) -> Pipeline:
    repeated = Repeat(
        "pages",
        fetch,
        **{
            "carry": {"cursor": fetch.output.next},
            "inputs": {"cursor": None},
            "until": fetch.output.next == None,  # noqa: E711 - a condition
            **settings,
        },
    )
    return Pipeline("p", parameters=[Parameter("size", int)], operations=[repeated, total])


def test_it_goes_on_from_where_it_was(pipeline_runner: Make) -> None:
    run = pipeline_runner(pages()).stub(fetch=page).run(size=1)
    assert [one.inputs["cursor"] for one in run.invocations if one.operation == "fetch"] == [None, "b", "c"]
    assert run.outputs["total"] == 7


def test_a_pause_between_rounds(pipeline_runner: Make) -> None:
    run = pipeline_runner(pages(pause=60)).stub(fetch=page).run(size=1)
    assert run.duration == pytest.approx(120, abs=1)


def test_large_results_of_rounds_do_not_overwrite_each_other(pipeline_runner: Make) -> None:
    runner = pipeline_runner(pages()).stub(fetch=page)
    run = runner.run(size=40_000)
    assert run.outputs["total"] == 7 * 40_000
    spilled = [key for _, key in runner.s3.objects if "/fetch/" in key]
    assert len(spilled) == 3


def test_a_round_is_retried_by_itself(pipeline_runner: Make) -> None:
    run = pipeline_runner(pages()).stub(fetch=page).fail("fetch", ConnectionError("reset"), times=1).run(size=1)
    assert run.succeeded
    assert run.tries("fetch") == 4


def test_the_first_value_may_come_from_anywhere(pipeline_runner: Make) -> None:
    repeated = Repeat(
        "pages",
        fetch,
        carry={"cursor": fetch.output.next},
        inputs={"cursor": start.output},
        until=fetch.output.next == "c",
    )
    pipeline = Pipeline("p", parameters={"size": int}, operations=[start, repeated, total])
    run = pipeline_runner(pipeline).stub(start="b", fetch=page).run(size=1)
    assert (run.outputs["total"], run.tries("fetch")) == (2, 1)


def test_too_many_rounds(pipeline_runner: Make) -> None:
    run = pipeline_runner(pages(at_most=2)).stub(fetch=page).run(size=1)
    assert (run.status, run.error) == ("FAILED", "Bunsui.NotDone")
    assert run.message == "not so after 2 rounds: fetch.output.next == None"
    assert run.tries("fetch") == 2


def test_too_many_rounds_can_be_caught(pipeline_runner: Make) -> None:
    declared = pages(at_most=2, on_error=Fallback({"items": [9], "next": None}, on="Bunsui.NotDone"))
    assert pipeline_runner(declared).stub(fetch=page).run(size=1).outputs["total"] == 9


def test_the_machines_are_well_formed(pipeline_runner: Make) -> None:
    for made in (pages(), pages(pause=5, at_most=1)):
        assert Linter.validate(pipeline_runner(made)._plan.jobs["main"].definition) == []


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({"carry": {"curser": fetch.output.next}}, "BUN108", "did you mean 'cursor'"),
        ({"carry": {"cursor": start.output}}, "BUN101", "no result of 'fetch'"),
        ({"carry": {"cursor": fetch.output.items}}, "BUN104", "cursor"),
        ({"until": True}, "BUN101", "until=True is no condition"),
        ({"at_most": 501}, "BUN101", "at_most"),
    ],
)
def test_what_is_wrong(settings: dict[str, object], code: str, says: str) -> None:
    with pytest.raises(BunsuiError) as caught:
        pages(**settings)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_who_carries_what_may_lie_in_s3_may_read_it(pipeline_runner: Make) -> None:
    made = pipeline_runner(pages())._plan
    (worker,) = [worker for worker in made.workers.values() if worker.why[0].operation == "fetch"]
    reasons = {call.why.reason for call in made.worker_calls[worker.name] if call.action == "s3:GetObject"}
    assert reasons == {"an input passed by reference"}
