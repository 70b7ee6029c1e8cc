"""What went wrong, as the operation that handles it is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """A step that failed for good.

    Attributes:
        error: name of the error, as `on=` names it: `ValueError`, `States.Timeout`.
        message: what the error said; empty where it said nothing.
    """

    error: str
    message: str
