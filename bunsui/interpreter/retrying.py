"""Retry and Catch: which entry answers a fault, and after how long."""

from __future__ import annotations

from random import Random

from bunsui.interpreter import faults
from bunsui.interpreter.definition import Catcher, Retrier
from bunsui.interpreter.faults import Fault


def matches(errors: tuple[str, ...], fault: Fault) -> bool:
    """Whether an ErrorEquals covers a fault; nothing covers States.Runtime."""
    error = fault.error
    if error == faults.RUNTIME:
        return False
    for name in errors:
        if name in {error, faults.ALL}:
            return True
        if name == faults.TASK_FAILED and error not in {faults.TIMEOUT, faults.HEARTBEAT_TIMEOUT}:
            return True
        if name == faults.HEARTBEAT_TIMEOUT and fault.missed_heartbeat:
            return True
    return False


def retrier_for(retriers: tuple[Retrier, ...], fault: Fault) -> int | None:
    """The place of the retrier that answers, or None."""
    return next((at for at, retrier in enumerate(retriers) if matches(retrier.errors, fault)), None)


def catcher_for(catchers: tuple[Catcher, ...], fault: Fault) -> int | None:
    """The place of the catcher that answers, or None."""
    return next((at for at, catcher in enumerate(catchers) if matches(catcher.errors, fault)), None)


def delay(retrier: Retrier, attempt: int, random: Random) -> float:
    """Seconds before an attempt; the first retry is attempt 0."""
    try:
        seconds = retrier.interval * retrier.rate**attempt
    except OverflowError:
        seconds = float("inf")
    ceiling = retrier.max_delay if retrier.max_delay is not None else 99_999_999.0
    seconds = min(seconds, ceiling)
    return random.uniform(0, seconds) if retrier.jitter else seconds
