"""How often a failed operation is tried again."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from bunsui.model.declaration import Declaration, refuse

EVERY = "States.ALL"
"""Every error that Step Functions lets be retried or caught."""


def _error_name(entry: object) -> object:
    if not isinstance(entry, type) or not issubclass(entry, BaseException):
        return entry
    return EVERY if entry in (Exception, BaseException) else entry.__name__


def _error_names(value: object) -> object:
    """`on=ValueError`, `on="ValueError"` and `on=[…]` all mean error names, as the state machine sees them.

    It compares names and knows no classes, so `Exception` has to stand for every error; and what names every error
    stands alone (Amazon States Language specification, "Errors").
    """
    entries = value if isinstance(value, list | tuple) else [value]
    names = [_error_name(entry) for entry in entries]
    if EVERY in names:
        names = [EVERY]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise refuse(f"on={value!r} is not an error", "name exception classes, such as on=[ValueError], or error names")
    return tuple(names)


ErrorNames = Annotated[tuple[str, ...], BeforeValidator(_error_names)]


class Retry(Declaration):
    """Retry policy of an operation.

    Attributes:
        attempts: how often it is run at most, the first time included.
        interval: seconds before the second run.
        backoff: factor by which the interval grows.
        max_delay: seconds that an interval may grow to.
        jitter: whether an interval is drawn at random between 0 and its full length.
        on: exception classes or error names, each of which means just itself and not its subclasses; `Exception`, as
            the default, means every error that Step Functions lets be retried.
    """

    attempts: int = Field(default=3, ge=1, le=100)
    interval: int = Field(default=1, ge=1, le=31_536_000)
    backoff: float = Field(default=2.0, ge=1.0, le=1000.0)
    max_delay: int | None = Field(default=None, ge=1, le=31_622_399)
    jitter: bool = True
    on: ErrorNames = (EVERY,)

    @property
    def delays(self) -> float:
        """Seconds between all runs together at most."""
        grown = (self.interval * self.backoff ** min(run, 64) for run in range(self.attempts - 1))
        return sum(delay if self.max_delay is None else min(delay, self.max_delay) for delay in grown)
