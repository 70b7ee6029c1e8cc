"""Pipelines to simulate."""

from __future__ import annotations

from bunsui import Fallback, Job, Lambda, Pipeline, Retry, operation

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
