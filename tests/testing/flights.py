"""A small pipeline under test."""

from __future__ import annotations

from dataclasses import dataclass

from bunsui import Bucket, Fallback, Job, Lambda, Pipeline, Retry, operation

lake = Bucket("lake")
SMALL = Lambda(memory=256)


@dataclass(frozen=True)
class Raw:
    name: str
    rows: list[str]


@operation(runs=SMALL, reads=[lake / "raw"])
def raw(month: int) -> Raw:
    return Raw(f"{month}.csv", (lake / "raw").read_bytes(f"{month}.csv").decode().splitlines())


@operation(runs=SMALL, retry=Retry(attempts=3, interval=10, jitter=False, on=[ValueError]))
def rows(raw: Raw) -> int:
    return len(raw.rows)


@operation(runs=SMALL, writes=[lake / "clean"])
def misplaced(raw: Raw) -> str:
    return (lake / "elsewhere").uri


@operation(runs=SMALL, on_error=Fallback("nobody knows", on=["UndeclaredAccess"]))
def guarded(misplaced: str, rows: int) -> str:
    return f"{misplaced} {rows}"


counting = Pipeline("counting", parameters={"month": int}, jobs=[Job("load", raw), Job("count", rows)])
failing = Pipeline("failing", parameters={"month": int}, operations=[raw, rows, misplaced, guarded])
