"""Simulated runs for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from click import style

from bunsui.cli.reports import COLOURS, failure_lines
from bunsui.cli.words import duration, number, shortened

if TYPE_CHECKING:
    from bunsui.cli.output import Output
    from bunsui.cli.tables import Cell
    from bunsui.simulate.model import Price, Simulated, Simulation

HEADERS = ("JOB / OPERATION", "STATUS", "START", "DURATION", "SLACK", "TRIES", "ERROR")
SPARE = (5, 2, 1)
MOST_EVENTS = 25_000
"""Of an execution's history (AWS Step Functions quotas)."""

WHAT = {
    "states:transition": "state transitions",
    "lambda:request": "Lambda requests",
    "lambda:gb-second:x86_64": "Lambda GB-seconds, x86_64",
    "lambda:gb-second:arm64": "Lambda GB-seconds, arm64",
    "lambda:storage-gb-second": "Lambda GB-seconds of /tmp",
    "dynamodb:write": "DynamoDB write units",
    "dynamodb:read": "DynamoDB read units",
}


def show_simulation(out: Output, found: Simulation) -> None:
    """How it ended, the operations with their slack, the critical path, transitions and the price."""
    from bunsui.cli.tables import table

    for line in head(found):
        out.print(line)
    out.print()
    out.show(table(HEADERS, list(_rows(found)), spare=SPARE))
    out.print()
    if found.failure is not None:
        for line in failure_lines(found.failure):
            out.print(line)
        out.print()
    for line in _sums(found):
        out.print(line)
    out.show(table(("", "", "", "", ""), list(_prices(found.price)), indent=2))
    out.print(f"  left out: {'; '.join(found.price.left_out)}")


def head(found: Simulation) -> Iterator[str]:
    """Pipeline, status and time, beside the time in waves, and what was assumed."""
    status = style(found.status.value, fg=COLOURS.get(found.status.value), bold=True)
    took = duration(found.makespan_s)
    yield f"Simulated run of {style(found.pipeline, bold=True)}: {status} after {style(took, bold=True)}"
    if found.parameters:
        yield "  parameters: " + " ".join(f"{name}={shortened(value)}" for name, value in found.parameters.items())
    for note in found.notes:
        yield f"  assumed: {note}"


def _rows(found: Simulation) -> Iterator[tuple[Cell, ...]]:
    critical, job = set(found.critical_path), ""
    for one in found.operations:
        if one.job != job:
            job = one.job
            yield (job, "bold"), "", "", "", "", "", ""
        name = f"  {one.operation}"
        yield (
            (name, "bold") if one.operation in critical else name,
            (one.status.value, COLOURS.get(one.status.value, "dim")),
            duration(one.started_s),
            duration(one.duration_s),
            ("critical", "bold") if one.operation in critical else duration(one.slack_s),
            str(one.tries) if one.tries else "",
            _error(one),
        )


def _error(one: Simulated) -> str:
    if not one.error:
        return one.message
    return f"{one.error} (handled)" if one.handled else one.error


def _sums(found: Simulation) -> Iterator[str]:
    yield f"{style('Critical path', bold=True)} {duration(found.critical_path_s)}: {' -> '.join(found.critical_path)}"
    waves, transitions = found.waves, found.transitions
    yield (
        f"{style('In waves', bold=True)} {duration(waves.makespan_s)}, {waves.ratio:.2f} times as long: "
        f"{number(waves.levels, 'level')}, each waiting for all of the one before"
    )
    yield (
        f"{style('State transitions', bold=True)} {transitions.total:,}, {transitions.per_operation:g} an operation: "
        f"{number(transitions.executions, 'execution')}, {number(transitions.joins, 'join')}, "
        f"at most {transitions.most_events:,} of {MOST_EVENTS:,} events"
    )
    price = found.price
    thousand = style(f"${price.usd * 1000:,.2f}", bold=True)
    yield f"{style('Price', bold=True)} in {price.region}, {price.as_of}: {thousand} for 1,000 runs"


def _prices(price: Price) -> Iterator[tuple[str, ...]]:
    for item in price.items:
        where = "price of us-east-1" if item.elsewhere else ""
        yield WHAT[item.what], f"{item.quantity:,g}", f"${item.usd_each:.10f}".rstrip("0"), f"${item.usd:.7f}", where
