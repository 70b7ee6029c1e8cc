"""An operation for each element of a list, within the execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statelint.linter import Linter

from bunsui import BunsuiError, Choice, Fallback, Handle, Job, Map, Operation, Parameter, Pipeline, Retry, Skip, length
from bunsui.simulate.stage import definitions
from bunsui.testing import PipelineRun, PipelineRunner

from .pipelines import compiled, operation, states

Make = Callable[..., PipelineRunner]


def rows(returns: Any = list) -> Operation:
    return operation("rows", (), returns)


def check(returns: Any = Any, **more: Any) -> Operation:
    return operation("check", ("row",), returns, **more)


def report() -> Operation:
    return operation("report", ("checked",), Any)


def runner(*steps: Any, parameters: Any = ()) -> PipelineRunner:
    made = PipelineRunner(Pipeline("p", parameters=parameters, operations=list(steps)))
    for definition in definitions(made._plan).values():
        assert Linter.validate(definition) == []
    return made


def mapped(value: Any, twice: Any = lambda row: row * 2, **more: Any) -> PipelineRun:
    """A run in which `rows` gives a value, `check` doubles each of it, and `report` gives what it gets."""
    numbers = rows()
    steps = (numbers, Map("checked", check(), over=numbers.output, **more), report())
    return runner(*steps).stub(rows=value, check=twice, report=lambda checked: checked).run()


@pytest.mark.parametrize("value", [[], [7], [3, 1, 2], list(range(200))])
def test_results_are_in_the_order_of_the_elements(value: list[int]) -> None:
    run = mapped(value)
    assert run.succeeded
    assert run.outputs["checked"] == run.outputs["report"] == [one * 2 for one in value]
    assert [one.inputs["row"] for one in run.invocations if one.operation == "check"] == value


def test_a_list_in_s3_is_not_read_by_the_state_machine() -> None:
    texts = operation("rows", (), dict[str, list[str]])
    words = Map("checked", check(int), over=texts.output["words"])
    run = runner(texts, words, report()).stub(
        rows={"words": ["x" * size for size in range(0, 20_000, 200)]},
        check=lambda row: len(row),
        report=lambda checked: checked,
    )
    done = run.run()
    assert done.invocations[0].spilled
    assert done.outputs["report"] == list(range(0, 20_000, 200))


def test_large_results_lie_apart_in_s3() -> None:
    numbers = rows()
    made = runner(numbers, Map("checked", check(str), over=numbers.output), report()).stub(
        rows=[1, 500, 2, 600], check=lambda row: str(row % 10) * row, report=lambda checked: checked
    )
    run = made.run()
    assert run.outputs["report"] == ["1", "0" * 500, "22", "0" * 600]
    spilled = sorted(key.rpartition("main/")[2] for _, key in made.s3.objects)
    assert spilled == ["check/1.json", "check/3.json"]


ELEMENTS = [
    [],
    [[]],
    [[1], [2, 3], []],
    [None],
    [None, 1],
    [{"a": [1]}],
    [{}],
    ["", "{% $x %}", "${AWS::Region}"],
    [False],
]


@pytest.mark.parametrize("value", ELEMENTS)
@pytest.mark.parametrize("kind", ["output", "field", "parameter", "field of a parameter", "constant", "list", "map"])
def test_every_json_value_can_be_an_element(value: list[Any], kind: str) -> None:
    given = operation("rows", (), Any)
    one = operation("one", (), Any)
    first = Map("first", operation("same", ("element",), Any), over=given.output)
    over, steps = {
        "output": (given.output, (given,)),
        "field": (given.output.some.list, (given,)),
        "parameter": (Parameter("values", list[Any]), ()),
        "field of a parameter": (Parameter("values", dict[str, list[Any]]).value["some"], ()),
        "constant": (value, ()),
        "list": ([one.output] * len(value), (one,)),
        "map": (first.output, (given, first)),
    }[kind]
    kinds = {"parameter": list[Any], "field of a parameter": dict[str, list[Any]]}
    parameters = [Parameter("values", kinds[kind])] if kind in kinds else []
    made = runner(*steps, Map("checked", check(Any), over=over, item="row"), report(), parameters=parameters)
    made.stub(
        **{step.name: value for step in steps if step is given},
        **{step.name: "x" for step in steps if step is one},
        **({"same": lambda element: element} if kind == "map" else {}),
    )
    if kind == "field":
        made.stub(rows={"some": {"list": value}})
    run = made.stub(check=lambda row: row, report=lambda checked: checked).run(
        **({"values": value if kind == "parameter" else {"some": value}} if parameters else {})
    )
    assert run.status == "SUCCEEDED", run.message
    assert run.outputs["report"] == (["x"] * len(value) if kind == "list" else value)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc$%{}`", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(json, max_size=5))
def test_elements_arrive_as_they_are(value: list[Any]) -> None:
    run = mapped(value, lambda row: row)
    assert run.outputs["report"] == value


def test_more_elements_than_it_may_meet() -> None:
    run = mapped([0] * 4, at_most=3)
    assert (run.status, run.error) == ("FAILED", "Bunsui.TooManyItems")
    assert run.message == ("4 elements are too many for map 'checked', which has at_most=3; add distributed=True")
    assert run.order == ["rows"]


def test_as_many_run_at_a_time_as_it_says() -> None:
    numbers = rows()
    steps = (numbers, Map("checked", check(), over=numbers.output, concurrency=2))
    run = runner(*steps).stub(rows=[1] * 5, check=1).takes(check=10).run()
    assert run.duration == 30


def test_an_element_that_fails_for_good_fails_the_map() -> None:
    numbers = rows()
    retried = check(retry=Retry(attempts=2, on=[ValueError]))

    def picky(row: int) -> int:
        if row == 2:
            raise ValueError("not two")
        return row

    run = runner(numbers, Map("checked", retried, over=numbers.output)).stub(rows=[1, 2, 3], check=picky).run()
    assert (run.status, run.error, run.message) == ("FAILED", "ValueError", "not two")
    assert [one.retry for one in run.invocations if one.inputs == {"row": 2}] == [0, 1]


def even(row: int) -> int:
    if row % 2:
        raise ValueError("odd")
    return row


@pytest.mark.parametrize(
    ("settings", "result"),
    [
        ({"on_error": Fallback(-1)}, [-1, 2, -1]),
        ({"on_error": Skip(on=[ValueError])}, [None, 2, None]),
        ({"on_error": Handle(operation("mend", {"row": 9}, int))}, [9, 2, 9]),
    ],
)
def test_an_element_can_have_another_end(settings: dict[str, Any], result: list[int | None]) -> None:
    numbers = rows()
    made = runner(numbers, Map("checked", check(**settings), over=numbers.output), report())
    handler = settings["on_error"].steps
    made.stub(rows=[1, 2, 3], check=even, report=lambda checked: checked)
    if handler:
        made.stub(mend=lambda row: row)
    assert made.run().outputs["report"] == result


def test_the_handler_gets_the_element_that_failed() -> None:
    numbers = rows()
    mend = operation("mend", ("row", "error"), Any)
    each = check(on_error=Handle(mend, on=[ValueError]))
    made = runner(numbers, Map("checked", each, over=numbers.output), report())
    made.stub(rows=[1, 2, 3], check=even, mend=lambda row, error: f"{row}: {error['message']}")
    assert made.stub(report=lambda checked: checked).run().outputs["report"] == ["1: odd", 2, "3: odd"]


def test_an_element_can_have_a_condition() -> None:
    ready, numbers = operation("ready", (), bool), rows()
    made = runner(ready, numbers, Map("checked", check(when=ready.output), over=numbers.output), report())
    made.stub(rows=[1, 2], check=lambda row: row, report=lambda checked: checked)
    assert made.stub(ready=False).run().outputs["report"] == [None, None]
    assert made.stub(ready=True).run().outputs["report"] == [1, 2]


def test_a_map_can_have_another_end() -> None:
    numbers = rows()
    over = {"over": numbers.output, "on_error": Fallback([0])}
    made = runner(numbers, Map("checked", check(), **over), report())
    made.stub(rows=[1, 2], check=even, report=lambda checked: checked)
    assert made.run().outputs["report"] == [0]
    assert made.stub(rows=[1] * 201).run().outputs["report"] == [0]


def test_a_map_is_skipped_with_its_list() -> None:
    numbers = operation("rows", (), list[int], on_error=Skip())
    made = runner(numbers, Map("checked", check(), over=numbers.output))
    run = made.fail("rows", ValueError("nothing there")).run()
    assert run.succeeded
    assert run.order == ["rows"]
    assert list(run.session["outputs"]["main"]["checked"]) == ["skipped"]


def test_the_length_of_its_list_is_read_by_conditions() -> None:
    numbers = rows()
    many = Map("checked", check(), over=numbers.output)
    last = operation("last", (), int, when=length(many.output) > 2)
    made = runner(numbers, many, last).stub(check=1, last=1)
    assert "last" in made.stub(rows=[1, 2, 3]).run().order
    assert "last" not in made.stub(rows=[1, 2]).run().order


def test_it_may_be_an_alternative() -> None:
    numbers, few = rows(), operation("few", (), list[int])
    choice = Choice("checked", (length(numbers.output) > 1, Map("all", check(), over=numbers.output)), otherwise=few)
    made = runner(numbers, choice, report()).stub(few=[0], check=lambda row: row, report=lambda checked: checked)
    assert made.stub(rows=[1, 2]).run().outputs["report"] == [1, 2]
    assert made.stub(rows=[1]).run().outputs["report"] == [0]


def test_it_takes_what_other_jobs_make_and_gives_to_others() -> None:
    numbers = rows()
    made = Map("checked", check(), over=numbers.output)
    pipeline = Pipeline("p", jobs=[Job("a", numbers), Job("b", made), Job("c", report())])
    run = PipelineRunner(pipeline).stub(rows=[4, 5], check=lambda row: row, report=lambda checked: checked).run()
    assert run.outputs["report"] == [4, 5]


def test_one_element_is_one_state() -> None:
    numbers = rows()
    (definition,) = (
        one.definition
        for one in compiled(
            Pipeline("p", operations=[numbers, Map("checked", check(), over=numbers.output)])
        ).jobs.values()
    )
    assert [name for name, _ in states(definition)] == ["rows", "checked: count", "checked: too many", "checked"]
    processor = definition["States"]["checked"]["ItemProcessor"]
    assert list(processor["States"]) == ["check"]


@pytest.mark.parametrize(
    ("retry", "at_most", "reason"),
    [
        (Retry(attempts=50), 200, "an execution's history has room for 87"),
        (None, 700, "their results have room for"),
    ],
)
def test_more_elements_than_there_is_room_for(retry: Retry | None, at_most: int, reason: str) -> None:
    numbers = rows()
    declared = Pipeline(
        "p", operations=[numbers, Map("checked", check(str, retry=retry), over=numbers.output, at_most=at_most)]
    )
    with pytest.raises(BunsuiError, match=reason) as raised:
        compiled(declared)
    assert raised.value.code == "BUN301"
    assert raised.value.where is not None
    most = raised.value.message.rpartition(" ")[2]
    assert raised.value.hint == f"add distributed=True, or at_most={most}"
    fitting = Map("checked", check(str, retry=retry), over=numbers.output, at_most=int(most))
    compiled(Pipeline("p", operations=[numbers, fitting]))


def test_many_maps_share_the_room() -> None:
    numbers = rows()
    names = [f"map{number}" for number in range(8)]
    maps = [
        Map(name, operation(f"check_{name}", ("row",), str), over=numbers.output, item="row", at_most=40)
        for name in names
    ]
    last = operation("last", names, Any)
    made = runner(numbers, *maps, last).stub(
        rows=[300] * 40, last=lambda **lists: [len("".join(one)) for one in lists.values()]
    )
    made.stub(**{f"check_{name}": lambda row: '"' * row for name in names})
    assert made.run().outputs["last"] == [12_000] * 8
