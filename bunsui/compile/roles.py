"""IAM roles: who may assume them, and what they may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awacs.aws import (
    Action,
    Allow,
    ArnLike,
    ConditionElement,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
    StringLike,
)
from awacs.aws import Condition as AwacsCondition
from awacs.sts import AssumeRole
from troposphere import Ref, Sub, Tags, iam

from bunsui.compile.grants import Grant, documents
from bunsui.model.calls import document

_OPERATORS: dict[str, type[ConditionElement]] = {
    "ArnLike": ArnLike,
    "StringEquals": StringEquals,
    "StringLike": StringLike,
}


def role(
    title: str, service: str, found: Sequence[Grant], tags: dict[str, str], sources: Sequence[str], subject: str
) -> list[Any]:
    """A role and, where its inline policy would be too large, managed policies.

    Args:
        title: logical ID.
        service: principal that assumes it.
        found: what it may do.
        tags: on the role.
        sources: ARNs of the resources on whose behalf it may be assumed, where the service says so when it assumes the
            role; Step Functions does (AWS, "procedure-create-iam-role"), Lambda documents the account only.
        subject: for messages.
    """
    inline, managed = documents(found, subject)
    policies = [iam.Policy(PolicyName="calls", PolicyDocument=_document(inline))] if inline else []
    made: list[Any] = [
        iam.Role(title, AssumeRolePolicyDocument=_trust(service, sources), Policies=policies, Tags=Tags(tags))
    ]
    made += [
        iam.ManagedPolicy(f"{title}Policy{number}", PolicyDocument=_document(grants), Roles=[Ref(title)])
        for number, grants in enumerate(managed, start=1)
    ]
    return made


def _trust(service: str, sources: Sequence[str]) -> PolicyDocument:
    conditions: list[ConditionElement] = [StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})]
    if sources:
        arns = [Sub(one) for one in sources]
        conditions.insert(0, ArnLike({"aws:SourceArn": arns if len(arns) > 1 else arns[0]}))
    return PolicyDocument(
        Version="2012-10-17",
        Statement=[
            Statement(
                Effect=Allow,
                Principal=Principal("Service", service),
                Action=[AssumeRole],
                Condition=AwacsCondition(conditions),
            )
        ],
    )


def _document(found: Sequence[Grant]) -> PolicyDocument:
    return PolicyDocument(Version="2012-10-17", Statement=[_statement(grant) for grant in found])


def _statement(grant: Grant) -> Statement:
    extra: dict[str, Any] = {}
    if grant.conditions:
        elements = [
            _OPERATORS[operator]({key: [_sub(value) for value in values] for key, values in keys.items()})
            for operator, keys in document(grant.conditions).items()
        ]
        extra["Condition"] = AwacsCondition(elements)
    if grant.justification:
        extra["Sid"] = "".join(word.capitalize() for word in grant.justification.split("-"))
    return Statement(
        Effect=Allow,
        Action=[Action(*action.split(":", 1)) for action in grant.actions],
        Resource=[_sub(resource) for resource in grant.resources],
        **extra,
    )


def _sub(text: str) -> Any:
    return Sub(text) if "${" in text else text
