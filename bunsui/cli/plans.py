"""Plans, deployments and destructions for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from click import style

from bunsui.cli.output import Output
from bunsui.cli.words import duration, number

if TYPE_CHECKING:
    from bunsui.deploy.models import Change, Deployment, Destruction, Plan, Widening

SIGNS = {
    "added": ("+", "added", "green"),
    "changed": ("~", "changed", "yellow"),
    "replaced": ("!", "REPLACED", "bold red"),
    "removed": ("-", "removed", "red"),
    "retained": ("=", "retained", "cyan"),
    "imported": (">", "imported", "green"),
}
"""Action of a change -> sign, word and style."""

MOST_NAMES = 3
"""Of a stack that is new, more roles than that which may do the same are only counted: everything in it widens."""

WHAT = {"create": "would be created", "update": "would change", "delete": "would be deleted"}


def show_plan(out: Output, plan: Plan, *, err: bool) -> None:
    """What would happen to a stack and to those before it, and which permissions widen."""
    for one in plan.first:
        show_plan(out, one, err=err)
        out.line(err=err)
    out.line(
        f"Stack {style(plan.stack, bold=True)} {'stays as it is' if plan.empty else WHAT[plan.operation]}", err=err
    )
    if plan.empty:
        return
    show_changes(out, plan.changes, err=err)
    if plan.outputs_change and plan.operation == "update":
        out.line("  the outputs of the stack change", err=err)
    out.line(f"  {count(plan.changes)}", err=err)
    lost = [change for change in plan.changes if change.action == "replaced"]
    if lost:
        names = ", ".join(change.logical_id for change in lost)
        told = f"{number(len(lost), 'resource')} will be REPLACED: a new one is made, the old one goes: {names}"
        out.line(f"  {style(told, fg='red', bold=True)}", err=err)
    if plan.permission_widenings:
        out.line(err=err)
        out.line(style("Permissions that widen:", fg="yellow", bold=True), err=err)
        _show_widenings(out, plan, err=err)


def show_changes(out: Output, changes: Iterable[Change], *, err: bool) -> None:
    """One line for each resource."""
    from bunsui.cli.tables import table

    rows = []
    for change in changes:
        sign, word, colour = SIGNS[change.action]
        name = f"{change.path}/{change.logical_id}" if change.path else change.logical_id
        rows.append(((f"{sign} {word}", colour), name, change.type, _details(change)))
    if rows:
        out.show(table(("", "", "", ""), rows, wrapped=(2, 3), indent=2), err=err)


def count(changes: Iterable[Change]) -> str:
    """Such as `3 added, 1 replaced`."""
    found: Counter[str] = Counter(change.action for change in changes)
    return ", ".join(f"{found[action]} {action}" for action in SIGNS if found[action]) or "no resource changes"


def show_deployment(out: Output, done: Deployment) -> None:
    """What was done, and the outputs of the stack."""
    for one in done.first:
        show_deployment(out, one)
    if done.changed:
        words = f"{style('deployed', fg='green')} in {duration(done.duration_s)}: {count(done.changes)}"
    else:
        words = "is as declared; nothing to change"
    out.print(f"Stack {style(done.stack, bold=True)} {words}")
    if done.outputs:
        from bunsui.cli.tables import table

        out.print("Outputs:")
        out.show(table(("", ""), list(done.outputs.items()), indent=2))


def show_destruction(out: Output, done: Destruction) -> None:
    """What is gone and what stays."""
    name = style(done.stack, bold=True)
    if done.status == "ABSENT":
        out.print(f"There is no stack {name}; nothing to delete")
        return
    out.print(f"Stack {name} deleted in {duration(done.duration_s)}: {count((*done.deleted, *done.retained))}")
    if done.retained:
        from bunsui.cli.tables import table

        out.print("Retained, for the next deployment to adopt:")
        rows = [(change.logical_id, change.type, change.physical_id) for change in done.retained]
        out.show(table(("", "", ""), rows, indent=2))


def _details(change: Change) -> str:
    words = list(change.what)
    if change.replacement == "conditional":
        words.append("may be replaced")
    if change.action in ("retained", "removed") and change.physical_id:
        words.append(change.physical_id)
    return ", ".join(words)


def _show_widenings(out: Output, plan: Plan, *, err: bool) -> None:
    from bunsui.cli.tables import table

    most = MOST_NAMES if plan.operation == "create" else len(plan.permission_widenings)
    rows = list(_widening_rows(plan.permission_widenings, most))
    headers = ("WHERE", "WHAT", "ACTION", "RESOURCE", "WHO", "CONDITION", "BEFORE")
    out.show(table(headers, [row for row, _ in rows], wrapped=range(2, len(headers)), indent=2), err=err)
    if any(counted for _, counted in rows):
        out.line("  `bunsui diff --json` names the roles that are only counted here", err=err)


def _widening_rows(widenings: Iterable[Widening], most: int) -> Iterator[tuple[tuple[str, ...], bool]]:
    """One row for all that have the same statement: more than `most` of them are counted, which it says, not named."""
    by_statement: dict[tuple[str, ...], list[str]] = {}
    for subject, *statement in _statements(widenings):
        by_statement.setdefault(tuple(statement), []).append(subject)
    shared = sorted(by_statement.items(), key=lambda item: -len(item[1]) if len(item[1]) > most else 0)
    for (kind, *rest), subjects in shared:
        counted = len(subjects) > most
        noun = "resource" if kind == "resource policy" else "role"
        where = number(len(subjects), noun) if counted else "\n".join(subjects)
        yield (where, kind, *rest), counted


def _statements(widenings: Iterable[Widening]) -> Iterator[tuple[str, ...]]:
    """One for all actions on the same resources, and for all resources of the same actions, as in a policy."""
    by_resource: dict[tuple[str, ...], list[str]] = {}
    for one in widenings:
        key = (one.subject, one.kind, one.principal, one.condition, one.before, one.resource)
        by_resource.setdefault(key, []).append(one.action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for (*place, resource), actions in by_resource.items():
        by_actions.setdefault((*place, "\n".join(actions)), []).append(resource)
    for (subject, kind, principal, condition, before, joined), resources in by_actions.items():
        yield subject, kind, joined, "\n".join(resources), principal, condition, before
