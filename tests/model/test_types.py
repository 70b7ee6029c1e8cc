"""Which result fits which parameter."""
# ruff: noqa: UP007, UP045 - the older spellings are what is tested

from __future__ import annotations

import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, TypeVar, Union

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from bunsui import Dataset
from bunsui.model.types import NoSuchField, bare, describe, field_type, fits, holds, is_json, is_small


@dataclass
class Row:
    id: int
    note: str | None = None


@dataclass
class Flight(Row):
    delay: float = 0.0


class Day(BaseModel):
    date: datetime.date
    worst: Row
    size: int = Field(alias="rows", default=0)


class Holiday(Day):
    name: str


class Bounds(TypedDict):
    low: int
    high: int


class Wide(TypedDict):
    low: int
    high: int
    middle: float


class Loose(TypedDict):
    low: int
    high: NotRequired[int]


class Floats(TypedDict):
    low: float
    high: float


class Point(NamedTuple):
    x: int
    y: int


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


Flights = NewType("Flights", int)
T = TypeVar("T", bound=int)
Alias = TypeAliasType("Alias", list[int])
Pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))

FITS: list[tuple[Any, Any]] = [
    (int, int),
    (int, float),
    (bool, bool),
    (str, str),
    (None, None),
    (type(None), Optional[int]),
    # what is not annotated
    (Any, int),
    (int, Any),
    (object, int),
    (int, object),
    # unions
    (int, int | None),
    (int, Optional[float]),
    (int, Union[str, float]),
    (int | str, str | int),
    (int | str, int | str | None),
    (int | None, float | None),
    (list[int] | None, list[float] | None),
    # literals
    (Literal["a"], str),
    (Literal["a"], Literal["a", "b"]),
    (Literal[1, 2], int),
    (Literal[1], float),
    (Literal["a", None], str | None),
    (Literal["a", 1], str | int),
    # wrappers
    (Flights, int),
    (int, Flights),
    (Annotated[int, "rows"], int),
    (int, Annotated[float, "rows"]),
    (T, int),
    (Alias, list[int]),
    (list[int], Alias),
    (Pair[int], tuple[int, int]),
    (list[Annotated[int, "x"]], list[int]),
    # enums
    (Color, Color),
    (Level, int),
    (Word, str),
    # dates
    (datetime.date, datetime.date),
    (datetime.datetime, datetime.datetime),
    # lists
    (list[int], list[int]),
    (list[int], list[float]),
    (list[int], list),
    (list, list[int]),
    (list[int], list[Any]),
    (list[int], list[int | None]),
    (list[int], Sequence[int]),
    (list[int], Iterable[float]),
    (tuple[int, int], tuple[int, int]),
    (tuple[int, int], tuple[int, ...]),
    (tuple[int, ...], tuple[float, ...]),
    (tuple[int, str], Sequence[int | str]),
    (list[list[int]], list[list[float]]),
    (set[str], set[str]),
    # mappings
    (dict[str, int], dict[str, int]),
    (dict[str, int], dict[str, float]),
    (dict[str, int], dict),
    (dict, dict[str, int]),
    (dict[str, int], Mapping[str, int]),
    (dict[str, list[int]], dict[str, list[float]]),
    (dict[str, Any], dict[str, int]),
    # records
    (Row, Row),
    (Flight, Row),
    (Row, Row | None),
    (Holiday, Day),
    (list[Flight], list[Row]),
    (Dataset, Dataset),
    (Point, Point),
    (Row, dict[str, Any]),
    (Day, dict),
    # TypedDict by structure
    (Bounds, Bounds),
    (Wide, Bounds),
    (Bounds, Floats),
    (Bounds, Loose),
    (Bounds, dict[str, int]),
    (Bounds, dict[str, Any]),
    (Wide, dict[str, float]),
    (list[Wide], list[Bounds]),
]

MISFITS: list[tuple[Any, Any]] = [
    (int, str),
    (str, int),
    (float, int),
    (bool, int),
    (int, bool),
    (bool, float),
    (int, None),
    (None, int),
    (bytes, str),
    (decimal.Decimal, float),
    # unions
    (int | None, int),
    (int | str, int),
    (int | str | None, int | str),
    (float | None, int | None),
    (list[int | None], list[int]),
    # literals
    (str, Literal["a"]),
    (Literal["a", "b"], Literal["a"]),
    (Literal["a"], int),
    (Literal[1], Literal[True]),
    (Literal["a", 1], str),
    # enums
    (str, Color),
    (Color, str),
    (int, Level),
    (Color, Word),
    # dates
    (datetime.datetime, datetime.date),
    (datetime.date, datetime.datetime),
    (datetime.date, str),
    (str, datetime.date),
    # lists
    (list[str], list[int]),
    (list[float], list[int]),
    (list[int], int),
    (int, list[int]),
    (list[list[str]], list[list[int]]),
    (tuple[int, str], tuple[int, int]),
    (tuple[int, int, int], tuple[int, int]),
    (tuple[int, str], Sequence[int]),
    (dict[str, int], list[int]),
    (list[int], dict[str, int]),
    # mappings
    (dict[str, int], dict[str, str]),
    (dict[int, int], dict[str, int]),
    # records
    (Row, Flight),
    (Day, Row),
    (Row, Day),
    (dict, Row),
    (dict[str, Any], Day),
    (Row, Bounds),
    (Row, dict[str, int]),
    (Point, Row),
    (str, Dataset),
    (Dataset, str),
    # TypedDict by structure
    (Bounds, Wide),
    (Loose, Bounds),
    (Floats, Bounds),
    (dict[str, int], Bounds),
    (Bounds, Row),
    (Bounds, dict[str, str]),
    (Wide, dict[str, int]),
]


