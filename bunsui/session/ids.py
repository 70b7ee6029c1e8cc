"""Ids of sessions: sortable by time, short enough for every name that is derived from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random, SystemRandom

from bunsui.errors import UsageError

PATTERN = re.compile(r"[A-Za-z0-9_-]{1,40}")
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike."""


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


def new_session_id(clock: Callable[[], datetime] = utc_now, random: Random | None = None) -> str:
    """Such as `20261121-101530-k3f9`: UTC to the second, then four random characters (31^4 of them)."""
    dice = random or SystemRandom()
    return f"{clock().astimezone(UTC):%Y%m%d-%H%M%S}-{''.join(dice.choices(ALPHABET, k=4))}"


def check_session_id(session: str) -> str:
    """The id, if it is one.

    Raises:
        UsageError: BUN702, it has other characters or more than 40.
    """
    if PATTERN.fullmatch(session) is None:
        raise UsageError(
            "BUN702",
            f"{session!r} cannot be the id of a session",
            hint="1 to 40 of: letters, digits, hyphen, underscore; leave it out to get a new one",
        )
    return session
