from __future__ import annotations

import json

import pytest

from bunsui.aws import Aws
from bunsui.aws.cloudformation import CloudFormation
from bunsui.deploy import bootstrap, control
from bunsui.errors import ApprovalError, AwsError
from bunsui.local import REGION
from tests.deploy.conftest import Human


def test_creates_the_control_stack_once(aws: Aws, human: Human, account: str) -> None:
    made = bootstrap(aws, approve=human.approve, notify=human.notify)
    assert (made.stack, made.status, made.changed) == ("bunsui-control", "CREATE_COMPLETE", True)
    assert made.outputs == {
        "AccessLogBucket": f"bunsui-logs-{account}-{REGION}",
        "ArtefactBucket": f"bunsui-{account}-{REGION}",
        "JobRunsTable": "bunsui-job-runs",
        "JoinsTable": "bunsui-joins",
        "ApprovalsTable": "bunsui-approvals",
        "SessionsTable": "bunsui-sessions",
    }
    (plan,) = human.plans
    assert {change.action for change in plan.changes} == {"added"}
    assert len(plan.changes) == 8
    again = bootstrap(aws, approve=None, notify=human.notify)
    assert (again.changed, again.outputs) == (False, made.outputs)
    assert "nothing to change" in human.notes


def test_brings_it_up_to_date(aws: Aws, human: Human, monkeypatch: pytest.MonkeyPatch) -> None:
    new = control.template()
    old = json.loads(new)
    del old["Resources"]["ArtefactBucketPolicy"]
    monkeypatch.setattr(control, "template", lambda: json.dumps(old))
    bootstrap(aws, approve=human.approve)
    monkeypatch.setattr(control, "template", lambda: new)
    made = bootstrap(aws, approve=human.approve)
    assert made.status == "UPDATE_COMPLETE"
    assert [(change.action, change.logical_id) for change in made.changes] == [("added", "ArtefactBucketPolicy")]


def test_declined(aws: Aws, human: Human) -> None:
    human.agrees = False
    with pytest.raises(ApprovalError) as caught:
        bootstrap(aws, approve=human.approve)
    assert caught.value.code == "BUN604"
    assert CloudFormation(aws).describe_stack("bunsui-control") is None


def test_nobody_to_ask(aws: Aws) -> None:
    with pytest.raises(ApprovalError) as caught:
        bootstrap(aws, approve=None)
    assert caught.value.code == "BUN603"
    assert "--yes" in caught.value.hint
    assert CloudFormation(aws).describe_stack("bunsui-control") is None


def test_unreachable(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    from bunsui.aws import connection

    monkeypatch.setattr(connection, "MAX_ATTEMPTS", 1)
    nowhere = Aws(region=REGION, endpoint_url="http://127.0.0.1:9", credentials=aws.credentials)
    with pytest.raises(AwsError) as caught:
        bootstrap(nowhere, approve=lambda plan: True)
    assert caught.value.code == "BUN502"
    nowhere.close()
