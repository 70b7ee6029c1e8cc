"""Pipelines within pipelines, on the embedded AWS and on the interpreter."""

from __future__ import annotations

import time
from typing import Any

from bunsui import Fallback, Job, Lambda, Nested, Parameter, Pipeline, operation

SMALL = Lambda(memory=256, timeout=20)


@operation(runs=SMALL)
def lines(customer: str, count: int) -> list[str]:
    if count < 0:
        raise ValueError(f"{customer} has {count} lines")
    return [f"{customer}-{number:06}" for number in range(count)]


@operation(runs=SMALL)
def rate(customer: str, base: float) -> float:
    return base * len(customer)


billing = Pipeline(
    "billing",
    parameters=[Parameter("customer", str), Parameter("count", int), Parameter("base", float, default=0.5)],
    jobs=[Job("list-lines", lines), Job("rate", rate)],
)


@operation(runs=SMALL)
def slow(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


waiting = Pipeline("waiting", parameters={"seconds": float}, operations=[slow])
between = Pipeline("between", parameters={"seconds": float}, operations=[Nested("waited", waiting)])


@operation(runs=SMALL)
def order(number: int) -> dict[str, Any]:
    return {"who": f"customer{number}", "count": number}


billed = Nested("billed", billing, inputs={"customer": order.output["who"], "count": order.output["count"]})
billed_long = Nested("again", billing, inputs={"customer": "x", "count": 30_000}, deployed="together")
lenient = Nested(
    "lenient",
    billing,
    inputs={"customer": "x", "count": -1},
    on_error=Fallback({"rate": -1, "lines": []}, on=[ValueError]),
)


@operation(runs=SMALL, inputs={"first": billed.output.lines, "all": billed_long.output, "none": lenient.output.rate})
def summed(first: list[str], all: dict[str, Any], none: float) -> dict[str, float]:
    return {"first": len(first), "lines": len(all["lines"]), "rate": all["rate"], "none": none}


@operation(runs=SMALL, inputs={"rate": billed.output.rate}, when=billed.output.rate > 4.5)
def dear(rate: float) -> float:
    return rate


orders = Pipeline(
    "orders",
    parameters={"number": int},
    jobs=[Job("bill", order, billed, billed_long, lenient), Job("tell", summed, dear)],
)
patient = Pipeline(
    "patient", parameters={"seconds": float}, operations=[Nested("through", between, deployed="together")]
)
