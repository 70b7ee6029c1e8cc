"""A pipeline of steps that consist of others."""

from __future__ import annotations

from typing import TypedDict

from bunsui import Choice, Job, Lambda, Map, Pipeline, Repeat, operation

TARGET = Lambda()


class Split(TypedDict):
    items: list[int]
    next: str | None


@operation(runs=TARGET)
def split(month: int) -> Split: ...


@operation(runs=TARGET)
def check(item: int) -> int: ...


@operation(runs=TARGET)
def check_far(item: int) -> int: ...


@operation(runs=TARGET)
def total(checked: list[int], far: list[int]) -> int: ...


@operation(runs=TARGET, when=total.output > 5)
def large(total: int) -> int: ...


@operation(runs=TARGET)
def small(total: int) -> int: ...


@operation(runs=TARGET)
def medium(total: int) -> int: ...


@operation(runs=TARGET)
def fetch(cursor: str | None) -> Split: ...


@operation(runs=TARGET)
def last(chosen: int, pages: Split, large: int | None = None) -> int: ...


mixed = Pipeline(
    "mixed",
    parameters={"month": int},
    jobs=[
        Job(
            "gather",
            split,
            Map("checked", check, over=split.output.items),
            Map("far", check_far, over=split.output.items, distributed=True),
            total,
            large,
        ),
        Job(
            "decide",
            Choice("chosen", (total.output > 3, medium), otherwise=small),
            Repeat(
                "pages",
                fetch,
                carry={"cursor": fetch.output.next},
                inputs={"cursor": None},
                until=fetch.output.next == None,  # noqa: E711 - a condition, not a comparison
                at_most=5,
            ),
            last,
        ),
    ],
)
