from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import pathlib
import re
import typing
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, TypedDict, TypeVar

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunsui.runtime import hints
from bunsui.runtime.dataset import Dataset
from bunsui.runtime.decode import decode
from bunsui.runtime.encode import encode
from bunsui.runtime.failures import DecodeError, EncodeError

if TYPE_CHECKING:
    from nowhere import Absent

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    FIRST = 1


class Point(NamedTuple):
    x: int
    y: float = 0.5


class Movie(TypedDict):
    title: str
    released: NotRequired[dt.date]


@dataclasses.dataclass(frozen=True)
class Inner:
    day: dt.date
    price: decimal.Decimal | None = None


@dataclasses.dataclass
class Outer:
    rows: list[Inner]
    by_day: dict[dt.date, int]
    tags: frozenset[str] = frozenset()
    computed: int = dataclasses.field(init=False, default=3)


@dataclasses.dataclass(frozen=True)
class Wider(Inner):
    note: str = ""


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]
    first: T | None = None


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    when: dt.datetime
    path: pathlib.PurePosixPath = pathlib.PurePosixPath("a")
    alias: int = pydantic.Field(alias="anAlias")


UserId = NewType("UserId", int)
UTC = dt.timezone.utc  # noqa: UP017

CASES = [
    (None, None),
    (True, bool),
    (3, int),
    (3.5, float),
    ("x", str),
    (b"\x00\xff", bytes),
    (bytearray(b"ab"), bytearray),
    (dt.datetime(2013, 1, 2, 3, 4, 5, 6, UTC), dt.datetime),
    (dt.date(2013, 1, 2), dt.date),
    (dt.time(3, 4), dt.time),
    (dt.timedelta(days=-1, microseconds=1), dt.timedelta),
    (decimal.Decimal("1.10"), decimal.Decimal),
    (uuid.UUID(int=5), uuid.UUID),
    (pathlib.Path("a/b"), pathlib.Path),
    (Colour.RED, Colour),
    (Colour.FIRST, Colour),
    ("b", Literal["a", "b"]),
    (UserId(3), UserId),
    ([1, 2], list[int]),
    ((1, "a"), tuple[int, str]),
    ((1, 2, 3), tuple[int, ...]),
    ({1, 2}, set[int]),
    (frozenset({"a"}), frozenset[str]),
    (collections.deque([1]), collections.deque[int]),
    ([dt.date(2013, 1, 1)], collections.abc.Sequence[dt.date]),
    ({1: "a", 2: "b"}, dict[int, str]),
    ({True: 1}, dict[bool, int]),
    ({"1": 1}, dict[str, int]),
    ({dt.date(2013, 1, 1): {Colour.RED}}, collections.abc.Mapping[dt.date, set[Colour]]),
    ({Colour.FIRST: 1}, dict[Colour, int]),
    (collections.Counter({"a": 2}), collections.Counter[str]),
    (Point(1, 2.5), Point),
    ({"title": "a", "released": dt.date(1999, 1, 1)}, Movie),
    ({"title": "a"}, Movie),
    (Outer([Inner(dt.date(2013, 1, 1), decimal.Decimal(1))], {dt.date(2013, 1, 1): 1}, frozenset("ab")), Outer),
    (Page([Inner(dt.date(2013, 1, 1))], Inner(dt.date(2013, 1, 1))), Page[Inner]),
    (Model(when=dt.datetime(2013, 1, 1, tzinfo=UTC), anAlias=3), Model),
    ([Model(when=dt.datetime(2013, 1, 1), anAlias=3)], list[Model]),
    (Dataset("s3://b/k", "csv", 3, 4), Dataset),
    (3, Annotated[int, "metres"]),
    (None, int | None),
    (3, typing.Optional[int]),  # noqa: UP045
    # Unions: each member comes back as itself.
    (3, float | int),
    (3.0, int | float),
    (True, int | bool),
    ("abc", dt.date | str),
    (dt.date(2013, 1, 1), str | dt.date),
    (dt.date(2013, 1, 1), dt.datetime | dt.date),
    (dt.datetime(2013, 1, 1, 0, 0), dt.date | dt.datetime),
    ("20130101", dt.date | str),
    ("abcd", bytes | str),
    ("abc", pathlib.Path | str),
    (Colour.RED, str | Colour),
    ("a", int | Literal["a"]),
    (Inner(dt.date(2013, 1, 1)), Wider | Inner),
    (Wider(dt.date(2013, 1, 1), None, "n"), Inner | Wider),
    (Movie(title="a"), Inner | Movie),
    ([1], list[str] | list[int]),
    ({"a": 1}, dict[str, int] | Inner),
]


