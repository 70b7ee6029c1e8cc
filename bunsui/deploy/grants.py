"""What templates allow: statements of roles, policies and resource policies, taken apart to be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bunsui.deploy.models import Widening, WideningKind

Templates = Mapping[str, Mapping[str, Any]]
"""Path of the nested stack (empty for the root) -> template."""
Conditions = frozenset[tuple[str, str, tuple[str, ...]]]
_RESOURCE_POLICIES = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
}
_NOT = "not "
"""Begins the text of a negated list, which only equals itself: a pattern within it would mean less the wider it is."""
_IDENTITY_POLICIES = frozenset({"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"})
_NARROWED_BY_FEWER = frozenset(
    {
        "ArnEquals",
        "ArnLike",
        "Bool",
        "IpAddress",
        "NumericEquals",
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
    }
)
"""Condition operators that allow more with every value; of the others only equality is understood."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource for one principal, allowed or denied."""

    kind: WideningKind
    subject: str
    effect: str
    action: str
    resource: str
    principal: str = ""
    conditions: Conditions = frozenset()

    def covers(self, other: Grant) -> bool:
        """Whether whatever falls under `other` falls under this."""
        return (
            self.kind == other.kind
            and self.subject == other.subject
            and self.effect == other.effect
            and _covers(self.principal, other.principal)
            and _covers(self.action.lower(), other.action.lower())
            and _covers(self.resource, other.resource)
            and all(_implied(condition, other.conditions) for condition in self.conditions)
        )

    def same_but_conditions(self, other: Grant) -> bool:
        """Whether this covers `other` as far as conditions are left out."""
        return Grant(self.kind, self.subject, self.effect, self.action, self.resource, self.principal).covers(other)


def widenings(before: Templates, after: Templates) -> tuple[Widening, ...]:
    """What `after` allows and `before` did not, and what `before` denied and `after` does not; sorted."""
    old, new = _by_subject(grants(before)), _by_subject(grants(after))
    found: list[Widening] = []
    for subject, granted in new.items():
        former = old.get(subject, [])
        found += [_widening(one, former) for one in granted if one.effect == "Allow" and not _any_covers(former, one)]
        found += [_lifted(one) for one in former if one.effect == "Deny" and not _any_covers(granted, one)]
    return tuple(sorted(set(found), key=lambda one: tuple(one.model_dump().values())))


def _by_subject(many: Iterable[Grant]) -> dict[str, list[Grant]]:
    grouped: dict[str, list[Grant]] = {}
    for grant in many:
        grouped.setdefault(grant.subject, []).append(grant)
    return grouped


def grants(templates: Templates) -> Iterator[Grant]:
    """Every grant and denial that the templates make."""
    for path, template in templates.items():
        for logical_id, resource in template.get("Resources", {}).items():
            extract = _EXTRACTORS.get(resource.get("Type", ""))
            if extract is not None:
                subject = f"{path}/{logical_id}" if path else logical_id
                yield from extract(path, subject, resource["Type"], resource.get("Properties", {}))


