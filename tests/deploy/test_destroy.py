from __future__ import annotations

import pytest

from bunsui.aws import Aws
from bunsui.aws.cloudformation import CloudFormation
from bunsui.aws.s3 import S3
from bunsui.deploy import deploy, destroy
from bunsui.errors import ApprovalError
from bunsui.local import REGION
from tests.deploy.conftest import Assembly, Human, bucket, no_build, table


@pytest.fixture
def deployed(ready: Aws, human: Human) -> Aws:
    resources = {
        "Lake": bucket(),
        "T": table(),
        "Gone": table("gone", retain=False),
        "Scratch": bucket("scratch", retain=False),
    }
    deploy(ready, Assembly({"Resources": resources}), build=no_build, approve=human.approve)
    human.plans.clear()
    return ready


def test_says_what_is_retained_and_deletes_the_rest(deployed: Aws, human: Human, account: str) -> None:
    s3, scratch = S3(deployed, account), f"scratch-{account}-{REGION}"
    s3.put(scratch, "k", b"x")
    made = destroy(deployed, "flights", approve=human.approve, notify=human.notify)
    assert made.status == "DELETE_COMPLETE"
    assert {change.physical_id for change in made.retained} == {"delays", f"flights-lake-{account}-{REGION}"}
    assert {change.physical_id for change in made.deleted} == {"gone", scratch}
    (plan,) = human.plans
    assert plan.operation == "delete"
    assert not plan.empty
    assert {(change.action, change.logical_id) for change in plan.changes} == {
        ("retained", "Lake"),
        ("retained", "T"),
        ("removed", "Gone"),
        ("removed", "Scratch"),
    }
    assert f"emptying bucket {scratch}" in human.notes
    assert CloudFormation(deployed).describe_stack("flights") is None
    assert s3.head_bucket(f"flights-lake-{account}-{REGION}")
    assert not s3.head_bucket(scratch)
    told = {(event.logical_id, event.status) for event in human.events if event.event == "resource"}
    assert {("Lake", "DELETE_SKIPPED"), ("Gone", "DELETE_COMPLETE")} < told


def test_declined(deployed: Aws, human: Human, account: str) -> None:
    s3, scratch = S3(deployed, account), f"scratch-{account}-{REGION}"
    s3.put(scratch, "k", b"x")
    human.agrees = False
    with pytest.raises(ApprovalError) as caught:
        destroy(deployed, "flights", approve=human.approve)
    assert caught.value.code == "BUN604"
    assert s3.head(scratch, "k") is not None
    stack = CloudFormation(deployed).describe_stack("flights")
    assert stack is not None
    assert stack.status == "CREATE_COMPLETE"


def test_nobody_to_ask(deployed: Aws) -> None:
    with pytest.raises(ApprovalError) as caught:
        destroy(deployed, "flights", approve=None)
    assert caught.value.code == "BUN603"


def test_nothing_there(ready: Aws) -> None:
    assert destroy(ready, "flights", approve=None).status == "ABSENT"


def test_deploying_again_adopts_the_retained_bucket_with_what_is_in_it(
    deployed: Aws, human: Human, account: str
) -> None:
    s3, lake = S3(deployed, account), f"flights-lake-{account}-{REGION}"
    s3.put(lake, "k", b"kept")
    destroy(deployed, "flights", approve=human.approve)
    human.plans.clear()
    made = deploy(deployed, Assembly({"Resources": {"Lake": bucket()}}), build=no_build, approve=human.approve)
    (plan,) = human.plans
    assert [(change.action, change.logical_id) for change in plan.changes] == [("imported", "Lake")]
    assert made.status == "CREATE_COMPLETE"
    assert s3.get(lake, "k") == b"kept"
