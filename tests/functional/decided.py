"""A pipeline that decides what to run, for the embedded AWS and the interpreter."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from bunsui import (
    Choice,
    Failure,
    Fallback,
    Handle,
    Job,
    Lambda,
    Parameter,
    Pipeline,
    Skip,
    contains,
    ends_with,
    exists,
    is_in,
    length,
    matches,
    operation,
    starts_with,
)

SMALL = Lambda(memory=256, timeout=20)
mode = Parameter("mode", str)
count = Parameter("count", int)


@dataclass(frozen=True)
class Rows:
    names: list[str]
    day: datetime.date
    at: datetime.datetime
    kind: str
    last: str | None = None


@operation(runs=SMALL)
def rows(count: int, mode: str) -> Rows:
    names = [f"name-{number:05}" for number in range(count)]
    day = datetime.date(2024, 2, 29)
    at = datetime.datetime(2024, 2, 29, 12, 30, 0, 500_000, datetime.UTC)
    return Rows(names, day, at, mode, names[-1] if names else None)


@operation(runs=SMALL, when=length(rows.output.names) > 0)
def cleaned(rows: Rows) -> int:
    return len(rows.names)


@operation(runs=SMALL)
def doubled(cleaned: int) -> int:
    return cleaned * 2


@operation(runs=SMALL)
def told(cleaned: int | None, doubled: int = -1) -> str:
    return f"{cleaned} {doubled}"


DATES = (rows.output.day == datetime.date(2024, 2, 29)) & (rows.output.at > datetime.datetime(2024, 2, 29, 12, 30))
TEXTS = starts_with(rows.output.kind, "br") & ends_with(rows.output.kind, "en") & matches(rows.output.kind, "b*k?n")
MORE = contains(rows.output.kind, "rok") & is_in(mode.value, ["broken", "gone"]) & exists(rows.output.last)


@operation(runs=SMALL, when=DATES & TEXTS & MORE & ~(count.value > 1_000_000))
def everything(rows: Rows) -> int:
    return 1


@operation(runs=SMALL)
def many(rows: Rows) -> int:
    return len(rows.names)


@operation(runs=SMALL)
def few(rows: Rows) -> str:
    return "few"


sized = Choice("sized", (length(rows.output.names) > 1_000, many), (count.value > 0, few))


@operation(runs=SMALL)
def repaired(error: Failure) -> str:
    return f"{error.error}: {error.message}"


@operation(runs=SMALL, on_error=Handle(repaired, on=[ValueError]))
def risky(mode: str) -> str:
    if mode == "broken":
        raise ValueError('row 7 has no "day"')
    return "fine"


@operation(runs=SMALL, on_error=Skip())
def optional(mode: str) -> int:
    if mode == "broken":
        raise KeyError("day")
    return 1


@operation(runs=SMALL)
def published(sized: int | str, risky: str) -> str:
    return f"{sized} {risky}"


@operation(runs=SMALL)
def checked(mode: str) -> int:
    if mode in ("broken", "gone"):
        raise OSError(f"{mode} disk")
    return 3


@operation(runs=SMALL)
def rescued(error: Failure, risky: str) -> str:
    return f"{error.error}: {error.message} ({risky})"


@operation(runs=SMALL)
def measured(mode: str) -> int:
    if mode == "gone":
        raise TimeoutError("late")
    return 4


@operation(runs=SMALL)
def summed(checked: int | None, measured: int, published: str | None) -> list[int | str | None]:
    return [checked, measured, published]


deciding = Pipeline(
    "deciding",
    parameters=[mode, count],
    jobs=[
        Job("load", rows, cleaned, doubled, told, everything, sized, risky, optional),
        Job("publish", published, when=exists(sized.output) & (risky.output != "fine")),
        Job("check", checked, on_error=Handle(rescued, on=[OSError])),
        Job("measure", measured, on_error=Fallback({measured: 0}, on=[TimeoutError])),
        Job("sum", summed),
    ],
)
