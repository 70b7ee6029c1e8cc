"""Pipelines that wait: for people, for objects, for another pipeline, for a condition."""

from __future__ import annotations

from typing import TypedDict

from bunsui import (
    Approval,
    Ask,
    Bucket,
    Dataset,
    Decision,
    Finished,
    Lambda,
    Parameter,
    Pipeline,
    Repeat,
    Wait,
    operation,
)

lake = Bucket("lake")
LAMBDA = Lambda(memory=128)


class Page(TypedDict):
    items: list[int]
    next: int | None


@operation(runs=LAMBDA)
def total(amount: int) -> dict[str, int]:
    return {"sum": amount * 2}


@operation(runs=LAMBDA)
def paid(pay: Decision, amount: int) -> str:
    return f"{pay['approved']} {amount}: {pay['comment']}"


pay = Approval(
    "pay",
    message="Pay {sum}?",
    inputs={"sum": total.output.sum},
    timeout=120,
    rejected="continue",
    approvers="arn:aws:*",
)
asking = Pipeline("asking", parameters=[Parameter("amount", int)], operations=[total, pay, paid])


@operation(runs=LAMBDA, reads=[lake / "flag"], on_error=Ask(on=[FileNotFoundError], timeout=120))
def flagged() -> str:
    return (lake / "flag").read_bytes("now").decode()


deciding = Pipeline("deciding", operations=[flagged])


@operation(runs=LAMBDA)
def arrived_as(arrived: Dataset) -> str:
    return arrived.key


arriving = Pipeline(
    "arriving", operations=[Wait("arrived", object=lake / "in/done.csv", every=5, timeout=60), arrived_as]
)


@operation(runs=LAMBDA)
def fetch(cursor: int | None) -> Page:
    here = cursor or 0
    return Page(items=[here], next=here + 1 if here < 3 else None)


pages = Repeat(
    "pages",
    fetch,
    carry={"cursor": fetch.output.next},
    inputs={"cursor": None},
    until=fetch.output.next == None,  # noqa: E711 - a condition
    at_most=9,
)


@operation(runs=LAMBDA)
def last(pages: Page, upstream: str) -> list[int]:
    return pages["items"]


repeating = Pipeline(
    "repeating", operations=[pages, Wait("upstream", session=Finished("asking"), every=5, timeout=60), last]
)

ALL = (asking, deciding, arriving, repeating)
