"""Proof that a role allows what its calls need, and nothing else.

It reads the finished template, not what made it, and shows for every role that

1. every call is allowed,
2. every action on every resource that is allowed is needed by some call, under the same conditions,
3. nothing can be taken away: each pair is the only one that allows some call,
4. no action is `*`, and a resource is `*` only where a call carries a justification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError
from bunsui.model.calls import Call

Pair = tuple[str, str, str]
"""Action, resource pattern, and conditions in a canonical form."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a role is not least privilege."""

    role: str
    problem: str
    action: str
    resource: str

    def error(self) -> BunsuiError:
        """As an error of the compiler."""
        return DeclarationError(
            "BUN305",
            f"role {self.role}: {self.action} on {self.resource}: {self.problem}",
            hint="this is a mistake of bunsui or of an extension: a target or resource declares calls that its grants do not mirror",
        )


def prove(template: Mapping[str, Any], calls: Mapping[str, Iterable[Call]]) -> list[Finding]:
    """What is wrong with the roles of a template; `calls` gives for each role's logical ID what it has to allow.

    A role of the template that has no calls given must allow nothing.
    """
    findings: list[Finding] = []
    for role, allowed in _allowed(template).items():
        findings += _prove_role(role, allowed, list(calls.get(role, ())))
    return findings


def _allowed(template: Mapping[str, Any]) -> dict[str, list[Pair]]:
    roles: dict[str, list[Pair]] = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            roles.setdefault(name, []).extend(pair for document in documents for pair in _pairs(document))
        elif resource["Type"] == "AWS::IAM::ManagedPolicy":
            for reference in properties["Roles"]:
                roles.setdefault(reference["Ref"], []).extend(_pairs(properties["PolicyDocument"]))
    return roles


def _pairs(document: Mapping[str, Any]) -> Iterator[Pair]:
    for statement in document["Statement"]:
        conditions = _canonical(statement.get("Condition", {}))
        for action in _list(statement["Action"]):
            for resource in _list(statement["Resource"]):
                yield action, _text(resource), conditions


def _prove_role(role: str, allowed: list[Pair], calls: list[Call]) -> Iterator[Finding]:
    needed = {(call.action, call.resource, _of_call(call)): call for call in calls}
    by_action: dict[str, list[Pair]] = {}
    for pair in allowed:
        by_action.setdefault(pair[0], []).append(pair)
    only: set[Pair] = set()
    for key in needed:
        holders = [pair for pair in by_action.get(key[0], ()) if pair[2] == key[2] and _covers(pair[1], key[1])]
        if not holders:
            yield Finding(role, "needed, but not allowed", key[0], key[1])
        if len(holders) == 1:
            only.add(holders[0])
    for action, resource, conditions in allowed:
        call = needed.get((action, resource, conditions))
        if "*" in action:
            yield Finding(role, "an action must not have a wildcard", action, resource)
        elif resource == "*" and (call is None or not call.justification):
            yield Finding(role, "'*' without a justification", action, resource)
        elif call is None:
            yield Finding(role, "allowed, but not needed", action, resource)
        elif (action, resource, conditions) not in only:
            yield Finding(role, "allowed twice", action, resource)


def _of_call(call: Call) -> str:
    return _canonical({one.operator: {one.key: list(one.values)} for one in call.conditions})


def _canonical(conditions: Mapping[str, Any]) -> str:
    return repr(
        sorted(
            (operator, key, sorted(map(_text, _list(values))))
            for operator, keys in conditions.items()
            for key, values in keys.items()
        )
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value["Fn::Sub"] if isinstance(value, dict) else value


@cache
def _pattern(resource: str) -> re.Pattern[str]:
    return re.compile(re.escape(resource).replace(r"\*", ".*").replace(r"\?", "."))


def _covers(pattern: str, resource: str) -> bool:
    """Whether everything that `resource` can stand for matches; its own wildcards are ordinary characters to the pattern."""
    return pattern == resource or _pattern(pattern).fullmatch(resource) is not None
