"""The assembly for one account and region: what CloudFormation can only do with literal values gets them.

CloudFormation adopts existing resources (`ImportExistingResources`) only when their names are static: "Dynamic names
(using !Ref or other functions) are not currently supported" (AWS, "Import AWS resources into a CloudFormation stack
automatically"). So the names of what is retained are written out here, where account and region are known.
The templates of nested stacks change by that, and so do their content-addressed keys and the URLs that lead to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.aws.cloudformation import STACK_TYPE
from bunsui.deploy.protocols import ROOT
from bunsui.model import names

NAME_PROPERTIES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
}
"""Types that a stack may leave behind, and the property that names them, which is their primary identifier."""
RETAINING = frozenset({"Retain", "RetainExceptOnCreate"})
TEMPLATE_URL = "https://s3.${AWS::Region}.${AWS::URLSuffix}/%s/%s"
"""Path style, as CloudFormation and every S3 endpoint take it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack lives."""

    account: str
    region: str
    partition: str = "aws"

    def fill(self, text: str) -> str:
        """`text` with the pseudo parameters of the place written out."""
        known = {"AWS::AccountId": self.account, "AWS::Region": self.region, "AWS::Partition": self.partition}
        return re.sub(r"\$\{([^}!]+)\}", lambda found: known.get(found[1].strip(), found[0]), text)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Templates as they are sent.

    Attributes:
        root: JSON text.
        nested: key in the artefact bucket -> JSON text.
    """

    root: str
    nested: Mapping[str, str]


def render(templates: Mapping[str, str], place: Place) -> Rendered:
    """The templates of an assembly with literal names, the nested ones under their keys."""
    new_keys: dict[str, str] = {}
    nested: dict[str, str] = {}
    for name, text in sorted(templates.items()):
        if name != ROOT:
            written = _dump(_with_names(json.loads(text), place))
            new_keys[names.template_key(text)] = names.template_key(written)
            nested[names.template_key(written)] = written
    root = _with_names(json.loads(templates[ROOT]), place)
    for resource in root.get("Resources", {}).values():
        if resource.get("Type") == STACK_TYPE:
            _redirect(resource["Properties"], new_keys)
    return Rendered(_dump(root), nested)


def _dump(template: dict[str, Any]) -> str:
    return json.dumps(template, ensure_ascii=False, separators=(",", ":"))


def _with_names(template: dict[str, Any], place: Place) -> dict[str, Any]:
    for resource in template.get("Resources", {}).values():
        key = NAME_PROPERTIES.get(resource.get("Type"))
        if key is None or resource.get("DeletionPolicy") not in RETAINING:
            continue
        properties = resource.get("Properties", {})
        literal = _literal(properties.get(key), place)
        if literal is not None:
            properties[key] = literal
    return template


def _literal(value: Any, place: Place) -> str | None:
    """A `Fn::Sub` of pseudo parameters alone, written out; None when it is not one."""
    if not isinstance(value, dict) or not isinstance(value.get("Fn::Sub"), str):
        return None
    filled = place.fill(value["Fn::Sub"])
    return None if "${" in filled else filled


def _redirect(properties: dict[str, Any], new_keys: Mapping[str, str]) -> None:
    """Lead the URL of a nested template to where it was rendered to."""
    url = json.dumps(properties.get("TemplateURL"))
    for old, new in new_keys.items():
        if old in url:
            properties["TemplateURL"] = {"Fn::Sub": TEMPLATE_URL % (names.artefact_bucket(), new)}
            return
