"""Assemblies of pipelines made of plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bunsui import Bucket, Fallback, Job, Lambda, Operation, Parameter, Pipeline, Retry, Table
from bunsui.compile.assembly import _prove
from bunsui.compile.plan import Plan
from bunsui.compile.split import RESOURCES, SIZE, place
from bunsui.compile.stack import movable_units, root_units
from bunsui.compile.template import templates
from bunsui.model.environment import Environment

from .pipelines import compiled, operation


def flights() -> Pipeline:
    """Two jobs, a bucket, a table, most of what operations can declare."""
    lake = Bucket("lake")
    delays = Table("delays", partition_key="day", sort_key="airline", sort_type="number", expires="gone")
    raw = operation("raw", ("month",), dict, writes=[lake / "raw"], retry=Retry(attempts=3))
    clean = operation(
        "clean",
        {"raw": raw, "limit": 5},
        dict,
        runs=Lambda(memory=1024, timeout=120, environment={"WORKERS": "4"}, concurrency=2, architecture="arm64"),
        reads=[lake / "raw"],
        writes=[lake / "clean", lake / "rejected"],
        on_error=Fallback({}, on=[ValueError]),
    )
    daily = operation("daily", {"clean": clean.output.uri}, int, reads=[lake / "clean"], writes=[delays])
    return Pipeline(
        "flights",
        parameters=[Parameter("month", int, default=1)],
        jobs=[Job("ingest", raw, clean), Job("publish", daily)],
        tags={"team": "data"},
        description="Delays by day",
    )


def many(count: int, *, distinct: bool = True, before: Iterable[str] = (), after: Iterable[str] = ()) -> Pipeline:
    """A pipeline of `count` operations, each a function of its own when `distinct`."""
    names = [*before, *(f"op{number:04}" for number in range(count)), *after]

    def settings(name: str) -> Mapping[str, Any]:
        return {} if distinct else {"handler": "code:work"}

    made: list[Operation] = [operation(name, returns=int, **settings(name)) for name in names]
    groups = [made[start : start + 50] for start in range(0, len(made), 50)]
    return Pipeline("many", jobs=[Job(f"job-{number}", *group) for number, group in enumerate(groups)])


def found_templates(
    declared: Pipeline,
    environment: Environment | None = None,
    before: Mapping[str, str] | None = None,
    limit: tuple[int, int] = (RESOURCES, SIZE),
) -> tuple[dict[str, dict[str, Any]], dict[str, str], Plan]:
    """Templates by file name, the place of each unit, and the plan; without code, so that it is quick."""
    environment = environment or Environment()
    plan = compiled(declared, environment.prefix)
    tags = {"bunsui:pipeline": declared.name, **environment.tags, **declared.tags}
    tagged = environment.model_copy(update={"tags": tags})
    fixed, movable = root_units(plan, tagged), movable_units(plan, tagged)
    placement = place(fixed, movable, before or {}, limit)
    found = templates(plan, fixed, movable, placement, tags)
    _prove(found, plan)
    return found, placement, plan


def root(declared: Pipeline, environment: Environment | None = None) -> dict[str, Any]:
    found = found_templates(declared, environment)[0]
    assert list(found) == ["template.json"]
    return found["template.json"]


def linted(template: Mapping[str, Any]) -> list[str]:
    """What cfn-lint says about a template."""
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    found = lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))
    return [f"{one.rule.id} {one.path}: {one.message}" for one in found]


def of_type(template: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in template["Resources"].items() if one["Type"] == kind}


def statements(role: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for policy in role["Properties"]["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def text(value: Any) -> str:
    return value["Fn::Sub"] if isinstance(value, dict) else value
