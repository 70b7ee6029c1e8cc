from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bunsui.aws import Aws
from bunsui.aws.cloudformation import CloudFormation
from bunsui.aws.dynamodb import DynamoDB
from bunsui.aws.s3 import S3
from bunsui.deploy import Deployment, Pace, deploy, destroy, diff
from bunsui.errors import ApprovalError, AwsError, DeploymentError
from bunsui.local import REGION
from bunsui.model.names import template_key
from tests.deploy.conftest import Assembly, Asset, Human, allow, bucket, no_build, role, table

QUEUE = {"Type": "AWS::SQS::Queue"}


def put(aws: Aws, human: Human, assembly: Assembly, **more: Any) -> Deployment:
    return deploy(aws, assembly, approve=human.approve, notify=human.notify, **{"build": no_build, **more})


def resources(**found: Any) -> Assembly:
    return Assembly({"Resources": found})


def test_create(ready: Aws, human: Human, account: str) -> None:
    lake = {"Resources": {"Lake": bucket(), "T": table()}, "Outputs": {"Lake": {"Value": {"Ref": "Lake"}}}}
    made = put(ready, human, Assembly(lake, tags={"team": "data"}))
    assert (made.status, made.changed) == ("CREATE_COMPLETE", True)
    assert made.outputs == {"Lake": f"flights-lake-{account}-{REGION}"}
    assert [(change.action, change.logical_id) for change in made.changes] == [("added", "Lake"), ("added", "T")]
    assert human.plans[0].changes == made.changes
    told = [(event.logical_id, event.status) for event in human.events if event.event == "resource"]
    assert told[0] == ("flights", "CREATE_IN_PROGRESS")
    assert told[-1] == ("flights", "CREATE_COMPLETE")
    assert ("Lake", "CREATE_COMPLETE") in told
    assert len(set(told)) == len(told)
    stack = CloudFormation(ready).describe_stack("flights")
    assert stack is not None
    assert stack.tags["team"] == "data"
    assert json.loads(made.model_dump_json())["outputs"] == made.outputs


def test_no_change(ready: Aws, human: Human) -> None:
    put(ready, human, resources(T=table()))
    again = deploy(ready, resources(T=table()), build=no_build, approve=None, notify=human.notify)
    assert (again.changed, again.status, again.changes) == (False, "CREATE_COMPLETE", ())
    assert "nothing to change" in human.notes


def test_update(ready: Aws, human: Human) -> None:
    put(ready, human, resources(Q={**QUEUE, "Properties": {"DelaySeconds": 1}}, Old=QUEUE, T=table()))
    before = len(human.events)
    made = put(ready, human, resources(Q={**QUEUE, "Properties": {"DelaySeconds": 2}}, New=QUEUE))
    assert made.status == "UPDATE_COMPLETE"
    assert [(change.action, change.logical_id, change.what) for change in made.changes] == [
        ("added", "New", ()),
        ("removed", "Old", ()),
        ("changed", "Q", ("DelaySeconds",)),
        ("retained", "T", ()),
    ]
    told = [(event.logical_id, event.status) for event in human.events[before:] if event.event == "resource"]
    assert ("Q", "UPDATE_COMPLETE") in told
    assert ("Q", "CREATE_COMPLETE") not in told


def test_replacement(ready: Aws, human: Human) -> None:
    put(ready, human, resources(Q={**QUEUE, "Properties": {"QueueName": "one"}}))
    made = put(ready, human, resources(Q={**QUEUE, "Properties": {"QueueName": "two"}}))
    (change,) = made.changes
    assert (change.action, change.replacement, change.what) == ("replaced", "yes", ("QueueName",))


def test_widening(ready: Aws, human: Human) -> None:
    put(ready, human, resources(R=role(allow("s3:GetObject", "arn:aws:s3:::lake/raw/*"))))
    assert {one.kind for one in human.plans[0].permission_widenings} == {"grant", "trust"}
    made = put(ready, human, resources(R=role(allow("s3:GetObject", "arn:aws:s3:::lake/*"))))
    (widening,) = made.permission_widenings
    assert (widening.subject, widening.action, widening.resource) == ("R", "s3:GetObject", "arn:aws:s3:::lake/*")
    narrower = put(ready, human, resources(R=role(allow("s3:GetObject", "arn:aws:s3:::lake/raw/*"))))
    assert narrower.changed
    assert narrower.permission_widenings == ()


