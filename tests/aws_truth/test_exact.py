"""JSONata's `$string` rounds every number to 15 digits (jsonata 2.0.6, `functions.js`); results stay what they are."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui import Fallback, Job, Map, Pipeline
from bunsui.errors import BunsuiError
from bunsui.runtime.result import enveloped
from bunsui.testing import Invocation, PipelineRunner
from tests.compile.pipelines import operation


def invocations(value: Any, mapped: str = "") -> list[Invocation]:
    """The calls of `both` when `a` and `b` result in a value, of which one crosses a join as text."""
    a, b = (operation(name, (), Any) for name in "ab")
    both: Any = operation("both", ("a", "b"), Any)
    if mapped:
        both = Map("all", both, over={"a": a, "b": b}[mapped].output, item=mapped)
    ends = (operation("early", ("a",), Any), operation("late", ("b",), Any))
    runner = PipelineRunner(Pipeline("p", operations=[a, b, both, *ends]))
    run = runner.stub(a=value, b=value, both=0, early=0, late=0).run()
    assert run.succeeded
    return [one for one in run.invocations if one.operation == "both"]


@pytest.mark.parametrize("number", [0.1 + 0.2, 3.141592653589793, 1733000000123456, 2**62 + 1, -1e300 / 3, 7, 0.5])
@pytest.mark.parametrize("within", [lambda one: one, lambda one: {"rows": [one, "x"]}], ids=["alone", "within"])
def test_numbers_cross_joins_unrounded(number: float, within: Any) -> None:
    (both,) = invocations(within(number))
    assert both.inputs == {"a": within(number), "b": within(number)}


@pytest.mark.parametrize("of_jobs", [False, True])
@pytest.mark.parametrize("value", [0.1 + 0.2, [1733000000123456, "{% $x %}"]], ids=["alone", "within"])
def test_what_stands_in_for_a_result_crosses_joins_unrounded(value: Any, of_jobs: bool) -> None:
    fallback = {} if of_jobs else {"on_error": Fallback(value)}
    a, b = (operation(name, (), Any, **fallback) for name in "ab")
    steps = [a, b, operation("both", ("a", "b"), Any), operation("early", ("a",), Any), operation("late", ("b",), Any)]
    jobs = [Job(one.name, one, on_error=Fallback({one: value}) if of_jobs and one in (a, b) else None) for one in steps]
    pipeline = Pipeline("p", jobs=jobs) if of_jobs else Pipeline("p", operations=steps)
    runner = PipelineRunner(pipeline).fail("a", KeyError()).fail("b", KeyError()).stub(both=0, early=0, late=0)
    (both,) = [one for one in runner.run().invocations if one.operation == "both"]
    assert both.inputs == {"a": value, "b": value}


def test_the_text_beside_what_stands_in_counts_for_the_room() -> None:
    numbers = [0.1 + 0.2] * 1_200
    for one in (
        Job("main", operation("a", (), Any, on_error=Fallback(numbers))),
        Job("main", operation("a", (), Any), on_error=Fallback({"a": numbers})),
    ):
        with pytest.raises(BunsuiError) as raised:
            PipelineRunner(Pipeline("p", jobs=[one]))
        assert raised.value.code == "BUN301"


@pytest.mark.parametrize("mapped", ["a", "b"])
def test_elements_of_a_list_that_crossed_a_join(mapped: str) -> None:
    numbers = [0.1 + 0.2, 1733000000123456]
    assert [one.inputs[mapped] for one in invocations(numbers, mapped)] == numbers


@pytest.mark.parametrize("value", [0.25, 999_999_999_999_999, "2026-01-01T00:00:00.123456+00:00", [1.5, None, "é"]])
def test_what_cannot_be_rounded_travels_once(value: Any) -> None:
    assert enveloped(value, {"operation": "a", "job": "main"}) == ({"value": value}, 0)


def test_text_counts_for_the_room_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [number / 3 for number in range(1, 40)]
    about = {"operation": "a", "job": "main", "inline": 1_000}
    monkeypatch.setattr("bunsui.runtime.store.artefact_bucket", lambda subject: "artefacts")
    monkeypatch.setattr("bunsui.runtime.result.prefix", lambda about: "there")
    put: list[str] = []
    monkeypatch.setattr("bunsui.runtime.store.put", lambda bucket, key, data, kind: put.append(key))
    assert enveloped(numbers, about)[0] == {"pointer": "there/a.json"}
    assert put == ["there/a.json"]
    assert enveloped(numbers, {**about, "inline": 2_000})[0].keys() == {"value", "text"}