@pytest.mark.parametrize(("source", "target"), FITS, ids=lambda one: describe(one))
def test_fits(source: Any, target: Any) -> None:
    assert fits(source, target)


@pytest.mark.parametrize(("source", "target"), MISFITS, ids=lambda one: describe(one))
def test_does_not_fit(source: Any, target: Any) -> None:
    assert not fits(source, target)


@pytest.mark.parametrize("kind", [one for pair in FITS for one in pair], ids=lambda one: describe(one))
def test_everything_fits_itself_and_anything(kind: Any) -> None:
    assert fits(kind, kind)
    assert fits(kind, kind | None if isinstance(kind, type) else Optional[kind])
    assert fits(kind, Any)


HOLDS: list[tuple[Any, Any]] = [
    (1, int),
    (1, float),
    (1.5, float),
    (True, bool),
    (None, int | None),
    ("a", str),
    ("a", Literal["a", "b"]),
    ("red", Color),
    (1, Level),
    ("2013-01-01", datetime.date),
    ("2013-01-01T00:00:00Z", datetime.datetime),
    ("1.10", decimal.Decimal),
    ("/tmp/x", pathlib.Path),
    ("c0ffee00-0000-0000-0000-000000000000", uuid.UUID),
    ([], list[int]),
    ([1, 2], list[int]),
    ([1, 2.5], list[float]),
    ([1, None], list[int | None]),
    ([1, "a"], tuple[int, str]),
    ([1, 2, 3], tuple[int, ...]),
    ([[1], []], list[list[int]]),
    ({}, dict[str, int]),
    ({"a": 1}, dict[str, int]),
    ({"a": [1]}, Mapping[str, Sequence[int]]),
    ({"id": 1}, Row),
    ({"id": 1, "note": None}, Row),
    ({"date": "2013-01-01", "worst": {"id": 3}, "rows": 4}, Day),
    ({"low": 1, "high": 2}, Bounds),
    ([{"low": 1, "high": 2}], list[Bounds]),
    ({"a": 1}, Any),
    (datetime.date(2013, 1, 1), datetime.date),
]

HOLDS_NOT: list[tuple[Any, Any]] = [
    ("1", int),
    (1, str),
    (1.5, int),
    (True, int),
    (1, bool),
    (None, int),
    ("c", Literal["a", "b"]),
    (1, Literal[True]),
    ("blue", Color),
    ([1, "a"], list[int]),
    ([1], tuple[int, str]),
    ([1], int),
    ([1], str),
    ([1], dict[str, int]),
    ("ab", list[str]),
    ({"a": 1}, list[str]),
    ({"a": "1"}, dict[str, int]),
    ({"a": 1}, int),
    ({"id": "1"}, Row),
    ({"id": 1, "unknown": 2}, Row),
    ({"low": 1, "hihg": 2}, Bounds),
    ({"date": 5, "worst": {"id": 3}}, Day),
]


@pytest.mark.parametrize(("value", "kind"), HOLDS, ids=repr)
def test_value_can_be_given(value: Any, kind: Any) -> None:
    assert holds(value, kind)


@pytest.mark.parametrize(("value", "kind"), HOLDS_NOT, ids=repr)
def test_value_cannot_be_given(value: Any, kind: Any) -> None:
    assert not holds(value, kind)


@pytest.mark.parametrize(
    ("kind", "field", "found"),
    [
        (Row, "id", int),
        (Row, "note", str | None),
        (Flight, "id", int),
        (Day, "rows", int),
        (Bounds, "low", int),
        (Loose, "high", int),
        (Point, "x", int),
        (dict[str, float], "any", float),
        (dict, "any", Any),
        (Any, "any", Any),
        (Row | Flight, "id", int),
    ],
)
def test_field(kind: Any, field: str, found: Any) -> None:
    assert bare(field_type(kind, field)) == found


@pytest.mark.parametrize(
    ("kind", "field", "candidates"),
    [
        (Row, "ids", ["id", "note"]),
        (Day, "size", ["date", "worst", "rows"]),
        (Bounds, "mid", ["low", "high"]),
        (int, "real", None),
        (list[Row], "id", None),
        (Row | None, "id", None),
    ],
)
def test_no_such_field(kind: Any, field: str, candidates: list[str] | None) -> None:
    with pytest.raises(NoSuchField) as raised:
        field_type(kind, field)
    assert raised.value.candidates == candidates


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (int, "int"),
        (None, "None"),
        (int | None, "int | None"),
        (Optional[int], "int | None"),
        (list[int], "list[int]"),
        (dict[str, list[float]], "dict[str, list[float]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, "x"], "int"),
        (Any, "Any"),
        (Row, "Row"),
        (Flights, "Flights"),
        (Sequence[Row], "Sequence[Row]"),
    ],
)
def test_describe(kind: Any, text: str) -> None:
    assert describe(kind) == text


SMALL = [int, bool, float, None, int | None, datetime.date, Literal["a"], Literal["a", 1]]
LARGE = [str, list[int], dict, Any, Row, int | str, bytes, Day, Dataset]


@pytest.mark.parametrize("kind", SMALL, ids=describe)
def test_small(kind: Any) -> None:
    assert is_small(kind)


@pytest.mark.parametrize("kind", LARGE, ids=describe)
def test_not_small(kind: Any) -> None:
    assert not is_small(kind)


@pytest.mark.parametrize(
    ("value", "is_it"),
    [
        (1, True),
        ("a", True),
        ([1, {"a": None}], True),
        ({1: 2}, False),
        (float("nan"), False),
        (float("inf"), False),
        ({1, 2}, False),
        (datetime.date(2013, 1, 1), False),
        ([object()], False),
    ],
)
def test_json(value: Any, is_it: bool) -> None:
    assert is_json(value) is is_it
