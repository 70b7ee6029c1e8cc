from __future__ import annotations

import json
from typing import Any

from bunsui.deploy.render import Place, render
from bunsui.model.names import template_key
from tests.deploy.conftest import bucket, table

PLACE = Place("111122223333", "eu-west-1", "aws-cn")


def rendered(resources: dict[str, Any], **nested: str) -> Any:
    texts = {f"nested/{name}.json": text for name, text in nested.items()}
    return render({"template.json": json.dumps({"Resources": resources}), **texts}, PLACE)


def test_names_of_what_is_retained_are_written_out() -> None:
    group = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "RetainExceptOnCreate"}
    named = {**group, "Properties": {"LogGroupName": {"Fn::Sub": "/x/${AWS::Partition}"}}}
    found = json.loads(rendered({"Lake": bucket("lake"), "G": named, "T": table()}).root)["Resources"]
    assert found["Lake"]["Properties"]["BucketName"] == "lake-111122223333-eu-west-1"
    assert found["G"]["Properties"]["LogGroupName"] == "/x/aws-cn"
    assert found["T"] == table()


def test_other_names_stay_as_they_are() -> None:
    gone = bucket("lake", retain=False)
    dynamic = bucket("lake-${Other}")
    unnamed = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    resources = {"Gone": gone, "Dynamic": dynamic, "Unnamed": unnamed}
    assert json.loads(rendered(resources).root)["Resources"] == resources


def test_nested_templates_are_found_under_their_new_key() -> None:
    text = json.dumps({"Resources": {"Lake": bucket("lake")}})
    virtual = "https://bunsui-${AWS::AccountId}-${AWS::Region}.s3.${AWS::Region}.${AWS::URLSuffix}/" + template_key(
        text
    )
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Sub": virtual}}}
    made = rendered({"Part": stack}, part=text)
    ((key, written),) = made.nested.items()
    assert key == template_key(written) != template_key(text)
    assert "lake-111122223333-eu-west-1" in written
    url = json.loads(made.root)["Resources"]["Part"]["Properties"]["TemplateURL"]["Fn::Sub"]
    assert url == "https://s3.${AWS::Region}.${AWS::URLSuffix}/bunsui-${AWS::AccountId}-${AWS::Region}/" + key


def test_rendering_is_deterministic_and_leaves_its_input_alone() -> None:
    text = json.dumps({"Resources": {"Lake": bucket("lake")}})
    assert render({"template.json": text}, PLACE) == render({"template.json": text}, PLACE)
    assert render({"template.json": text}, PLACE) != render({"template.json": text}, Place("4", "eu-west-1"))