def broken(account: str) -> dict[str, Any]:
    """Resources of which one, a function without code, cannot be created."""
    missing = {"S3Bucket": f"bunsui-{account}-{REGION}", "S3Key": "assets/missing.zip"}
    arn = {"Fn::GetAtt": ["R", "Arn"]}
    properties = {"Code": missing, "Handler": "a.b", "Role": arn, "Runtime": "python3.13"}
    return {"R": role(), "Broken": {"Type": "AWS::Lambda::Function", "Properties": properties}}


def test_failure_names_the_resource(ready: Aws, human: Human, account: str) -> None:
    put(ready, human, resources(Q=QUEUE))
    with pytest.raises(DeploymentError) as caught:
        put(ready, human, resources(Q=QUEUE, **broken(account)))
    assert caught.value.code == "BUN602"
    assert "UPDATE_ROLLBACK_COMPLETE: Broken (AWS::Lambda::Function) failed: " in caught.value.message
    assert "NoSuchKey" in caught.value.message
    assert put(ready, human, resources(Q=QUEUE)).changed is False


def test_after_a_failed_creation_the_empty_stack_goes_first(ready: Aws, human: Human, account: str) -> None:
    with pytest.raises(DeploymentError, match="ROLLBACK_COMPLETE: Broken"):
        put(ready, human, resources(T=table(), **broken(account)))
    with pytest.raises(ApprovalError) as caught:
        deploy(ready, resources(T=table()), build=no_build, approve=None)
    assert caught.value.code == "BUN603"
    looked = diff(ready, resources(T=table()))
    assert [(change.action, change.logical_id) for change in looked.changes] == [("added", "T")]
    made = put(ready, human, resources(T=table()))
    assert made.status == "CREATE_COMPLETE"
    assert "its creation failed (ROLLBACK_COMPLETE)" in human.notes
    assert [change.action for change in made.changes] == ["added"]


def test_what_exists_and_is_not_to_be_retained_is_not_adopted(ready: Aws, human: Human) -> None:
    put(ready, human, resources(T=table()))
    destroy(ready, "flights", approve=human.approve)
    with pytest.raises(DeploymentError, match="must have the DeletionPolicy") as caught:
        put(ready, human, resources(T=table(retain=False)))
    assert caught.value.code == "BUN601"
    assert CloudFormation(ready).describe_stack("flights") is None


def test_declined(ready: Aws, human: Human) -> None:
    human.agrees = False
    with pytest.raises(ApprovalError) as caught:
        put(ready, human, resources(T=table()))
    assert caught.value.code == "BUN604"
    assert CloudFormation(ready).describe_stack("flights") is None


def test_interrupted_while_asking(ready: Aws) -> None:
    def interrupt(plan: Any) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(ready, resources(T=table()), build=no_build, approve=interrupt)
    assert CloudFormation(ready).describe_stack("flights") is None


def test_interrupted_while_aws_works(ready: Aws, human: Human) -> None:
    def interrupt(event: Any) -> None:
        human.notify(event)
        if event.event == "resource":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(ready, resources(T=table()), build=no_build, approve=human.approve, notify=interrupt)
    assert "deploy again to go on watching" in human.notes
    assert put(ready, human, resources(T=table())).status == "CREATE_COMPLETE"


def test_an_asset_that_cannot_be_built_leaves_nothing(ready: Aws, human: Human) -> None:
    def build(asset: Any) -> Path:
        raise RuntimeError("no compiler")

    assembly = Assembly({"Resources": {"T": table()}}, assets=(Asset("d1"),))
    with pytest.raises(RuntimeError):
        put(ready, human, assembly, build=build)
    assert CloudFormation(ready).describe_stack("flights") is None


