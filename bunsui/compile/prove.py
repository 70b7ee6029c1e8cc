"""Proof that a role allows what its calls need, and nothing else.

It reads the finished template, not what made it, and shows for every role that

1. every call is allowed,
2. every action on every resource that is allowed is needed by some call, under the same conditions,
3. nothing can be taken away: each pair is the only one that allows some call,
4. no action is `*`, and a resource is `*` only where a call carries a justification.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError
from bunsui.model.calls import Call, document

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
            hint="a mistake of bunsui or of an extension, whose calls are not those that its grants mirror",
        )


def prove(templates: Iterable[Mapping[str, Any]], calls: Mapping[str, Iterable[Call]]) -> list[Finding]:
    """What is wrong with the roles of a family of templates; `calls` gives by logical ID what each role has to allow.

    A role that has no calls given must allow nothing; a role that is nowhere allows nothing.
    """
    findings: list[Finding] = []
    roles: dict[str, list[Pair]] = {role: [] for role in calls}
    for template in templates:
        for role, pair in _allowed(template):
            if isinstance(pair, Finding):
                findings.append(pair)
            else:
                roles.setdefault(role, []).append(pair)
    for role, allowed in roles.items():
        findings += _prove_role(role, allowed, list(calls.get(role, ())))
    return findings


def _allowed(template: Mapping[str, Any]) -> Iterator[tuple[str, Pair | Finding]]:
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for role, policy in _documents(name, resource["Type"], properties):
            yield from ((role, found) for found in _pairs(role, policy))
        for arn in properties.get("ManagedPolicyArns", ()):
            yield name, Finding(name, "a managed policy that is not of this stack", "*", _text(arn))


def _documents(name: str, kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The policy documents of a resource, each with the logical ID of the role that it is for."""
    if kind == "AWS::IAM::Role":
        yield from ((name, policy["PolicyDocument"]) for policy in properties.get("Policies", ()))
    elif kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        yield from ((_text(role), properties["PolicyDocument"]) for role in properties.get("Roles", ()))
    elif kind == "AWS::IAM::RolePolicy":
        yield _text(properties["RoleName"]), properties["PolicyDocument"]


def _pairs(role: str, policy: Mapping[str, Any]) -> Iterator[Pair | Finding]:
    for statement in _list(policy["Statement"]):
        if statement["Effect"] != "Allow" or "NotAction" in statement or "NotResource" in statement:
            yield Finding(role, "only statements that allow actions on resources can be proved", "*", "*")
            continue
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
        if "*" in action or "?" in action:
            yield Finding(role, "an action must not have a wildcard", action, resource)
        elif resource == "*" and (call is None or not call.justification):
            yield Finding(role, "'*' without a justification", action, resource)
        elif call is None:
            yield Finding(role, "allowed, but not needed", action, resource)
        elif (action, resource, conditions) not in only:
            yield Finding(role, "allowed twice", action, resource)


def _of_call(call: Call) -> str:
    return _canonical(document(call.conditions))


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
    """Text as it is, the text of Fn::Sub and Ref, and JSON of any other function."""
    if isinstance(value, dict):
        value = value.get("Fn::Sub", value.get("Ref", value))
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


@cache
def _pattern(resource: str) -> re.Pattern[str]:
    return re.compile(re.escape(resource).replace(r"\*", ".*").replace(r"\?", "[^*?]"))


def _covers(pattern: str, resource: str) -> bool:
    """Whether everything that `resource` can stand for matches; its own wildcards are characters to the pattern."""
    if pattern == resource:
        return True
    head, star, tail = pattern.partition("*")
    if not tail and "?" not in head:
        # Nearly every pattern; to compile a regular expression for each would take longer than the rest of the proof.
        return bool(star) and resource.startswith(head)
    return _pattern(pattern).fullmatch(resource) is not None
