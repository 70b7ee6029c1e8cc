from __future__ import annotations

from typing import Any

import pytest

from bunsui.deploy.grants import Templates, text, widenings
from bunsui.deploy.models import Widening
from tests.deploy.conftest import allow, role

ARN = "arn:aws:s3:::lake/raw/*"


def between(before: dict[str, Any], after: dict[str, Any]) -> list[Widening]:
    return list(widenings({"": {"Resources": before}}, {"": {"Resources": after}}))


def when(**conditions: Any) -> dict[str, Any]:
    return {"Condition": conditions}


def of_role(before: dict[str, Any], after: dict[str, Any]) -> list[Widening]:
    return between({"R": role(before)}, {"R": role(after)})


def test_everything_of_a_new_role_is_new() -> None:
    grant, trust = between({}, {"R": role(allow("s3:GetObject", ARN))})
    assert grant == Widening(kind="grant", subject="R", action="s3:GetObject", resource=ARN)
    assert trust == Widening(
        kind="trust", subject="R", action="sts:AssumeRole", resource="", principal="Service:lambda.amazonaws.com"
    )


LIKE = {"s3:prefix": ["raw/*"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (allow("s3:GetObject", ARN), allow("s3:GetObject", ARN)),
        (allow("s3:GetObject", ARN), allow("S3:getobject", ARN)),
        (allow("s3:*", ARN), allow("s3:GetObject", ARN)),
        (allow("s3:Get*", "*"), allow("s3:GetObject", ARN)),
        (allow("s3:GetObject", "arn:aws:s3:::lake/*"), allow("s3:GetObject", ARN)),
        (allow("s3:GetObject", {"Fn::Sub": "${Lake.Arn}/*"}), allow("s3:GetObject", {"Fn::Sub": "${Lake.Arn}/raw/*"})),
        (allow("s3:GetObject", {"Fn::GetAtt": ["Lake", "Arn"]}), allow("s3:GetObject", {"Fn::Sub": "${Lake.Arn}"})),
        (allow("s3:GetObject", [ARN, "b"]), allow("s3:GetObject", "b")),
        (allow("s3:L", "b"), allow("s3:L", "b", **when(StringLike=LIKE))),
        (allow("s3:L", "b", **when(StringLike=LIKE)), allow("s3:L", "b", **when(StringLike={"s3:prefix": "raw/2*"}))),
        (
            allow("s3:L", "b", **when(StringEquals={"k": ["1", "2"]})),
            allow("s3:L", "b", **when(StringEquals={"k": "2"}, Bool={"aws:SecureTransport": True})),
        ),
        (allow("s3:L", "b"), {"Effect": "Deny", "Action": "s3:X", "Resource": "b"}),
    ],
)
def test_what_is_no_widening(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert of_role(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "action", "resource"),
    [
        (allow("s3:GetObject", ARN), allow("s3:PutObject", ARN), "s3:PutObject", ARN),
        (allow("s3:GetObject", ARN), allow("s3:Get*", ARN), "s3:Get*", ARN),
        (allow("s3:GetObject", ARN), allow("s3:GetObject", "*"), "s3:GetObject", "*"),
        (allow("s3:Get?", "b"), allow("s3:Get*", "b"), "s3:Get*", "b"),
        (
            allow("s3:GetObject", ARN),
            {"Effect": "Allow", "NotAction": ["s3:PutObject"], "Resource": ARN},
            'not ["s3:PutObject"]',
            ARN,
        ),
        (
            {"Effect": "Allow", "NotAction": ["s3:*"], "Resource": ARN},
            {"Effect": "Allow", "NotAction": ["s3:PutObject"], "Resource": ARN},
            'not ["s3:PutObject"]',
            ARN,
        ),
    ],
)
def test_more_actions_or_resources(before: dict[str, Any], after: dict[str, Any], action: str, resource: str) -> None:
    (found,) = of_role(before, after)
    assert (found.kind, found.action, found.resource, found.before) == ("grant", action, resource, "")


