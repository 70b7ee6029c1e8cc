"""Conditions come to the same in JSONata as in Python, and what is not there makes a comparison false."""

from __future__ import annotations

import datetime
import enum
import operator
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunsui import (
    Condition,
    Job,
    Parameter,
    Pipeline,
    contains,
    ends_with,
    exists,
    is_in,
    length,
    matches,
    starts_with,
)
from bunsui.compile.condition import condition as written
from bunsui.compile.steps.context import reached
from bunsui.interpreter.jsonata import compiled
from bunsui.model.binding_condition import bind_condition
from bunsui.model.references import FromOutput, FromParameter
from bunsui.model.resolving import Scope
from bunsui.runtime.encode import encode
from bunsui.testing import PipelineRunner

from .deciding import linted, outputs, runner, step

DAY = datetime.date(2024, 2, 29)
NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
AWARE = NOON.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
MISSING = object()


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def value_of(condition: Condition, value: Any, kind: Any) -> Any:
    """What JSONata makes of a condition on the parameter `given` of this type and value."""
    errors: list[Any] = []
    scope = Scope("p", {"given": Parameter("given", kind)}, {})
    bound = bind_condition(condition, "operation 'x'", scope, errors)
    assert not errors, errors[0]
    assert bound is not None

    def read(source: FromOutput | FromParameter) -> str:
        return reached("$given.there", source.path)

    text = written(bound, read)
    there = {} if value is MISSING else {"there": encode(value)}
    return compiled(text).evaluate({"given": there}, None)  # type: ignore[arg-type]


def ref(kind: Any) -> Any:
    return Parameter("given", kind).value


NUMBERS = st.integers(-(2**31), 2**31) | st.floats(-1e9, 1e9, allow_nan=False)
OPERATORS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("compare", OPERATORS)
@settings(max_examples=25, deadline=None)
@given(left=NUMBERS, right=NUMBERS)
def test_numbers_compare_as_in_python(compare: Callable[..., Any], left: float, right: float) -> None:
    assert value_of(compare(ref(float), right), left, float) is compare(left, right)
    assert value_of(compare(right, ref(float)), left, float) is compare(right, left)


DECIMALS = st.decimals(-(10**12), 10**12, places=2, allow_nan=False) | st.sampled_from(
    [Decimal("1E+3"), Decimal("0.10"), Decimal("-0"), Decimal("1E-7")]
)


@pytest.mark.parametrize("compare", OPERATORS)
@settings(max_examples=25, deadline=None)
@given(left=DECIMALS, right=DECIMALS | st.integers(-(2**31), 2**31))
def test_decimals_compare_as_in_python(compare: Callable[..., Any], left: Decimal, right: Decimal | int) -> None:
    assert value_of(compare(ref(Decimal), right), left, Decimal) is compare(left, right)
    assert value_of(compare(right, ref(Decimal)), left, Decimal) is compare(right, left)
    assert value_of(compare(ref(Decimal), ref(Decimal)), left, Decimal) is compare(left, left)


def test_decimals_of_results_and_parameters_are_compared() -> None:
    total, limit = step("total", returns=Decimal), Parameter("limit", Decimal, default="1000.00")
    made = runner(total, step("ask", when=total.output > limit.value), parameters=[limit]).stub(ask=1)
    assert outputs(made.stub(total=Decimal("1000.01")).run())["ask"] == {"value": 1}
    assert "skipped" in outputs(made.stub(total=Decimal("999.99")).run())["ask"]
    assert "skipped" in outputs(made.stub(total=Decimal("1000.0")).run())["ask"]
    assert outputs(made.stub(total=Decimal("10")).run(limit=Decimal("9.99")))["ask"] == {"value": 1}


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(left=TEXTS, right=TEXTS)
def test_texts_compare_as_in_python(left: str, right: str) -> None:
    assert value_of(ref(str) == right, left, str) is (left == right)
    assert value_of(starts_with(ref(str), right), left, str) is left.startswith(right)
    assert value_of(ends_with(ref(str), right), left, str) is left.endswith(right)
    assert value_of(contains(ref(str), right), left, str) is (right in left)
    assert value_of(length(ref(str)) == len(right), left, str) is (len(left) == len(right))


@pytest.mark.parametrize("text", ["${AWS::Region}", "{% $x %}", "%}", 'a"b', "\\", "${", "$0", "/", "水", "\n"])
def test_constants_are_not_read_as_anything_else(text: str) -> None:
    rows = step("rows", returns=str)
    made = runner(rows, step("work", when=(rows.output == text) & contains(rows.output, text))).stub(work=1)
    assert outputs(made.stub(rows=text).run())["work"] == {"value": 1}
    assert "skipped" in outputs(made.stub(rows="other").run())["work"]


