from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bunsui.aws import Aws, Credentials
from bunsui.deploy import Event, Plan, bootstrap
from bunsui.local import REGION, LocalStatus, ephemeral

_accounts = itertools.count(100000000001)


@pytest.fixture(scope="session")
def emulator() -> Iterator[LocalStatus]:
    with ephemeral() as status:
        yield status


@pytest.fixture
def account() -> str:
    """One of its own for each test: the emulator keeps the accounts of different access keys apart."""
    return str(next(_accounts))


@pytest.fixture
def aws(emulator: LocalStatus, account: str) -> Iterator[Aws]:
    made = Aws(region=REGION, endpoint_url=emulator.endpoint_url, credentials=Credentials(account, "test"))
    yield made
    made.close()


@pytest.fixture
def ready(aws: Aws) -> Aws:
    """An account with a control stack."""
    bootstrap(aws, approve=lambda plan: True)
    return aws


@dataclass(frozen=True)
class Asset:
    digest: str


@dataclass
class Assembly:
    """An assembly of hand-written templates."""

    root: dict[str, Any]
    nested: dict[str, Any] = field(default_factory=dict)
    assets: tuple[Asset, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    pipeline: str = "flights"
    stack: str = "flights"

    @property
    def templates(self) -> dict[str, str]:
        texts = {f"nested/{name}.json": json.dumps(template) for name, template in self.nested.items()}
        return {"template.json": json.dumps(self.root), **texts}


@dataclass
class Human:
    """Somebody who agrees or not, and remembers what they were shown and told."""

    agrees: bool = True
    plans: list[Plan] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def approve(self, plan: Plan) -> bool:
        self.plans.append(plan)
        return self.agrees

    def notify(self, event: Event) -> None:
        self.events.append(event)

    @property
    def notes(self) -> str:
        return "\n".join(event.text for event in self.events if event.event == "note")


@pytest.fixture
def human() -> Human:
    return Human()


def no_build(asset: Any) -> Path:
    raise AssertionError(f"nothing to build, but asked for {asset}")


def table(name: str = "delays", key: str = "day", *, retain: bool = True, **more: Any) -> dict[str, Any]:
    policy = "Retain" if retain else "Delete"
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": policy,
        "UpdateReplacePolicy": policy,
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            **more,
        },
    }


def bucket(name: str = "flights-lake", *, retain: bool = True, **more: Any) -> dict[str, Any]:
    policy = "Retain" if retain else "Delete"
    literal = f"{name}-${{AWS::AccountId}}-${{AWS::Region}}"
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": policy,
        "UpdateReplacePolicy": policy,
        "Properties": {"BucketName": {"Fn::Sub": literal}, **more},
    }


def role(*statements: dict[str, Any], service: str = "lambda.amazonaws.com", **trust: Any) -> dict[str, Any]:
    trusts = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **trust}
    policy = {"PolicyName": "calls", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusts]},
            **({"Policies": [policy]} if statements else {}),
        },
    }


def allow(action: str, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}
