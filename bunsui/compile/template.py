"""From units and their places to CloudFormation templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Output, Sub, Tags, cloudformation

from bunsui.compile.plan import Plan
from bunsui.compile.pretty import pretty
from bunsui.compile.split import ROOT
from bunsui.compile.stack import MACHINE_LOGS, Unit, outputs
from bunsui.model.names import REGION, artefact_bucket, template_key
from bunsui.model.titles import title

ROOT_TEMPLATE = "template.json"


def templates(
    plan: Plan, fixed: Sequence[Unit], movable: Sequence[Unit], placement: Mapping[str, str], tags: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """File name -> template, the root first; it names the nested ones by their digests."""
    pipeline = plan.pipeline
    stacks: dict[str, list[Unit]] = {ROOT: list(fixed)}
    for unit in movable:
        stacks.setdefault(placement[unit.key], []).append(unit)
    found: dict[str, dict[str, Any]] = {}
    children = []
    for stack in sorted(stacks.keys() - {ROOT}, key=lambda name: int(name.rpartition("-")[2])):
        content = _template(f"Part of pipeline {pipeline.name}", stacks[stack])
        found[f"nested/{stack}.json"] = content
        children.append(_child(stack, content, tags))
    found[ROOT_TEMPLATE] = _template(
        pipeline.description or f"Pipeline {pipeline.name}", stacks[ROOT], children, list(outputs(plan))
    )
    return dict(sorted(found.items(), key=lambda item: item[0] != ROOT_TEMPLATE))


def _child(stack: str, content: Mapping[str, Any], tags: Mapping[str, str]) -> Any:
    return cloudformation.Stack(
        title(stack, "Stack"),
        DependsOn=[MACHINE_LOGS],
        Tags=Tags(dict(sorted(tags.items()))),
        TemplateURL=Sub(f"https://s3.{REGION}.${{AWS::URLSuffix}}/{artefact_bucket()}/{template_key(pretty(content))}"),
    )


def _template(
    description: str, units: Sequence[Unit], children: Sequence[Any] = (), results: Sequence[Output] = ()
) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for unit in units:
        resources |= unit.resources
    resources |= {child.title: child.to_dict() for child in children}
    content: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description.encode()[:1024].decode(errors="ignore"),
    }
    if not results:
        return {**content, "Resources": resources}
    outputs = {output.title: output.to_dict() for output in results}
    return {**content, "Resources": {k: _after_logs(v) for k, v in resources.items()}, "Outputs": outputs}


def _after_logs(resource: dict[str, Any]) -> dict[str, Any]:
    """A state machine is only created when the log group it writes to is there."""
    if resource["Type"] != "AWS::StepFunctions::StateMachine":
        return resource
    return {**resource, "DependsOn": [*resource.get("DependsOn", []), MACHINE_LOGS]}
