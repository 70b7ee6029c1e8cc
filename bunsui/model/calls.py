"""What an operation needs to be allowed: a call, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bunsui.errors import Where

NO_RESOURCE_TYPE = "NO-RESOURCE-TYPE"
"""Justification of a `*` resource: IAM has no resource type for the action (AWS, Service Authorization Reference)."""


class Condition(NamedTuple):
    """One condition of a statement, such as `StringLike` `s3:prefix` `("raw/*",)`."""

    operator: str
    key: str
    values: tuple[str, ...]


def document(conditions: Iterable[Condition]) -> dict[str, dict[str, list[str]]]:
    """Conditions as a policy document has them: operator -> key -> values."""
    found: dict[str, dict[str, list[str]]] = {}
    for one in conditions:
        found.setdefault(one.operator, {})[one.key] = list(one.values)
    return found


class Why(NamedTuple):
    """The reason for a call: who needs it, what for, and the line that says so."""

    operation: str
    reason: str
    where: Where | None = None


class Call(NamedTuple):
    """One needed API call.

    Attributes:
        action: IAM action, such as `s3:GetObject`.
        resource: ARN pattern with `Fn::Sub` placeholders; `*` only with a justification.
        why: who needs it and where that is declared.
        conditions: all must hold.
        justification: code that excuses a `*` resource.
    """

    action: str
    resource: str
    why: Why
    conditions: tuple[Condition, ...] = ()
    justification: str = ""