def test_assets_are_sent_once_for_a_platform(ready: Aws, human: Human, tmp_path: Path, account: str) -> None:
    built: list[str] = []

    def build(asset: Asset) -> Path:
        built.append(asset.digest)
        file = tmp_path / f"{asset.digest}.zip"
        file.write_bytes(asset.digest.encode())
        return file

    def with_assets(number: int) -> Assembly:
        queue = {**QUEUE, "Properties": {"DelaySeconds": number}}
        return Assembly({"Resources": {"Q": queue}}, assets=(Asset("d2"), Asset("d1"), Asset("d2")))

    made = put(ready, human, with_assets(1), build=build, platform="arm64-3.13")
    assert built == ["d1", "d2"]
    assert {"assets/d1.zip", "assets/d2.zip"} < set(made.uploaded)
    object = S3(ready, account).head(f"bunsui-{account}-{REGION}", "assets/d1.zip")
    assert object is not None
    assert object.metadata == {"bunsui-platform": "arm64-3.13"}
    again = put(ready, human, with_assets(2), build=build, platform="arm64-3.13")
    assert built == ["d1", "d2"]
    assert not any(key.startswith("assets/") for key in again.uploaded)
    put(ready, human, with_assets(3), build=build, platform="x86_64-3.13")
    assert built == ["d1", "d2"] * 2
    sent = [
        (event.key, event.skipped, event.number, event.total) for event in human.events if event.event == "uploaded"
    ]
    assert sent[:4] == [
        ("assets/d1.zip", False, 1, 2),
        ("assets/d2.zip", False, 2, 2),
        ("assets/d1.zip", True, 1, 2),
        ("assets/d2.zip", True, 2, 2),
    ]


def nested(number: int, **more: Any) -> Assembly:
    """A root with a queue, and a nested stack with a queue and a table."""
    queue = {**QUEUE, "Properties": {"DelaySeconds": number}}
    part = {"Resources": {"T": table("nested", retain=False), "Q": queue, **more}}
    key = template_key(json.dumps(part))
    url = "https://s3.${AWS::Region}.${AWS::URLSuffix}/bunsui-${AWS::AccountId}-${AWS::Region}/" + key
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Sub": url}}}
    return Assembly({"Resources": {"Part": stack, "Q": QUEUE}}, {"part": part})


def test_nested(ready: Aws, human: Human) -> None:
    made = put(ready, human, nested(1))
    assert made.status == "CREATE_COMPLETE"
    told = {(event.path, event.logical_id) for event in human.events if event.event == "resource"}
    assert ("Part", "Q") in told
    assert len(made.uploaded) == 2
    human.events.clear()
    assert put(ready, human, nested(2)).status == "UPDATE_COMPLETE"
    told_then = [(event.path, event.logical_id, event.status) for event in human.events if event.event == "resource"]
    assert ("Part", "Q", "UPDATE_COMPLETE") in told_then
    assert ("Part", "Q", "CREATE_COMPLETE") not in told_then
    gone = destroy(ready, "flights", approve=human.approve)
    assert {(change.path, change.logical_id) for change in gone.deleted} == {
        ("", "Part"),
        ("", "Q"),
        ("Part", "Q"),
        ("Part", "T"),
    }


def test_failure_in_a_nested_stack_names_the_resource(ready: Aws, human: Human, account: str) -> None:
    put(ready, human, nested(1))
    with pytest.raises(DeploymentError, match=r"Part/Broken \(AWS::Lambda::Function\) failed: .*NoSuchKey"):
        put(ready, human, nested(1, **broken(account)))


def test_widening_in_a_nested_stack(ready: Aws, human: Human) -> None:
    put(ready, human, nested(1, R=role()))
    made = put(ready, human, nested(1, R=role(allow("s3:GetObject", "*"))))
    assert [(one.subject, one.action) for one in made.permission_widenings] == [("Part/R", "s3:GetObject")]


def test_retained_data_is_adopted_again(ready: Aws, human: Human) -> None:
    put(ready, human, resources(T=table()))
    DynamoDB(ready).update_item("delays", {"day": "2013-01-01"}, "SET n = :n", values={":n": 842})
    destroy(ready, "flights", approve=human.approve)
    made = put(ready, human, resources(T=table(), Q=QUEUE))
    assert [(change.action, change.logical_id) for change in made.changes] == [("added", "Q"), ("imported", "T")]
    assert DynamoDB(ready).get_item("delays", {"day": "2013-01-01"}) == {"day": "2013-01-01", "n": 842}


