"""Pipelines to draw."""

from __future__ import annotations

from bunsui import Job, Lambda, Pipeline, operation

TARGET = Lambda()


@operation(runs=TARGET)
def a() -> int: ...


@operation(runs=TARGET)
def b() -> int: ...


@operation(runs=TARGET)
def c(a: int) -> int: ...


@operation(runs=TARGET)
def d(a: int, b: int) -> int: ...


@operation(runs=TARGET)
def e(c: int, d: int) -> int: ...


@operation(runs=TARGET)
def end() -> int: ...


@operation(runs=TARGET)
def tidy(e: int) -> None: ...


e >> end

cross = Pipeline("cross", jobs=[Job("fetch-all", a, b, c, d, e, end), Job("tidy-up", tidy)])
"""`a` and `b` feed `c` and `d` like an N, so one of these waits in a join."""