def _of_role(path: str, subject: str, type: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    yield from _statements("trust", subject, properties.get("AssumeRolePolicyDocument"))
    for policy in properties.get("Policies", []):
        yield from _statements("grant", subject, policy.get("PolicyDocument"))
    for arn in properties.get("ManagedPolicyArns", []):
        yield Grant("managed policy", subject, "Allow", "*", text(arn))


def _of_policy(path: str, subject: str, type: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    roles = properties.get("Roles") or ([properties["RoleName"]] if "RoleName" in properties else [])
    for role in roles or [None]:
        holder = subject if role is None else text(role).removeprefix("${").removesuffix("}")
        owner = holder if role is None or not path else f"{path}/{holder}"
        yield from _statements("grant", owner, properties.get("PolicyDocument"))


def _of_resource(path: str, subject: str, type: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    yield from _statements("resource policy", subject, properties.get(_RESOURCE_POLICIES[type]))


def _of_function(path: str, subject: str, type: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    keys = {"SourceAccount": "aws:SourceAccount", "SourceArn": "aws:SourceArn"}
    conditions = frozenset(
        ("ArnLike" if key == "SourceArn" else "StringEquals", name, (text(properties[key]),))
        for key, name in keys.items()
        if key in properties
    )
    principal, action = text(properties.get("Principal", "*")), text(properties.get("Action", "*"))
    resource = text(properties.get("FunctionName", "*"))
    yield Grant("resource policy", subject, "Allow", action, resource, principal, conditions)


_EXTRACTORS: dict[str, Callable[[str, str, str, Mapping[str, Any]], Iterator[Grant]]] = {
    "AWS::IAM::Role": _of_role,
    "AWS::Lambda::Permission": _of_function,
    **dict.fromkeys(_IDENTITY_POLICIES, _of_policy),
    **dict.fromkeys(_RESOURCE_POLICIES, _of_resource),
}


def _statements(kind: WideningKind, subject: str, document: Any) -> Iterator[Grant]:
    for statement in _list((document or {}).get("Statement", [])):
        conditions = _conditions(statement.get("Condition", {}))
        for principal in _principals(statement):
            for action in _words(statement, "Action"):
                for resource in _words(statement, "Resource"):
                    yield Grant(kind, subject, statement["Effect"], action, resource, principal, conditions)


def _words(statement: Mapping[str, Any], key: str) -> list[str]:
    """The values of `Action` or `Resource`; a negated list is one value that only equals itself."""
    if f"Not{key}" in statement:
        return [_NOT + json.dumps(sorted(map(text, _list(statement[f"Not{key}"]))))]
    return [text(value) for value in _list(statement.get(key, ""))]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        return [_NOT + json.dumps(statement["NotPrincipal"], sort_keys=True)]
    principal = statement.get("Principal", "")
    if isinstance(principal, Mapping) and not _is_function(principal):
        return [f"{kind}:{text(who)}" for kind, many in sorted(principal.items()) for who in _list(many)]
    return [text(principal)]


def _conditions(block: Mapping[str, Any]) -> Conditions:
    return frozenset(
        (operator, key, tuple(sorted(map(text, _list(values)))))
        for operator, pairs in block.items()
        for key, values in pairs.items()
    )


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _is_function(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def text(value: Any) -> str:
    """A value of a template as one string, `${…}` standing for what CloudFormation fills in."""
    if isinstance(value, Mapping) and len(value) == 1:
        (function, argument), *_ = value.items()
        if function == "Ref":
            return f"${{{argument}}}"
        if function == "Fn::GetAtt":
            return f"${{{argument if isinstance(argument, str) else '.'.join(map(text, argument))}}}"
        if function == "Fn::Sub" and isinstance(argument, str):
            return argument
        if function == "Fn::Join" and isinstance(argument[1], list):
            return str(argument[0]).join(map(text, argument[1]))
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


@lru_cache(maxsize=4096)
def _pattern(wide: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "[^*]"}.get(part, re.escape(part)) for part in wide), re.DOTALL)


def _covers(wide: str, narrow: str) -> bool:
    """Whether the pattern `wide` matches whatever `narrow` does."""
    if wide == narrow or wide.startswith(_NOT) or not ("*" in wide or "?" in wide):
        return wide == narrow
    return _pattern(wide).fullmatch(narrow) is not None


def _implied(condition: tuple[str, str, tuple[str, ...]], others: Conditions) -> bool:
    """Whether what satisfies `others` satisfies `condition`."""
    operator, key, values = condition
    for other_operator, other_key, other_values in others:
        if other_operator != operator or other_key.lower() != key.lower():
            continue
        base = operator.removesuffix("IfExists").rpartition(":")[2]
        if base in _NARROWED_BY_FEWER:
            return all(any(_fits(base, value, one) for value in values) for one in other_values)
        return other_values == values
    return False


def _fits(operator: str, wide: str, narrow: str) -> bool:
    return _covers(wide, narrow) if operator.endswith("Like") or operator == "ArnEquals" else wide == narrow


def _any_covers(many: Iterable[Grant], grant: Grant) -> bool:
    return any(one.covers(grant) for one in many)


def _widening(grant: Grant, old: Iterable[Grant]) -> Widening:
    before = next((one for one in old if one.same_but_conditions(grant)), None)
    return Widening(
        kind=grant.kind,
        subject=grant.subject,
        action=grant.action,
        resource=grant.resource,
        principal=grant.principal,
        condition=_json(grant.conditions),
        before=_json(before.conditions) if before else "",
    )


def _lifted(grant: Grant) -> Widening:
    return Widening(
        kind="lifted denial",
        subject=grant.subject,
        action=grant.action,
        resource=grant.resource,
        principal=grant.principal,
        condition=_json(grant.conditions),
    )


def _json(conditions: Conditions) -> str:
    block: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in sorted(conditions):
        block.setdefault(operator, {})[key] = list(values)
    return json.dumps(block) if block else ""
