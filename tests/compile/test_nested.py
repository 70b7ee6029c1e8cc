"""Pipelines as steps of others: what they are given, what they come to, how they fail."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bunsui import (
    Approval,
    Ask,
    BunsuiError,
    Choice,
    Fallback,
    Handle,
    Job,
    Map,
    Nested,
    Operation,
    Parameter,
    Pipeline,
    Retry,
    Skip,
    exists,
    length,
)
from bunsui.compile import cutting
from bunsui.simulate.stage import begin
from bunsui.testing import PipelineRun, PipelineRunner, Reply

from .deciding import Default, linted, step
from .pipelines import compiled


def billing(*steps: Operation, **more: Any) -> Pipeline:
    """A pipeline whose result is `total`, an integer."""
    steps = steps or (step("lines", {"customer": str}, list[int]), step("total", {"lines": list[int], "rate": int}))
    parameters = [Parameter("customer", str), Parameter("rate", int, default=2)]
    used = {name for one in steps for name in (parameter.name for parameter in one.signature().parameters)}
    return Pipeline("billing", parameters=[one for one in parameters if one.name in used], operations=steps, **more)


def outer(*steps: Any, **more: Any) -> PipelineRunner:
    return linted(PipelineRunner(Pipeline("orders", operations=steps, **more)))


def costs(runner: PipelineRunner) -> PipelineRunner:
    return runner.stub(lines=lambda customer: [len(customer), 1], total=lambda lines, rate: sum(lines) * rate)


def test_its_parameters_are_fed_by_name_input_and_default() -> None:
    found, use = step("found", {}, dict[str, str]), step("use", {"billed": int})
    runner = outer(found, Nested("billed", billing(), inputs={"customer": found.output["id"]}), use)
    run = costs(runner).stub(found={"id": "abc", "more": "x" * 90_000}, use=lambda billed: billed).run()
    assert run.outputs["use"] == run.outputs["billed"] == 8
    assert run.order == ["found", "billing.lines", "billing.total", "use"]
    assert run.nested[0]["parameters"] == {"customer": "abc", "rate": 2}


def test_a_parameter_of_the_pipeline_around_feeds_it_by_name() -> None:
    run = costs(outer(Nested("billed", billing()), parameters={"customer": str, "rate": int})).run(
        customer="ab", rate=5
    )
    assert run.session["outputs"] == {"main": {"billed": {"value": 15}}}


def test_lists_and_constants_are_its_parameters() -> None:
    one, two = step("one", {}, int), step("two", {}, int)
    inner = Pipeline(
        "sums",
        parameters={"values": list, "texts": list},
        operations=[step("all", {"values": list, "texts": list}, list)],
    )
    given = {"values": [one, two.output, 7], "texts": ["{% no %}", "${AWS::Region}"]}
    runner = outer(one, two, Nested("sums", inner, inputs=given)).stub(
        one=1, two=2, all=lambda values, texts: [values, texts]
    )
    assert runner.run().outputs["sums.all"] == [[1, 2, 7], given["texts"]]


def test_the_session_is_one_of_its_own_and_knows_its_parent() -> None:
    run = costs(outer(Nested("billed", billing()), parameters={"customer": str})).run(customer="a")
    (inner,) = run.nested
    assert inner["pipeline"] == "billing"
    assert (inner["parent"], inner["step"]) == ("test-session", "main/billed")
    assert (run.session["parent"], run.session["step"]) == ("", "")
    assert re.fullmatch("test-session-[0-9a-f]{12}", inner["session"])
    assert inner["status"] == "SUCCEEDED"
    assert run.jobs == {"main": "SUCCEEDED"}
    assert len(run.job_runs) == 1


def test_the_id_of_a_session_with_a_long_one_still_fits() -> None:
    inner, declared = billing(), step("after", {"billed": int})
    runner = outer(Nested("billed", inner), declared, parameters={"customer": str})
    started = costs(runner.stub(after=0))
    handle, world = begin(runner._plan, {"customer": "a"}, started._stubs, started.s3, session="s" * 40)
    assert handle.wait().status == "SUCCEEDED"
    ids = sorted(item["session"]["S"] for item in world.tables.tables["bunsui-sessions"].items.values())
    assert [len(one) for one in ids] == [40, 40]


def two_results() -> Pipeline:
    return Pipeline(
        "billing", operations=[step("total", {}, int), step("lines", {}, dict[str, list[str]]), step("names", {}, list)]
    )


@pytest.mark.parametrize("size", [1, 2_000])
def test_of_several_results_fields_and_the_whole_are_taken(size: int) -> None:
    nested = Nested("billed", two_results())
    whole = step("whole", {"billed": dict[str, Any]}, list[str])
    part = step("part", {"lines": list[str]}, int, inputs={"lines": nested.output.lines["a"]})
    runner = outer(nested, whole, part).stub(total=3, lines={"a": ["x" * 50] * size}, names=["n"])
    run = runner.stub(whole=lambda billed: sorted(billed), part=lambda lines: len(lines)).run()
    assert run.outputs["whole"] == ["lines", "names", "total"]
    assert run.outputs["part"] == size
    assert run.outputs["billed"]["total"] == 3


def reads(declared: Pipeline, operation: str) -> set[str]:
    """What an operation may do with values that are passed by reference."""
    calls = compiled(declared).worker_calls[operation]
    return {f"{one.action} {one.resource.rpartition('/sessions/')[2]}" for one in calls if "/sessions/" in one.resource}


def test_functions_may_read_what_the_nested_pipeline_keeps_and_no_more() -> None:
    nested = Nested("billed", two_results())
    small = step("small", {"total": int}, int, inputs={"total": nested.output.total})
    large = step("large", {"lines": Any}, int, inputs={"lines": nested.output.lines})
    both = step("both", {"lines": Any, "small": Any}, dict, inputs={"lines": nested.output})
    declared = Pipeline("orders", operations=[nested, small, large, both])
    assert reads(declared, "small") == set()
    assert reads(declared, "large") == {"s3:GetObject billing/*"}
    assert reads(declared, "both") == {"s3:GetObject billing/*", "s3:PutObject orders/*"}


def test_the_job_may_run_the_pipeline_and_nothing_else() -> None:
    declared = Pipeline("orders", operations=[Nested("billed", billing())], parameters={"customer": str})
    found = {
        (one.action, one.resource.rpartition(":stateMachine:")[2])
        for one in compiled(declared, "dev-").jobs["main"].calls
    }
    assert ("states:StartExecution", "dev-billing") in found
    assert {action for action, _ in found if action.startswith("states:")} == {
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
    }


def test_its_error_is_that_of_its_operation() -> None:
    runner = costs(outer(Nested("billed", billing()), parameters={"customer": str}))
    run = runner.fail("total", ValueError("no rate")).run(customer="a")
    assert (run.status, run.error, run.message) == ("FAILED", "ValueError", "no rate")
    assert run.session["error"] == "States.TaskFailed"
    assert run.nested[0]["status"] == "FAILED"


def deep(levels: int, *steps: Operation) -> Pipeline:
    made = Pipeline("level0", operations=steps)
    for level in range(1, levels + 1):
        made = Pipeline(f"level{level}", operations=[Nested("inner", made)])
    return made


def test_pipelines_are_nested_in_nested_ones() -> None:
    run = linted(PipelineRunner(deep(4, step("total", {}, list)))).stub(total=["x" * 40_000]).run()
    assert run.succeeded
    assert run.outputs["inner"] == ["x" * 40_000]
    assert len({one["session"] for one in run.nested}) == 4
    assert sorted(one["parent"] for one in run.nested) == sorted(
        [run.session["session"], *(one["session"] for one in run.nested if one["pipeline"] != "level0")]
    )


def test_an_error_comes_through_several_levels() -> None:
    run = linted(PipelineRunner(deep(4, step("total", {}, list)))).fail("total", KeyError('"it"')).run()
    assert (run.error, run.message) == ("KeyError", "'\"it\"'")


def failing(on_error: Any, **more: Any) -> PipelineRun:
    use = step("use", {"billed": Default(int | None)}, int | str)
    runner = outer(Nested("billed", billing(), on_error=on_error, **more), use, parameters={"customer": str})
    return (
        costs(runner)
        .stub(use=lambda **given: given.get("billed", "nothing"))
        .fail("lines", ValueError("no lines"))
        .run(customer="a")
    )


def test_a_failure_has_the_fallback_for_its_error_by_name() -> None:
    assert failing(Fallback(-1, on=[ValueError])).outputs["use"] == -1
    assert failing(Fallback(-1, on=[KeyError])).error == "ValueError"


def test_a_failure_is_skipped_or_handled() -> None:
    assert failing(Skip()).outputs["use"] == "nothing"
    run = (
        costs(
            outer(
                Nested("billed", billing(), on_error=Handle(step("mended", {"error": dict}, int))),
                parameters={"customer": str},
            )
        )
        .stub(mended=lambda error: len(error["message"]))
        .fail("lines", ValueError("no lines"))
        .run(customer="a")
    )
    assert run.session["outputs"]["main"]["billed"]["value"] == len("no lines")


def test_a_person_lets_it_run_again_in_another_session() -> None:
    runner = costs(outer(Nested("billed", billing(), on_error=Ask()), parameters={"customer": str}))
    run = (
        runner.fail("lines", ValueError("no lines"), times=2)
        .answer("billed", Reply("retry", after=1))
        .run(customer="a")
    )
    assert run.succeeded
    assert sorted(one["status"] for one in run.nested) == ["FAILED", "FAILED", "SUCCEEDED"]


def test_it_is_tried_again_in_another_session() -> None:
    nested = Nested("billed", billing(), retry=Retry(attempts=3, interval=5, backoff=1, jitter=False))
    runner = costs(outer(nested, parameters={"customer": str})).fail("lines", ValueError("no lines"), times=2)
    run = runner.run(customer="a")
    assert run.succeeded
    assert len(run.nested) == 3
    assert run.duration == pytest.approx(10, abs=1)


def test_its_timeout_ends_it() -> None:
    runner = costs(outer(Nested("billed", billing(), timeout=30), parameters={"customer": str})).takes(lines=100)
    run = runner.run(customer="a")
    assert (run.status, run.error) == ("FAILED", "States.Timeout")
    assert run.duration == pytest.approx(30, abs=1)


def conditioned(result: Any, condition: Any, kind: Any) -> str:
    inner = Pipeline("billing", operations=[step("total", {}, kind)])
    nested = Nested("billed", inner)
    use = step("use", {}, int, when=condition(nested.output))
    run = outer(nested, use).stub(total=result, use=1).run()
    return run.error or ("skipped" if "use" in run.skipped else "ran")


@pytest.mark.parametrize(
    ("result", "condition", "kind", "what"),
    [
        (3, lambda output: output > 2, int, "ran"),
        (2, lambda output: output > 2, int, "skipped"),
        ({"n": 3}, lambda output: output.n > 2, dict[str, int], "ran"),
        ({}, lambda output: output.n > 2, dict[str, int], "skipped"),
        ([1, 2], lambda output: length(output) == 2, list[int], "ran"),
        (None, exists, int | None, "skipped"),
        (0, exists, int | None, "ran"),
        (["x" * 40_000], lambda output: length(output) == 1, list[str], "Bunsui.TooLarge"),
        (["x" * 40_000], exists, list[str], "ran"),
    ],
)
def test_conditions_read_its_result(result: Any, condition: Any, kind: Any, what: str) -> None:
    assert conditioned(result, condition, kind) == what


def test_conditions_read_one_of_its_results() -> None:
    nested = Nested("billed", two_results())
    use = step("use", {"n": int}, int, inputs={"n": nested.output.total}, when=nested.output.total > 2)
    runner = outer(nested, use).stub(total=3, lines={"a": ["x" * 40_000]}, names=[], use=lambda n: n)
    assert runner.run().outputs["use"] == 3


def test_a_result_that_feeds_another_pipeline_is_read_inside() -> None:
    nested = Nested("billed", billing(step("total", {"customer": str}, dict[str, str])))
    paid = Nested(
        "paid",
        Pipeline("paying", parameters={"who": str}, operations=[step("pay", {"who": str}, str)]),
        inputs={"who": nested.output.who},
    )
    runner = outer(nested, paid, parameters={"customer": str}).stub(
        total=lambda customer: {"who": customer}, pay=lambda who: who
    )
    assert runner.run(customer="ab").outputs["paid"] == "ab"


def test_what_it_skips_is_skipped_around_it() -> None:
    first = step("first", {}, int)
    inner = Pipeline("billing", operations=[first, step("total", {"first": int}, int, when=first.output > 0)])
    use, lenient = step("use", {"billed": int}), step("lenient", {"billed": int | None}, int | None)
    runner = outer(Nested("billed", inner), use, lenient).stub(first=0, lenient=lambda billed: billed, use=1)
    run = runner.run()
    assert run.outputs["lenient"] is None
    assert run.skipped["use"].endswith("first.output > 0 does not hold")


def test_one_of_its_results_that_may_be_skipped_may_be_none() -> None:
    first = step("first", {}, int)
    inner = Pipeline("billing", operations=[first, step("a", {}, int, when=first.output > 0), step("b", {}, int)])
    nested = Nested("billed", inner)
    with pytest.raises(BunsuiError, match="BUN104"):
        Pipeline("orders", operations=[nested, step("use", {"a": int}, inputs={"a": nested.output.a})])
    nested = Nested("billed", inner)
    use = step("use", {"a": int | None}, inputs={"a": nested.output.a})
    run = outer(nested, use).stub(first=0, a=1, b=2, use=lambda a: 5 if a is None else a).run()
    assert run.outputs["use"] == 5


def test_its_condition_skips_it() -> None:
    count = step("count", {}, int)
    runner = outer(count, Nested("billed", billing(), when=count.output > 0), parameters={"customer": str})
    run = costs(runner).stub(count=0).run(customer="a")
    assert run.nested == ()
    assert "billed" in run.skipped


def test_it_is_an_alternative() -> None:
    count = step("count", {}, int)
    other = step("other", {}, int)
    declared = (
        count,
        Choice("way", (count.output > 0, Nested("billed", billing())), otherwise=other),
        step("use", {"way": int}),
    )
    runner = costs(outer(*declared, parameters={"customer": str})).stub(other=0, use=lambda way: way)
    assert runner.stub(count=1).run(customer="a").outputs["use"] == 4
    assert runner.stub(count=0).run(customer="a").outputs["use"] == 0


def test_results_that_meet_have_less_room_within_it() -> None:
    inner = Pipeline("billing", operations=[step("total", {"n": int}, str)], parameters={"n": int})
    many = [Nested(f"billed{n}", inner, inputs={"n": n}) for n in range(30)]
    joined = step("joined", {"all": list[str]}, int, inputs={"all": many})
    runner = outer(*many, joined).stub(total=lambda n: "x" * 5_000 + str(n), joined=lambda all: sum(map(len, all)))
    run = runner.run()
    assert run.outputs["joined"] == 30 * 5_000 + 50
    assert {one.spilled for one in run.invocations if one.operation == "billing.total"} == {True}


def test_a_large_parameter_is_told() -> None:
    found = step("found", {}, str)
    runner = outer(found, Nested("billed", billing(), inputs={"customer": found.output}))
    run = runner.stub(found="x" * 2_000).run()
    assert run.error == "ResultTooLarge"


def test_jobs_pass_its_result_on() -> None:
    nested = Nested("billed", billing(step("total", {"customer": str}, list[str])))
    use = step("use", {"billed": list[str]}, int)
    declared = Pipeline("orders", parameters={"customer": str}, jobs=[Job("a", nested), Job("b", use)])
    run = linted(PipelineRunner(declared)).stub(total=["x" * 90_000], use=lambda billed: len(billed)).run(customer="a")
    assert run.outputs["use"] == 1


def test_operations_that_two_pipelines_have_are_named_with_theirs() -> None:
    one = Pipeline("one", operations=[step("total", {}, int)])
    two = Pipeline("two", operations=[step("total", {}, int)])
    runner = outer(Nested("a", one), Nested("b", two), step("use", {"a": int, "b": int}))
    with pytest.raises(BunsuiError, match=r"it has one.total, two.total"):
        runner.stub(total=1)
    run = runner.stub(**{"one.total": 1, "two.total": 20}).stub(use=lambda a, b: a + b).run()
    assert run.outputs["use"] == 21


def test_its_own_questions_are_answered() -> None:
    inner = Pipeline("paying", operations=[Approval("pay", "Pay?")])
    run = outer(Nested("paid", inner)).answer("pay", "approve").run()
    assert run.outputs["paid"]["approved"]


def test_it_takes_as_long_as_the_pipeline_can() -> None:
    assert Nested("a", billing()).once == billing().longest
    assert Nested("a", billing(deadline=50)).once == 50
    assert Nested("a", billing(), timeout=7).once == 7


def test_a_list_of_results_has_less_room_within_it_too() -> None:
    rows = step("rows", {}, list[int])
    lines = Map("lines", step("line", {"row": int}, str), over=rows.output, at_most=20)
    inner = Pipeline("billing", operations=[rows, lines])
    many = [Nested(f"billed{n}", inner) for n in range(8)]
    joined = step("joined", {"all": list[list[str]]}, int, inputs={"all": many})
    runner = outer(*many, joined).stub(rows=list(range(20)), line="x" * 10_000, joined=lambda all: len(str(all)))
    assert runner.run().outputs["joined"] > 8 * 20 * 10_000


def mapped(result: Any = int, **more: Any) -> PipelineRunner:
    inner = billing(step("total", {"customer": str, "rate": int}, result))
    customers, use = step("customers", {}, dict[str, list[str]]), step("use", {"bills": list}, list)
    bills = Map("bills", Nested("bill", inner, **more), over=customers.output["ids"], item="customer")
    return outer(customers, bills, use, parameters={"rate": int}).stub(use=lambda bills: bills)


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "bcd", "ef"]])
def test_a_map_runs_it_for_each_element(ids: list[str]) -> None:
    run = mapped().stub(customers={"ids": ids}, total=lambda customer, rate: len(customer) * rate).run(rate=7)
    assert run.outputs["use"] == [len(one) * 7 for one in ids]
    assert len(run.nested) == len(ids)
    assert [one["step"] for one in run.nested] == ["main/bill"] * len(ids)


def test_large_results_of_each_are_references() -> None:
    runner = mapped(str).stub(customers={"ids": ["a"] * 90}, total=lambda customer, rate: customer * 9_000)
    assert runner.run(rate=1).outputs["use"] == ["a" * 9_000] * 90


def test_elements_that_are_not_there_to_be_read_are_told() -> None:
    run = mapped().stub(customers={"ids": ["a" * 1_000] * 90}).run(rate=1)
    assert (run.status, run.error) == ("FAILED", "Bunsui.TooLarge")
    assert "an element of it is to be a parameter of pipeline billing" in run.message


def test_an_element_that_fails_is_skipped() -> None:
    def total(customer: str, rate: int) -> int:
        return 1 // len(customer)

    run = mapped(on_error=Skip(on=[ZeroDivisionError])).stub(customers={"ids": ["a", "", "a"]}, total=total).run(rate=1)
    assert run.outputs["use"] == [1, None, 1]


def test_a_map_runs_it_for_each_of_several_results() -> None:
    one, two = step("one", {}, dict[str, str]), step("two", {}, str)
    bills = Map("bills", Nested("bill", billing()), over=[one.output["id"], two], item="customer")
    run = costs(outer(one, two, bills)).stub(one={"id": "abc"}, two="d").run()
    assert run.outputs["bills"] == [8, 4]


def test_elements_with_numbers_of_many_digits() -> None:
    inner = Pipeline("billing", parameters={"amount": float}, operations=[step("total", {"amount": float}, float)])
    amounts = step("amounts", {}, list[float])
    runner = outer(amounts, Map("bills", Nested("bill", inner), over=amounts))
    run = runner.stub(amounts=[0.1 + 0.2, 1 / 3], total=lambda amount: amount).run()
    assert run.outputs["bills"] == [0.1 + 0.2, 1 / 3]


def test_pipelines_in_segments_are_run_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "LIMIT", cutting.Limit(bytes=25_000, events=260, policy=10**9))
    chain = [step("n0", {}, str), *(step(f"n{n}", {f"n{n - 1}": str}, str) for n in range(1, 20))]
    inner = Pipeline("billing", operations=chain)
    many = [Nested(f"billed{n}", inner) for n in range(30)]
    joined = step("joined", {"all": list[str]}, int, inputs={"all": many})
    assert len(compiled(inner).segments) > 0
    runner = outer(*many, joined).stub(
        **{f"n{n}": "x" * 5_000 for n in range(20)}, joined=lambda all: sum(map(len, all))
    )
    assert len(runner._plan.segments) > 0
    run = runner.run()
    assert run.outputs["joined"] == 30 * 5_000
    assert {one.spilled for one in run.invocations if one.operation == "billing.n19"} == {True}
