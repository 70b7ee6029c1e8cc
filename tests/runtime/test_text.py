import datetime as dt
import decimal
import enum
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunsui.runtime.decode import decode
from bunsui.runtime.failures import DecodeError
from bunsui.runtime.text import as_json

T = TypeVar("T")


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Answer(enum.Enum):
    YES = True
    NO = "no"


class Row(TypedDict):
    n: int
    note: NotRequired[float]


class Pair(NamedTuple):
    left: int
    right: str


@dataclass
class Box(Generic[T]):
    inner: T
    day: dt.date | None = None


def read(text, annotation):
    return decode(as_json(text, annotation), annotation, "x")


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("5", int, 5),
        (" +5", int, 5),
        ("5.0", int, 5),
        ("5", float, 5.0),
        ("1e3", float, 1000.0),
        ("90", dt.timedelta, dt.timedelta(seconds=90)),
        ("TRUE", bool, True),
        ("off", bool, False),
        ("0", bool, False),
        ("2013-01-31", dt.date, dt.date(2013, 1, 31)),
        ("1.10", decimal.Decimal, decimal.Decimal("1.10")),
        ("5", str, "5"),
        ("5", Any, "5"),
        ("", int | None, None),
        (" ", dt.date | None, None),
        ("", str | None, ""),
        ("5", int | None, 5),
        ("5", int | dt.date, 5),
        ("2013-01-31", int | dt.date, dt.date(2013, 1, 31)),
        ("5", int | str, 5),
        ("007", int | str, "007"),
        ("True", bool | str, "True"),
        ("x", bool | str, "x"),
        ("2", Literal[1, 2], 2),
        ("2", Literal["2", 2], "2"),
        ("2", Level, Level.HIGH),
        ("true", Answer, Answer.YES),
        ("no", Answer, Answer.NO),
        ({"n": "1", "note": "2.5"}, Row, {"n": 1, "note": 2.5}),
        ({"n": "1", "more": "2"}, Row, {"n": 1, "more": "2"}),
        ({"left": "1", "right": "2"}, Pair, Pair(1, "2")),
        ({"inner": "7", "day": ""}, Box[int], Box(7)),
        ({"n": "1"}, Row | None, {"n": 1}),
        ({"a": "1", "b": "2"}, dict[str, int], {"a": 1, "b": 2}),
        ({"a": "1"}, dict, {"a": "1"}),
        ([{"n": "1"}], list, [{"n": "1"}]),
        (5, int, 5),
    ],
)
def test_text_is_read_as_the_annotation_asks(text, annotation, value):
    found = read(text, annotation)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "annotation"),
    [("", int), ("x", int), ("5.5", int), ("nan", float), ("inf", float), ("maybe", bool), ("", bool), ("3", Level)],
)
def test_what_does_not_fit_is_told(text, annotation):
    with pytest.raises(DecodeError):
        read(text, annotation)


def test_the_column_is_named():
    with pytest.raises(DecodeError, match="x, at n: expected int, found text"):
        read({"n": "many"}, Row)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_what_python_writes_is_read_back(value):
    assert read(str(value), type(value)) == value