@pytest.mark.parametrize(("value", "annotation"), CASES, ids=lambda one: repr(one)[:40])
def test_a_value_comes_back_as_it_was(value, annotation):
    sent = json.loads(json.dumps(encode(value), allow_nan=False))
    back = decode(sent, annotation, "x")
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("sent", "annotation", "expected"),
    [
        (3, float, 3.0),
        (3.0, int, 3),
        ({"x": 1}, Point, Point(1)),
        ([1, 2], Point, Point(1, 2.0)),
        ({"day": "2013-01-01", "extra": 1}, Inner, Inner(dt.date(2013, 1, 1))),
        ("2013-01-01T00:00:00Z", dt.datetime, dt.datetime(2013, 1, 1, tzinfo=UTC)),
        ({"a": [1]}, Any, {"a": [1]}),
        ({"a": [1]}, object, {"a": [1]}),
        ([1], list, [1]),
        ({"a": 1}, dict, {"a": 1}),
    ],
)
def test_json_is_widened(sent, annotation, expected):
    back = decode(sent, annotation, "x")
    assert back == expected
    assert type(back) is type(expected)


@pytest.mark.parametrize(
    ("sent", "annotation", "message"),
    [
        (3.5, int, "x: expected int, found a number"),
        (True, int, "x: expected int, found a boolean"),
        (1, bool, "x: expected bool, found an integer"),
        (None, int, "x: expected int, found null"),
        ("s", float | None, "x: expected float | None, found text"),
        ("s", dt.date, "x: expected date, found text that is not an ISO 8601 date"),
        ("s", decimal.Decimal, "x: expected Decimal, found text that is not a Decimal"),
        ("s", Literal["a"], "x: expected Literal['a'], found another value (text)"),
        ("s", Colour, "x: expected Colour, found a value that is not one of its members"),
        ({}, list[int], "x: expected list[int], found an object"),
        ([1], tuple[int, int], "x: expected tuple[int, int], found an array of 1"),
        ([{"day": "2013-01-01"}, {}], list[Inner], "x, at [1]: expected Inner, found an object without 'day'"),
        ({"rows": [{"day": 1}], "by_day": {}}, Outer, "x, at rows[0].day: expected date, found an integer"),
        ({"by": 1}, dict[int, int], "x: expected int, found text"),
        ({"title": 1}, Movie, "x, at title: expected str, found an integer"),
        ({"uri": "nowhere"}, Dataset, "x: expected Dataset, found an object that it refuses: Dataset(uri='nowhere')"),
        ({"when": 1, "anAlias": 2}, Model, "x, at when: expected Model, found what pydantic refuses"),
    ],
)
def test_what_does_not_fit_says_where(sent, annotation, message):
    with pytest.raises(DecodeError) as caught:
        decode(sent, annotation, "x")
    assert str(caught.value).startswith(message)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, math.nan]}, "result['a'][1] is nan"),
        (math.inf, "result is inf"),
        (decimal.Decimal("NaN"), "result is Decimal NaN"),
        (Inner, "result is of type type"),
        ({"a": object()}, "result['a'] is of type object, which cannot be written as JSON"),
        ({(1, 2): 3}, "a key of result is of type tuple"),
        ({1: 1, "1": 2}, "result has two keys that are '1'"),
        ((n for n in [1]), "result is of type generator"),
        (Page([math.nan]), "result.items[0] is nan"),
    ],
)
def test_what_json_cannot_carry_is_refused(value, message):
    with pytest.raises(EncodeError, match=f"^{re.escape(message)}"):
        encode(value)


def test_sets_are_written_in_one_order():
    assert encode({"b", "a", "c"}) == ["a", "b", "c"]


def test_named_tuples_are_objects_so_that_fields_can_be_followed():
    assert encode(Point(1)) == {"x": 1, "y": 0.5}


def test_an_annotation_that_only_a_type_checker_sees_counts_as_absent():
    def function(a: int, b: Absent, c: list[Absent]) -> Absent: ...

    found = hints.of(function)
    assert found["a"] is int
    assert decode({"k": 1}, found["b"], "x") == {"k": 1}


def test_a_field_that_only_a_type_checker_sees_counts_as_absent():
    @dataclasses.dataclass
    class Holder:
        day: dt.date
        what: Absent

    assert decode({"day": "2013-01-01", "what": [1]}, Holder, "x") == Holder(dt.date(2013, 1, 1), [1])


JSON_KEYS = st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_json_passes_unchanged(value):
    assert encode(value) == value
    assert decode(value, Any, "x") == value


@given(
    st.dictionaries(
        st.dates(), st.lists(st.tuples(st.integers(), st.decimals(-9, 9, places=3)), max_size=3), max_size=3
    )
)
def test_nested_types_come_back(value):
    sent = json.loads(json.dumps(encode(value)))
    assert decode(sent, dict[dt.date, list[tuple[int, decimal.Decimal]]], "x") == value


@given(st.timedeltas(min_value=dt.timedelta(days=-10000), max_value=dt.timedelta(days=10000)))
def test_timedeltas_are_seconds(value):
    assert decode(json.loads(json.dumps(encode(value))), dt.timedelta, "x") == value
