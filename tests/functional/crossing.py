"""A pipeline that is not series-parallel, neither between its jobs nor between the operations of one of them."""

from __future__ import annotations

import time

from bunsui import Job, Lambda, Pipeline, operation

SMALL = Lambda(memory=256, timeout=20)


@operation(runs=SMALL)
def left(left_s: float, fails: bool) -> int:
    time.sleep(left_s)
    if fails:
        raise ValueError("left fails")
    return 1


@operation(runs=SMALL)
def right(right_s: float) -> list[str]:
    time.sleep(right_s)
    return [f"right {number}" for number in range(3)]


@operation(runs=SMALL)
def left_end(left: int) -> int:
    return left + 10


@operation(runs=SMALL)
def cross(left: int, right: list[str]) -> list[str]:
    return [f"{left} {one}" for one in right]


@operation(runs=SMALL)
def right_end(right: list[str]) -> int:
    return len(right) + 20


@operation(runs=SMALL)
def second_cross(left_end: int, cross: list[str]) -> str:
    return f"{left_end} {','.join(cross)}"


@operation(runs=SMALL)
def third_cross(cross: list[str], right_end: int) -> str:
    return f"{right_end} {','.join(cross)}"


@operation(runs=SMALL)
def left_leaf(left_end: int) -> int:
    return left_end * 2


@operation(runs=SMALL)
def right_leaf(right_end: int) -> int:
    return right_end * 2


@operation(runs=SMALL)
def everything(second_cross: str, third_cross: str, left_leaf: int, right_leaf: int) -> list[str]:
    return [second_cross, third_cross, str(left_leaf), str(right_leaf)]


@operation(runs=SMALL)
def one(left_s: float) -> str:
    time.sleep(left_s)
    return "one"


@operation(runs=SMALL)
def two(right_s: float) -> str:
    time.sleep(right_s)
    return "two"


@operation(runs=SMALL)
def of_one(one: str) -> str:
    return f"of {one}"


@operation(runs=SMALL)
def of_both(one: str, two: str) -> str:
    return f"of {one} and {two}"


@operation(runs=SMALL)
def of_two(two: str) -> str:
    return f"of {two}"


SETTINGS = {"left_s": float, "right_s": float}

crossing = Pipeline(
    "crossing",
    parameters={**SETTINGS, "fails": bool},
    operations=[
        left,
        right,
        left_end,
        cross,
        right_end,
        second_cross,
        third_cross,
        left_leaf,
        right_leaf,
        everything,
    ],
)

jobs = Pipeline(
    "crossing-jobs",
    parameters=SETTINGS,
    jobs=[
        Job("one", one),
        Job("two", two),
        Job("of-one", of_one),
        Job("of-both", of_both),
        Job("of-two", of_two),
    ],
)
