"""`bunsui permissions`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from bunsui.cli.options import App, Command, pass_app
from bunsui.errors import ExitCode

HEADERS = ("ROLE", "ACTION", "RESOURCE", "CONDITION", "WHY")


@click.command("permissions", cls=Command)
@click.argument("pipeline", required=False)
@pass_app
def command(app: App, pipeline: str | None) -> ExitCode:
    """Tell what every role of a pipeline may do: actions, resources, conditions, and what needs it.

    The PIPELINE may be left out where the project has only one. Needs no AWS.
    """
    found = app.workspace.permissions(pipeline)
    if app.out.json:
        app.out.result(found)
        return ExitCode.OK
    from bunsui.cli.tables import table

    app.out.show(table(HEADERS, list(_rows(found["roles"]))))
    return ExitCode.OK


def _rows(roles: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for role, told in roles.items():
        name = role
        for grant in told["grants"]:
            resources = [f"{one} ({grant['justification']})" if one == "*" else one for one in grant["resources"]]
            why = dict.fromkeys(_why(one) for one in grant["why"])
            columns = (grant["actions"], resources, _conditions(grant.get("conditions", {})), why)
            yield name, *("\n".join(lines) for lines in columns)
            name = ""


def _conditions(condition: Mapping[str, Any]) -> Iterator[str]:
    for operator, keys in condition.items():
        for key, value in keys.items():
            yield f"{key} {operator} {', '.join(value) if isinstance(value, list) else value}"


def _why(one: Mapping[str, str]) -> str:
    place = f" ({one['where']})" if one.get("where") else ""
    return f"{one['operation']}: {one['reason']}{place}" if one["operation"] else f"{one['reason']}{place}"
