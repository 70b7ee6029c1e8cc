"""From calls to grants: the fewest statements that allow exactly the calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bunsui.errors import DeclarationError
from bunsui.model.calls import Call, Condition, Why, document

INLINE_LIMIT = 10_240
MANAGED_LIMIT = 6_144
MANAGED_COUNT = 10
"""Characters of a role's inline policies, of a managed policy, and how many of these a role has (IAM quotas)."""

_FILLED_IN = {
    "${AWS::Partition}": "aws-us-gov",
    "${AWS::Region}": "ap-southeast-1",
    "${AWS::AccountId}": "123456789012",
}


class Grant(NamedTuple):
    """One IAM statement: every action on every resource, because some call needs it.

    Attributes:
        actions, resources: sorted.
        conditions: all must hold.
        justification: code that excuses a `*` resource, else empty.
        why: the reasons, one for each operation and purpose.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    justification: str
    why: tuple[Why, ...]

    def statement(self) -> dict[str, Any]:
        """As JSON for people and tests, with `Fn::Sub` placeholders left as they are."""
        found: dict[str, Any] = {"actions": list(self.actions), "resources": list(self.resources)}
        if self.conditions:
            found["conditions"] = document(self.conditions)
        if self.justification:
            found["justification"] = self.justification
        return found


def grants(calls: Iterable[Call]) -> tuple[Grant, ...]:
    """Compile calls; those with the same conditions and resource, or the same actions, share a statement."""
    reasons: dict[tuple[Any, ...], dict[tuple[str, str], Why]] = {}
    by_resource: dict[tuple[Any, ...], set[str]] = {}
    for call in calls:
        place = (call.conditions, call.justification, call.resource)
        by_resource.setdefault(place, set()).add(call.action)
        reasons.setdefault(place, {}).setdefault((call.why.operation, call.why.reason), call.why)
    by_actions: dict[tuple[Any, ...], list[str]] = {}
    for (conditions, justification, resource), actions in by_resource.items():
        by_actions.setdefault((tuple(sorted(actions)), conditions, justification), []).append(resource)
    made = [
        Grant(
            actions,
            tuple(sorted(resources)),
            conditions,
            justification,
            tuple(
                {
                    key: why
                    for resource in sorted(resources)
                    for key, why in reasons[conditions, justification, resource].items()
                }.values()
            ),
        )
        for (actions, conditions, justification), resources in by_actions.items()
    ]
    return tuple(sorted(made, key=lambda grant: (grant.actions, grant.resources, grant.conditions)))


def documents(found: Sequence[Grant], subject: str) -> tuple[tuple[Grant, ...], tuple[tuple[Grant, ...], ...]]:
    """The grants of the inline policy, and those of each managed policy that takes what is too much for it.

    Raises:
        DeclarationError: BUN301 when a role cannot hold them all.
    """
    inline, rest = _fill(_pieces(found), INLINE_LIMIT)
    managed = []
    while rest:
        policy, rest = _fill(rest, MANAGED_LIMIT)
        managed.append(policy)
    if len(managed) > MANAGED_COUNT:
        raise DeclarationError(
            "BUN301",
            f"the role of {subject} needs {len(managed)} managed policies; IAM allows {MANAGED_COUNT}",
            hint="put operations into several jobs, or let operations of a kind share code and settings",
        )
    return inline, tuple(managed)


def _pieces(found: Sequence[Grant]) -> list[Grant]:
    """The grants, those with many resources cut so that each fits any policy."""
    pieces = []
    for grant in found:
        for first in range(0, len(grant.resources), 20):
            some = grant.resources[first : first + 20]
            pieces.append(Grant(grant.actions, some, grant.conditions, grant.justification, grant.why))
    return pieces


def _fill(pieces: Sequence[Grant], limit: int) -> tuple[tuple[Grant, ...], Sequence[Grant]]:
    used = 60
    for position, piece in enumerate(pieces):
        used += _size(piece)
        if used > limit:
            return tuple(pieces[:position]), pieces[position:]
    return tuple(pieces), ()


def _size(grant: Grant) -> int:
    texts = [*grant.actions, *grant.resources]
    texts += [text for one in grant.conditions for text in (one.operator, one.key, *one.values)]
    return 90 + sum(len(_filled(text)) + 6 for text in texts)


def _filled(text: str) -> str:
    for placeholder, longest in _FILLED_IN.items():
        text = text.replace(placeholder, longest)
    return text