TIMES = st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2100, 1, 1)).map(
    lambda one: one.replace(microsecond=one.microsecond // 1000 * 1000)
)
"""To the millisecond, as conditions compare them."""


@pytest.mark.parametrize("compare", OPERATORS)
@settings(max_examples=25, deadline=None)
@given(left=TIMES, right=TIMES, zone=st.sampled_from([None, datetime.UTC, AWARE.tzinfo]))
def test_times_compare_as_in_python(
    compare: Callable[..., Any], left: datetime.datetime, right: datetime.datetime, zone: Any
) -> None:
    left = left.replace(tzinfo=zone)
    same = left if zone is not None else left.replace(tzinfo=datetime.UTC)
    aware = right.replace(tzinfo=datetime.UTC)
    assert value_of(compare(ref(datetime.datetime), right), left, datetime.datetime) is compare(same, aware)


@pytest.mark.parametrize("compare", OPERATORS)
@pytest.mark.parametrize("day", [DAY - datetime.timedelta(1), DAY, DAY + datetime.timedelta(1)])
def test_dates_compare_as_in_python(compare: Callable[..., Any], day: datetime.date) -> None:
    assert value_of(compare(ref(datetime.date), day), DAY, datetime.date) is compare(DAY, day)
    begin = datetime.datetime(day.year, day.month, day.day)
    assert value_of(compare(ref(datetime.date), begin), DAY, datetime.date) is compare(DAY, day)


ONE = uuid.uuid4()
TRUE: list[tuple[Any, Any, Any]] = [
    (lambda r: r == ONE, ONE, uuid.UUID),
    (lambda r: r == Colour.RED, Colour.RED, Colour),
    (lambda r: r == "red", Colour.RED, Colour),
    (lambda r: r != Colour.BLUE, Colour.RED, Colour),
    (lambda r: r == "a", "a", Literal["a", "b"]),
    (lambda r: r == None, None, int | None),  # noqa: E711
    (lambda r: r != None, 1, int | None),  # noqa: E711
    (lambda r: ~(r == None), 0, int | None),  # noqa: E711
    (lambda r: r == True, True, bool),  # noqa: E712
    (lambda r: r & r, True, bool),
    (lambda r: ~r, False, bool),
    (lambda r: r > datetime.timedelta(seconds=5), datetime.timedelta(seconds=6), datetime.timedelta),
    (lambda r: r == Decimal("5.0"), Decimal("5.00"), Decimal),
    (lambda r: r != None, Decimal(0), Decimal | None),  # noqa: E711
    (lambda r: r == None, None, Decimal | None),  # noqa: E711
    (lambda r: r >= 1, Decimal(1), Decimal | None),
    (lambda r: is_in(r, [Decimal("1.5"), 2]), Decimal("1.50"), Decimal),
    (lambda r: is_in(r, [1, 2, 3]), 2, int),
    (lambda r: is_in(r, {"a", "b"}), "b", str),
    (lambda r: is_in(r, [DAY]), DAY, datetime.date),
    (lambda r: is_in(r, [None, 1]), None, int | None),
    (lambda r: ~is_in(r, ["a"]), "b", str),
    (lambda r: contains(r, 2), [1, 2], list[int]),
    (lambda r: contains(r, "a"), ["a"], list[str]),
    (lambda r: contains(r, "a"), {"a"}, set[str]),
    (lambda r: ~contains(r, "a"), ["ab"], list[str]),
    (lambda r: contains(r, "a"), "cab", Any),
    (lambda r: contains(r, "a"), ["a"], Any),
    (lambda r: length(r) == 0, [], list[int]),
    (lambda r: length(r) == 1, ["a"], list[str]),
    (lambda r: length(r) == 2, {"a": 1, "b": 2}, dict[str, int]),
    (lambda r: length(r) == 0, {}, dict[str, int]),
    (lambda r: length(r) == 2, "水𝄞", str),
    (lambda r: matches(r, "raw/*.csv"), "raw/2024/1.csv", str),
    (lambda r: matches(r, "a?c"), "a\nc", str),
    (lambda r: matches(r, "*"), "", str),
    (lambda r: matches(r, "a.(b)[c]{d}|^$+\\/%}"), "a.(b)[c]{d}|^$+\\/%}", str),
    (lambda r: ~matches(r, "a.c"), "abc", str),
    (lambda r: ~matches(r, "b"), "abc", str),
    (lambda r: exists(r), 0, int),
    (lambda r: exists(r.a), {"a": False}, dict[str, bool]),
    (lambda r: ~exists(r), None, int | None),
    (lambda r: r.a.b == 1, {"a": {"b": 1}}, dict[str, dict[str, int]]),
    (lambda r: r["in rows"] == 1, {"in rows": 1}, dict[str, int]),
    (lambda r: (r > 1) & (r < 3) | (r == 9), 2, int),
    (lambda r: ~((r > 1) & (r < 3)) | (r == 9), 9, int),
    (lambda r: (r == 1) | (r == 2) & (r == 3), 1, int),
    (lambda r: ((r == 1) | (r == 2)) & ~(r == 3), 2, int),
    (lambda r: r > 1, 2, Any),
    (lambda r: r > "a", "b", Any),
    (lambda r: r == r, 5, Any),
    (lambda r: r >= r, "x", Any),
]


@pytest.mark.parametrize("case", range(len(TRUE)))
def test_true(case: int) -> None:
    make, value, kind = TRUE[case]
    condition = make(ref(kind))
    assert value_of(condition, value, kind) is True, str(condition)
    assert value_of(~condition, value, kind) is False, str(condition)


ABSENT: list[tuple[Any, Any]] = [
    *((lambda r, compare=compare: compare(r, 5), int) for compare in OPERATORS),
    *((lambda r, compare=compare: compare(r, DAY), datetime.date) for compare in OPERATORS),
    *((lambda r, compare=compare: compare(r, Decimal(5)), Decimal) for compare in OPERATORS),
    (lambda r: is_in(r, [1]), int),
    (lambda r: is_in(r, [Decimal(1)]), Decimal),
    (lambda r: is_in(r, [DAY]), datetime.date),
    (lambda r: contains(r, "a"), str),
    (lambda r: contains(r, "a"), list[str]),
    (lambda r: starts_with(r, "a"), str),
    (lambda r: ends_with(r, "a"), str),
    (lambda r: matches(r, "*"), str),
    (lambda r: length(r) >= 0, list[int]),
    (lambda r: exists(r), int),
    (lambda r: r & r, bool),
    (lambda r: r == r, Any),
    (lambda r: r <= r, Any),
]


@pytest.mark.parametrize("case", range(len(ABSENT)))
def test_what_is_not_there_makes_it_false(case: int) -> None:
    make, kind = ABSENT[case]
    assert value_of(make(ref(kind)), MISSING, kind) is False
    assert value_of(~make(ref(kind)), MISSING, kind) is True


@pytest.mark.parametrize("case", [at for at, (_, kind) in enumerate(ABSENT) if kind is not Any])
@pytest.mark.parametrize("value", [None, "text", 7, True, [], ["a"], {}, {"a": 1}], ids=repr)
def test_values_of_another_type_are_no_errors(case: int, value: Any) -> None:
    make, kind = ABSENT[case]
    value = DAY if isinstance(value, str) and kind is datetime.date else value
    assert value_of(make(ref(kind)), value, kind) in (True, False)


class Row(TypedDict):
    count: NotRequired[int]
    big: NotRequired[list[int]]


@dataclass(frozen=True)
class Rows:
    row: Row
    names: list[str]
    at: datetime.datetime | None = None
    last: Row | None = None


FULL = Rows({"count": 3, "big": [0] * 5000}, ["x"] * 5000, NOON, {"count": 4})
EMPTY = Rows({}, [])
OF_RESULTS: list[tuple[Any, bool, bool]] = [
    (lambda r: r.row.count > 2, True, False),
    (lambda r: r.row.count < 2, False, False),
    (lambda r: length(r.names) == 5000, True, False),
    (lambda r: length(r.row.big) > 0, True, False),
    (lambda r: exists(r.row.big), True, False),
    (lambda r: exists(r), True, True),
    (lambda r: exists(r.at), True, False),
    (lambda r: r.at > datetime.datetime(2024, 1, 1), True, False),
    (lambda r: ~exists(r.row.count), False, True),
    (lambda r: length(r) == 4, True, True),
    (lambda r: r.last.count == 4, True, False),
    (lambda r: r.last.count != 5, True, False),
    (lambda r: ~exists(r.last.count), False, True),
]


@pytest.mark.parametrize("case", range(len(OF_RESULTS)))
def test_results_are_read_without_their_values(case: int) -> None:
    make, full, empty = OF_RESULTS[case]
    rows = step("rows", returns=Rows)
    condition = make(rows.output)
    made = runner(rows, step("work", {"rows": Rows}, when=condition)).stub(work=1)
    for value, runs in ((FULL, full), (EMPTY, empty)):
        found = outputs(made.stub(rows=value).run())["work"]
        assert found == ({"value": 1} if runs else {"skipped": f"{condition} does not hold"})


@pytest.mark.parametrize(("value", "holds"), [(None, False), ({}, False), ({"count": 3}, True)])
def test_fields_of_a_parameter_that_may_be_none(value: Any, holds: bool) -> None:
    assert value_of(ref(Row | None).count == 3, value, Row | None) is holds


@pytest.mark.parametrize("spilled", [False, True])
def test_a_fact_travels_beside_a_value_in_s3(spilled: bool) -> None:
    names = ["x"] * (20_000 if spilled else 1)
    rows = step("rows", returns=list[str])
    made = runner(rows, step("work", {"rows": list[str]}, when=length(rows.output) > 0))
    run = made.stub(rows=names, work=7).run()
    assert outputs(run) == {"work": {"value": 7}}
    assert run.invocations[0].spilled is spilled


def test_conditions_on_results_of_other_jobs_and_on_parameters() -> None:
    mode = Parameter("mode", Literal["full", "quick"])
    count = step("count")
    work = step("work", when=(count.output > 2) & (mode.value == "full"))
    made = linted(PipelineRunner(Pipeline("p", parameters=[mode], jobs=[Job("one", count), Job("two", work)])))
    made.stub(count=3, work=1)
    assert outputs(made.run(mode="full"), "two") == {"work": {"value": 1}}
    reason = "count.output > 2 and mode.value == 'full' does not hold"
    assert outputs(made.run(mode="quick"), "two") == {"work": {"skipped": reason}}
