"""The refusal comes before anybody is asked, and leaves no change set behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bunsui.aws import Aws
from bunsui.deploy import apply, pipeline, plan, standing, upload
from bunsui.deploy.models import Change, Plan
from bunsui.deploy.render import Place
from bunsui.deploy.upload import Sent
from bunsui.errors import DeploymentError


@dataclass
class Assembly:
    templates: Mapping[str, str] = field(default_factory=lambda: {"template.json": '{"Resources":{}}'})
    assets: tuple[Any, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    pipeline: str = "p"
    stack: str = "p"


def test_deploy_refuses_first(monkeypatch: pytest.MonkeyPatch) -> None:
    change = Change(
        action="replaced", logical_id="T", type="AWS::DynamoDB::Table", replacement="yes", what=("KeySchema",)
    )
    made = Plan(stack="p", operation="update", changes=(change,), change_set="arn")
    withdrawn: list[Plan] = []
    asked: list[Plan] = []

    def approve(shown: Plan) -> bool:
        asked.append(shown)
        return True

    monkeypatch.setattr(pipeline, "where", lambda aws: Place("111122223333", "eu-west-1"))
    monkeypatch.setattr(pipeline, "ensure", lambda *args, **more: None)
    monkeypatch.setattr(standing, "look", lambda *args: standing.Standing("update"))
    monkeypatch.setattr(upload, "send_templates", lambda *args: Sent("https://s3/x"))
    monkeypatch.setattr(plan, "make", lambda *args: made)
    monkeypatch.setattr(apply, "withdraw", lambda client, found, stands: withdrawn.append(found))
    with pytest.raises(DeploymentError, match="would be replaced"):
        pipeline.deploy(Aws(), Assembly(), build=lambda asset: None, approve=approve)  # type: ignore[arg-type, return-value]
    assert withdrawn == [made]
    assert asked == []
