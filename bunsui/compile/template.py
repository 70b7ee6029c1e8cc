"""From units and their places to CloudFormation templates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Output, Sub, Tags, Template, cloudformation

from bunsui.compile.plan import Plan
from bunsui.compile.split import ROOT
from bunsui.compile.stack import MACHINE_LOGS, Unit, outputs
from bunsui.errors import DeclarationError
from bunsui.model.names import REGION, artefact_bucket
from bunsui.resources.titles import title

ROOT_TEMPLATE = "template.json"


def templates(
    plan: Plan, fixed: Sequence[Unit], movable: Sequence[Unit], placement: Mapping[str, str], tags: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """File name -> template; nested ones first, because the root names them by their digest.

    Raises:
        DeclarationError: BUN301 when a stack has more than CloudFormation's 500 resources.
    """
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


def template_key(text: str) -> str:
    """Where a template lies in the artefact bucket."""
    return f"templates/{hashlib.sha256(text.encode()).hexdigest()}.json"


def _child(stack: str, content: Mapping[str, Any], tags: Mapping[str, str]) -> Any:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    return cloudformation.Stack(
        title(stack, "Stack"),
        DependsOn=[MACHINE_LOGS],
        Tags=Tags(dict(sorted(tags.items()))),
        TemplateURL=Sub(f"https://s3.{REGION}.${{AWS::URLSuffix}}/{artefact_bucket()}/{template_key(text)}"),
    )


def _template(
    description: str, units: Sequence[Unit], children: Sequence[Any] = (), results: Sequence[Output] = ()
) -> dict[str, Any]:
    template = Template(Description=description[:1024])
    try:
        for resource in [resource for unit in units for resource in unit.resources] + list(children):
            if resource.resource_type == "AWS::StepFunctions::StateMachine" and results:
                resource.DependsOn = [*getattr(resource, "DependsOn", []), MACHINE_LOGS]
            template.add_resource(resource)
        for output in results:
            template.add_output(output)
    except ValueError as refused:
        raise DeclarationError(
            "BUN301", f"a stack cannot hold the pipeline: {refused}", hint="divide the pipeline in two"
        ) from None
    return dict(template.to_dict())
