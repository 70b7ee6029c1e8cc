"""How long steps can take that run one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from bunsui.model.ask import waiting
from bunsui.model.operation import A_YEAR
from bunsui.model.step import Step, handlers

START = 60
"""Seconds that starting a job and its bookkeeping may take."""


def longest(steps: Iterable[Step]) -> int:
    """Seconds that a job of them can take: each as often as its retries, handlers and people's answers allow."""
    seconds = (step.longest + waiting(step) + sum(one.longest for one in handlers(step)) for step in steps)
    return min(A_YEAR, START + sum(seconds))
