"""Binding: what feeds what, and what belongs together."""

from __future__ import annotations

import pytest

from bunsui import Bucket, BunsuiErrors, Job, Lambda, Operation, Parameter, Pipeline, Table
from bunsui.errors import raise_all
from bunsui.model.binding import job_needs
from bunsui.model.references import FromConstant, FromList, FromOutput, FromParameter
from tests.compile.pipelines import operation, pipeline


def test_parameters_are_fed_by_name() -> None:
    bound = pipeline({"a": ["month"], "b": ["a", "month"]}).operations
    assert bound["a"].inputs == {"month": FromParameter("month")}
    assert bound["b"].inputs == {"a": FromOutput("a"), "month": FromParameter("month")}
    assert bound["b"].needs == bound["b"].feeds == {"a"}


def test_inputs_say_otherwise() -> None:
    a = operation("a", returns=dict)
    month = Parameter("month", int)
    fed = operation("b", {"a": 3, "whole": a, "out": a.output, "part": a.output.x.y, "month": month})
    bound = Pipeline("p", parameters=[month], operations=[a, fed]).operations["b"]
    assert bound.inputs == {
        "a": FromConstant(3),
        "whole": FromOutput("a"),
        "out": FromOutput("a"),
        "part": FromOutput("a", ("x", "y")),
        "month": FromParameter("month"),
    }


def test_an_input_may_be_a_list() -> None:
    a, b, month = operation("a"), operation("b", returns=dict), Parameter("month", int)
    fed = operation("c", {"all": [a, b.output.x, month, 7, [b]], "none": [], "plain": [1, 2]})
    bound = Pipeline("p", parameters=[month], operations=[a, b, fed]).operations["c"]
    assert bound.inputs == {
        "all": FromList(
            (
                FromOutput("a"),
                FromOutput("b", ("x",)),
                FromParameter("month"),
                FromConstant(7),
                FromList((FromOutput("b"),)),
            )
        ),
        "none": FromConstant([]),
        "plain": FromConstant([1, 2]),
    }
    assert bound.feeds == {"a", "b"}


def test_a_default_is_left_to_the_function() -> None:
    from bunsui.model.signature import Parameter as Wanted
    from bunsui.model.signature import Signature

    a = operation("a")
    a._signature = Signature((Wanted("limit", int, True),), int, a.where)
    assert Pipeline("p", operations=[a]).operations["a"].inputs == {}
    b = operation("b")
    b._signature = Signature((Wanted("limit", int, True),), int, b.where)
    fed = Pipeline("p", parameters={"limit": int}, operations=[b])
    assert fed.operations["b"].inputs == {"limit": FromParameter("limit")}


def test_an_operation_before_a_parameter_of_its_own_name() -> None:
    declared = pipeline({"count": [], "total": ["count"]})
    assert declared.operations["total"].inputs == {"count": FromOutput("count")}


def test_a_pipeline_without_jobs_is_one_job() -> None:
    declared = pipeline({"a": [], "b": []})
    (job,) = declared.jobs
    assert (job.name, [one.name for one in job.operations]) == ("main", ["a", "b"])


def test_a_job_alone_is_a_list_of_jobs() -> None:
    assert [one.name for one in Pipeline("p", jobs=Job("only", operation("a"))).jobs] == ["only"]


def test_parameters_as_a_mapping() -> None:
    given = {"month": int, "day": Parameter("day", str, default="1")}
    declared = Pipeline("p", parameters=given, operations=[operation("a", ("month", "day"))])  # type: ignore[arg-type]
    assert [(one.name, one.type, one.required) for one in declared.parameters] == [
        ("month", int, True),
        ("day", str, False),
    ]


def test_order_of_lists() -> None:
    a, b, c, d = (operation(name) for name in "abcd")
    a >> [b, c] >> d
    bound = Pipeline("p", operations=[a, b, c, d]).operations
    assert {name: set(one.after) for name, one in bound.items()} == {
        "a": set(),
        "b": {"a"},
        "c": {"a"},
        "d": {"b", "c"},
    }


def test_jobs_need_what_their_operations_need() -> None:
    a, b, c = operation("a"), operation("b", ("a",)), operation("c")
    one, two, three = Job("one", a), Job("two", b), Job("three", c)
    two >> three
    declared = Pipeline("p", jobs=[three, two, one])
    assert job_needs(declared.operations, declared.jobs) == {"one": set(), "two": {"one"}, "three": {"two"}}


def test_order_of_operations_orders_their_jobs() -> None:
    a, b = operation("a"), operation("b")
    a >> b
    declared = Pipeline("p", jobs=[Job("late", b), Job("early", a)])
    assert job_needs(declared.operations, declared.jobs) == {"late": {"early"}, "early": set()}


def test_resources_are_listed_once_by_id() -> None:
    lake, table = Bucket("lake"), Table("aaa", partition_key="k")
    a = operation("a", reads=[lake / "x"], writes=[table])
    b = operation("b", reads=[lake, Bucket("lake")])
    assert Pipeline("p", operations=[a, b]).resources == (table, lake)


def test_operations_may_belong_to_two_pipelines() -> None:
    a, b = operation("a"), operation("b", ("a",))
    first, second = Pipeline("first", operations=[a, b]), Pipeline("second", operations=[b, a])
    assert first.operations["b"].operation is second.operations["b"].operation


def test_a_thousand_operations_bind() -> None:
    needs = {f"n{n}": [f"n{n - 1}"] if n else [] for n in range(1000)}
    assert len(pipeline(needs).operations) == 1000


def test_what_is_wrong_is_told_together() -> None:
    made = [operation(f"op{number}", (f"missing{number}",)) for number in range(5)]
    with pytest.raises(BunsuiErrors) as raised:
        Pipeline("p", operations=made)
    assert [error.code for error in raised.value.errors] == ["BUN103"] * 5
    assert str(raised.value).count("hint: ") == 5


def test_what_is_met_twice_is_told_once() -> None:
    broken = Operation("broken", handler="no_such_module_here:main", runs=Lambda())
    takers = [operation(f"taker{number}", {"of": broken}) for number in range(3)]
    with pytest.raises(Exception, match="BUN106") as raised:
        Pipeline("p", operations=[broken, *takers])
    assert str(raised.value).count("BUN106") == 1


def test_nothing_wrong_raises_nothing() -> None:
    raise_all([])