def test_a_failure_does_not_touch_adopted_data(ready: Aws, human: Human, account: str) -> None:
    put(ready, human, resources(T=table()))
    DynamoDB(ready).update_item("delays", {"day": "2013-01-01"}, "SET n = :n", values={":n": 842})
    destroy(ready, "flights", approve=human.approve)
    with pytest.raises(DeploymentError, match="Broken"):
        put(ready, human, resources(T=table(), **broken(account)))
    assert put(ready, human, resources(T=table())).changes[0].action == "imported"
    assert DynamoDB(ready).get_item("delays", {"day": "2013-01-01"}) == {"day": "2013-01-01", "n": 842}


def test_a_failure_leaves_nothing_new_that_is_to_be_retained(ready: Aws, human: Human, account: str) -> None:
    with pytest.raises(DeploymentError, match="Broken"):
        put(ready, human, resources(T=table(), **broken(account)))
    assert put(ready, human, resources(T=table())).changes[0].action == "added"


def test_what_another_stack_holds_is_refused(ready: Aws, human: Human) -> None:
    put(ready, human, resources(T=table()))
    other = Assembly({"Resources": {"T": table()}}, stack="others")
    with pytest.raises(DeploymentError, match="already exists in stack") as caught:
        put(ready, human, other)
    assert caught.value.code == "BUN601"
    assert CloudFormation(ready).describe_stack("others") is None


def test_first_deployment_offers_the_control_stack(aws: Aws, human: Human) -> None:
    put(aws, human, resources(T=table()))
    assert [plan.stack for plan in human.plans] == ["bunsui-control", "flights"]
    assert "no control stack yet" in human.notes


def test_control_stack_of_another_version_is_told(ready: Aws, human: Human, monkeypatch: pytest.MonkeyPatch) -> None:
    from bunsui.deploy import control

    newer = json.loads(control.template())
    newer["Description"] = "newer"
    monkeypatch.setattr(control, "template", lambda: json.dumps(newer))
    put(ready, human, resources(T=table()))
    assert "`bunsui bootstrap` brings it up to date" in human.notes


def test_wrong_account(ready: Aws, human: Human, account: str) -> None:
    with pytest.raises(AwsError, match=account) as caught:
        put(ready, human, resources(T=table()), account="999999999999")
    assert caught.value.code == "BUN505"


def test_diff_leaves_nothing_behind(ready: Aws, human: Human, account: str) -> None:
    found = diff(ready, resources(T=table()))
    assert [(change.action, change.logical_id) for change in found.changes] == [("added", "T")]
    assert found.change_set == ""
    assert CloudFormation(ready).describe_stack("flights") is None
    put(ready, human, resources(T=table()))
    assert diff(ready, resources(T=table())).empty
    changed = diff(ready, resources(T=table(), Q=QUEUE))
    assert [change.logical_id for change in changed.changes] == ["Q"]
    sets = ready.client("cloudformation").list_change_sets(StackName="flights")["Summaries"]
    assert [one["ExecutionStatus"] for one in sets] in ([], ["EXECUTE_COMPLETE"])


def test_diff_of_nested_templates_takes_them_back(ready: Aws, account: str) -> None:
    found = diff(ready, nested(1))
    assert {change.logical_id for change in found.changes} == {"Part", "Q"}
    versions = ready.client("s3").list_object_versions(Bucket=f"bunsui-{account}-{REGION}")
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")


def test_diff_without_control_stack(aws: Aws) -> None:
    assert not diff(aws, resources(T=table())).empty
    with pytest.raises(AwsError) as caught:
        diff(aws, nested(1))
    assert caught.value.code == "BUN504"


def test_a_stack_in_review_of_somebody_else_stays(ready: Aws, human: Human) -> None:
    client = CloudFormation(ready)
    client.create_change_set("flights", "theirs", "CREATE", body=json.dumps({"Resources": {"Q": QUEUE}}))
    diff(ready, resources(T=table()), pace=Pace())
    left = client.describe_stack("flights")
    assert left is not None
    assert left.status == "REVIEW_IN_PROGRESS"
    assert put(ready, human, resources(T=table())).status == "CREATE_COMPLETE"
