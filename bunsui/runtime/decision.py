"""What a person decided about an approval."""

from __future__ import annotations

from typing import TypedDict


class Decision(TypedDict):
    """The result of an `Approval`.

    Attributes:
        approved: whether the answer was yes.
        by: who answered, as AWS knows them (ARN); empty when nobody did in time.
        comment: what they said.
        at: when, ISO 8601 in UTC.
    """

    approved: bool
    by: str
    comment: str
    at: str
