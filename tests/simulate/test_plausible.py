"""What stubs result in fits the type that was declared."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypedDict

import pytest

from bunsui import Dataset
from bunsui.runtime.decode import decode
from bunsui.simulate.plausible import LENGTH, last, plausible


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Row(TypedDict):
    day: datetime.date
    count: int


class Page(TypedDict):
    rows: list[int]
    next: str | None


class Pair(NamedTuple):
    left: int
    right: str


@dataclass
class Tree:
    colour: Colour
    rows: list[Row]
    below: Tree | None = None
    beside: list[Tree] = field(default_factory=list)
    named: dict[str, Tree] = field(default_factory=dict)


TYPES = [
    bool,
    int,
    float,
    str,
    bytes,
    type(None),
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
    Colour,
    Literal["a", "b"],
    int | None,
    list[int],
    tuple[int, str],
    tuple[int, ...],
    set[str],
    dict[str, float],
    list[dict[str, list[Colour]]],
    Row,
    Pair,
    Tree,
    Dataset,
    Any,
]


@pytest.mark.parametrize("annotation", TYPES, ids=str)
def test_it_is_read_as_the_type(annotation: Any) -> None:
    decode(plausible(annotation), annotation, "result")


def test_a_list_has_items_and_an_optional_value_is_there() -> None:
    assert plausible(list[int]) == [1] * LENGTH
    assert plausible(None | int) == 1
    assert plausible(Tree)["rows"][0] == {"day": "2025-01-01", "count": 1}


def test_a_type_within_itself_ends() -> None:
    found = plausible(Tree)
    assert (found["below"], found["beside"], found["named"]) == (None, [], {})


def test_what_is_not_annotated_is_nothing() -> None:
    assert plausible(Any) is None
    assert plausible(list) == [None] * LENGTH
    assert plausible(dict) == {"text": None}


def test_the_last_round_of_a_loop_has_no_next() -> None:
    found = last(Tree)
    assert (found["colour"], found["below"]) == ("red", None)
    assert last(int | None) == 1
    assert last(Page) == {"rows": [1] * LENGTH, "next": None}