@pytest.mark.parametrize(
    "after",
    [
        allow("s3:L", "b"),
        allow("s3:L", "b", **when(StringLike={"s3:prefix": "*"})),
        allow("s3:L", "b", **when(StringLike={"s3:prefix": ["raw/*", "clean/*"]})),
        allow("s3:L", "b", **when(StringLike={"other": ["raw/*"]})),
        allow("s3:L", "b", **when(StringNotLike={"s3:prefix": ["raw/*"]})),
    ],
)
def test_a_condition_that_goes_or_shrinks_widens(after: dict[str, Any]) -> None:
    (found,) = of_role(allow("s3:L", "b", **when(StringLike=LIKE)), after)
    assert found.before == '{"StringLike": {"s3:prefix": ["raw/*"]}}'
    assert found.condition != found.before


def test_of_negated_operators_only_equality_is_understood() -> None:
    before = allow("s3:L", "b", **when(StringNotEquals={"k": ["1", "2"]}))
    (found,) = of_role(before, allow("s3:L", "b", **when(StringNotEquals={"k": ["1"]})))
    assert found.before
    assert of_role(before, before) == []


def test_trust() -> None:
    closed = role(Condition={"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}})
    (found,) = between({"R": closed}, {"R": role()})
    assert (found.kind, found.principal, found.condition) == ("trust", "Service:lambda.amazonaws.com", "")
    assert "${AWS::AccountId}" in found.before
    assert between({"R": role()}, {"R": closed}) == []
    (found,) = between({"R": role()}, {"R": role(service="states.amazonaws.com")})
    assert found.principal == "Service:states.amazonaws.com"


def test_attached_policies() -> None:
    with_policy = role()
    with_policy["Properties"]["ManagedPolicyArns"] = [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/Admin"}]
    (found,) = between({"R": role()}, {"R": with_policy})
    assert (found.kind, found.resource) == ("managed policy", "arn:${AWS::Partition}:iam::aws:policy/Admin")


def test_policies_apart_from_the_role_count_as_the_roles_own() -> None:
    document = {"Statement": [allow("s3:GetObject", ARN)]}
    apart = {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "R"}], "PolicyDocument": document}}
    assert between({"R": role(allow("s3:GetObject", ARN))}, {"R": role(), "P": apart}) == []
    (found,) = between({"R": role()}, {"R": role(), "P": apart})
    assert found.subject == "R"


def test_resource_policies() -> None:
    statement = allow("s3:GetObject", ARN, Principal="*")
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}
    (found,) = between({}, {"P": policy})
    assert (found.kind, found.principal) == ("resource policy", "*")
    invoke = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "F"}, "Principal": "s3.amazonaws.com"}
    open_ = {"Type": "AWS::Lambda::Permission", "Properties": invoke}
    closed = {"Type": "AWS::Lambda::Permission", "Properties": {**invoke, "SourceArn": "arn:aws:s3:::lake"}}
    (found,) = between({"P": closed}, {"P": open_})
    assert (found.action, found.resource, found.principal) == ("lambda:InvokeFunction", "${F}", "s3.amazonaws.com")
    assert found.before == '{"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::lake"]}}'


def test_a_denial_that_goes() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    grant = allow("s3:GetObject", ARN)
    (found,) = between({"R": role(grant, deny)}, {"R": role(grant)})
    assert (found.kind, found.action) == ("lifted denial", "s3:*")
    assert between({"R": role(grant, deny)}, {}) == []


def test_nested_stacks_are_told_apart() -> None:
    before: Templates = {"": {"Resources": {}}, "Part": {"Resources": {"R": role()}}}
    after = {"": {"Resources": {"R": role()}}, "Part": {"Resources": {"R": role(allow("s3:GetObject", ARN))}}}
    found = widenings(before, after)
    assert [(one.kind, one.subject) for one in found] == [("grant", "Part/R"), ("trust", "R")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "s3"]]}, "arn:${AWS::Partition}:s3"),
        ({"Fn::GetAtt": "A.Arn"}, "${A.Arn}"),
        ({"Fn::If": ["c", "a", "b"]}, '{"Fn::If": ["c", "a", "b"]}'),
        (True, "true"),
        (7, "7"),
    ],
)
def test_text(value: Any, expected: str) -> None:
    assert text(value) == expected
