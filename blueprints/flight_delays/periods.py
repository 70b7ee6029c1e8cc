"""The months that a session covers, and what their objects are called."""

from __future__ import annotations

from dataclasses import dataclass

YEAR = 2013
"""The only year that the data has."""

WHOLE_YEAR = 0
"""The parameter `month` of a session that covers all twelve."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month or the whole year; `label` is `2013-01` or `2013`."""

    label: str
    months: tuple[int, ...]


def period(month: int) -> Period:
    """The period that the pipeline's parameter means.

    Args:
        month: 1 to 12, or 0 for the whole year.

    Raises:
        ValueError: it is none of these.
    """
    if month == WHOLE_YEAR:
        return Period(str(YEAR), tuple(range(1, 13)))
    if not 1 <= month <= 12:
        raise ValueError(f"month={month} is not a month; give 1 to 12, or {WHOLE_YEAR} for the whole year")
    return Period(f"{YEAR}-{month:02}", (month,))


def flights_of(month: int) -> str:
    """The object with one month's flights, below any folder that has them by month."""
    return f"flights/{YEAR}-{month:02}.csv"
