"""Pipelines to simulate."""

from __future__ import annotations

from bunsui import Approval, Bucket, Dataset, Fallback, Finished, Job, Lambda, Pipeline, Retry, Wait, operation

TARGET = Lambda(memory=1024, timeout=60)


@operation(runs=TARGET)
def first(month: int) -> int: ...


@operation(runs=TARGET, retry=Retry(attempts=3, interval=10, jitter=False, on=[ValueError]))
def slow(first: int) -> list[int]: ...


@operation(runs=Lambda(memory=512, timeout=60, architecture="arm64", storage=1536), on_error=Fallback(0))
def quick(first: int) -> int: ...


@operation(runs=TARGET)
def last(slow: list[int], quick: int) -> str: ...


@operation(runs=TARGET)
def alone(year: int = 2013) -> int: ...


flow = Pipeline("flow", parameters={"month": int}, jobs=[Job("make", first, slow, quick, alone), Job("tell", last)])


lake = Bucket("lake")
there = Wait("there", object=lake / "raw/done.csv", every=10, timeout=600)
upstream = Wait("upstream", session=Finished("other"))
nap = Wait("nap", seconds=30)


@operation(runs=TARGET, reads=[lake / "raw"])
def total(there: Dataset, upstream: str) -> float: ...


pay = Approval("pay", message="Pay {total}?", timeout=3600)


@operation(runs=TARGET)
def paid(pay: dict[str, object], total: float) -> int: ...


waiting = Pipeline("waiting", operations=[there, upstream, nap, total, pay, paid])
