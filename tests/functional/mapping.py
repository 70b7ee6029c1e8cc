"""Maps, inline and distributed, that run on the embedded AWS and on the interpreter."""

from __future__ import annotations

from dataclasses import dataclass

from bunsui import Bucket, Csv, Dataset, Distributed, Fallback, Lambda, Map, Objects, Pipeline, operation

SMALL = Lambda(memory=256, timeout=20)
lake = Bucket("lake")


@dataclass(frozen=True)
class Order:
    id: int
    items: list[str]


@operation(runs=SMALL)
def orders(count: int, size: int) -> list[Order]:
    return [Order(number, ["x" * size] * number) for number in range(count)]


@operation(runs=SMALL)
def checked(order: Order, limit: int) -> list[str]:
    if order.id == limit:
        raise ValueError(f"order {order.id}")
    return [f"{order.id}: {one}" for one in order.items]


@operation(runs=SMALL)
def total(lines: list[list[str]]) -> int:
    return sum(len(one) for lines_of_one in lines for one in lines_of_one)


inline = Pipeline(
    "inline",
    parameters={"count": int, "size": int, "limit": int},
    operations=[
        orders,
        Map("lines", checked, over=orders.output, item="order", on_error=Fallback([["none"]])),
        total,
    ],
)


@dataclass(frozen=True)
class Row:
    n: int
    name: str


@operation(runs=SMALL, writes=[lake / "raw"])
def raw(rows: int) -> Dataset:
    text = "n,name\n" + "".join(f"{number},name {number}\n" for number in range(rows))
    return (lake / "raw").write_bytes("rows.csv", text.encode())


@operation(runs=SMALL)
def doubled(row: Row, wrong: int) -> int:
    if row.n == wrong:
        raise ValueError(row.name)
    return row.n * 2


@operation(runs=SMALL)
def listed(rows: int) -> list[int]:
    return list(range(rows))


@operation(runs=SMALL)
def negated(number: int) -> int:
    return -number


@operation(runs=SMALL)
def size(found: Dataset) -> int | None:
    return found.bytes


@operation(runs=SMALL)
def report(doubles: list[int | None], negatives: list[int], sizes: list[int | None]) -> dict[str, list[int | None]]:
    return {"doubles": doubles, "negatives": [*negatives], "sizes": sizes}


@operation(runs=SMALL)
def squared(number: int) -> int:
    return number * number


sizes = Map("sizes", size, over=Objects(lake / "raw"))
raw >> sizes
distributed = Pipeline(
    "distributed",
    parameters={"rows": int, "wrong": int},
    operations=[
        raw,
        listed,
        Map("doubles", doubled, over=Csv(raw.output), item="row", distributed=Distributed(tolerated=1)),
        Map("negatives", negated, over=listed.output, distributed=Distributed(batch=2)),
        sizes,
        report,
        Map("written", squared, over=[2, 3], distributed=Distributed(results=lake / "squares")),
    ],
)
