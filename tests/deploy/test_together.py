"""Pipelines that run others: those that are deployed with them, and those that have to be there."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui.aws import Aws
from bunsui.aws.cloudformation import CloudFormation
from bunsui.deploy import Deployment, deploy, diff
from bunsui.deploy.protocols import Needed
from bunsui.errors import ApprovalError, DeploymentError
from tests.deploy.conftest import Assembly, Human, no_build, role, table
from tests.deploy.test_pipeline import QUEUE, broken

NEEDED = Needed("billing", "dev-billing", "orders")


def assembly(stack: str, **resources: Any) -> Assembly:
    return Assembly({"Resources": resources}, pipeline=stack, stack=stack)


def put(aws: Aws, human: Human, *all: Assembly, **more: Any) -> Deployment:
    *first, last = all
    return deploy(aws, last, first=first, build=no_build, approve=human.approve, notify=human.notify, **more)


def status(aws: Aws, stack: str) -> str:
    found = CloudFormation(aws).describe_stack(stack)
    return "" if found is None else found.status


def test_one_approval_shows_all_stacks_in_their_order(ready: Aws, human: Human) -> None:
    made = put(ready, human, assembly("inner", T=table()), assembly("outer", R=role()))
    (plan,) = human.plans
    assert [(one.stack, one.operation) for one in (*plan.first, plan)] == [("inner", "create"), ("outer", "create")]
    assert [(one.stack, one.status) for one in (*made.first, made)] == [
        ("inner", "CREATE_COMPLETE"),
        ("outer", "CREATE_COMPLETE"),
    ]
    told = [event.stack for event in human.events if event.event == "resource"]
    assert told == sorted(told)


def test_only_what_changes_is_changed(ready: Aws, human: Human) -> None:
    inner, outer = assembly("inner", T=table()), assembly("outer", R=role())
    put(ready, human, inner, outer)
    made = deploy(ready, outer, first=[inner], build=no_build, approve=None)
    assert (made.changed, made.first[0].changed) == (False, False)
    made = put(ready, human, assembly("inner", T=table(), Q=QUEUE), outer)
    assert (made.changed, made.first[0].changed) == (False, True)
    assert human.plans[-1].empty
    assert [change.logical_id for change in human.plans[-1].first[0].changes] == ["Q"]


def test_who_declines_leaves_nothing_behind(ready: Aws) -> None:
    with pytest.raises(ApprovalError):
        put(ready, Human(agrees=False), assembly("inner", T=table()), assembly("outer", R=role()))
    assert (status(ready, "inner"), status(ready, "outer")) == ("", "")


def test_after_a_failure_nothing_more_is_begun(ready: Aws, human: Human, account: str) -> None:
    with pytest.raises(DeploymentError, match="stack inner"):
        put(ready, human, assembly("inner", **broken(account)), assembly("outer", R=role()))
    assert (status(ready, "inner"), status(ready, "outer")) == ("ROLLBACK_COMPLETE", "")


def test_what_cannot_be_takes_the_others_with_it(ready: Aws, human: Human) -> None:
    put(ready, human, assembly("another", T=table()))
    with pytest.raises(DeploymentError, match="already exists in stack") as raised:
        put(ready, human, assembly("inner", Q=QUEUE), assembly("outer", T=table()))
    assert raised.value.code == "BUN601"
    assert len(human.plans) == 1
    assert (status(ready, "inner"), status(ready, "outer")) == ("", "")


def test_differences_are_told_of_all(ready: Aws) -> None:
    plan = diff(ready, assembly("outer", R=role()), first=[assembly("inner", T=table())])
    assert [one.stack for one in (*plan.first, plan)] == ["inner", "outer"]
    assert (status(ready, "inner"), status(ready, "outer")) == ("", "")


def test_what_has_to_be_there_is_asked_for_before_anything_else(aws: Aws, human: Human) -> None:
    with pytest.raises(DeploymentError) as raised:
        put(aws, human, assembly("outer", R=role()), needs=[NEEDED])
    assert raised.value.code == "BUN605"
    assert raised.value.message == "pipeline 'billing' is not deployed here, and 'orders' runs it"
    assert "bunsui deploy billing" in raised.value.hint
    assert human.plans == []
    assert status(aws, "bunsui-control") == ""


def test_what_is_there_is_enough(ready: Aws, human: Human) -> None:
    put(ready, human, assembly("dev-billing", T=table()))
    assert put(ready, human, assembly("outer", R=role()), needs=[NEEDED]).changed
