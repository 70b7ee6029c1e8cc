"""State machines, and what decides whether one has to be cut into several."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bunsui.compile import cutting
from bunsui.compile.cutting import Size, cut
from bunsui.compile.events import QUOTA, Times, most, of_states
from bunsui.compile.flow import Flow
from bunsui.compile.states import Link, machine, state_name
from bunsui.errors import DeclarationError, Where
from bunsui.graph.part import Arrive, Join, Part
from bunsui.model.binding import Bound
from bunsui.model.calls import NO_RESOURCE_TYPE, Call, Why
from bunsui.model.target import State

STARS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
"""Logging and tracing of a machine (AWS Step Functions developer guide, "cw-logs", "xray-iam"); no resource types."""


class Machine(NamedTuple):
    """A state machine.

    Attributes:
        key: job, and of a segment `_` and its number behind it; empty for the pipeline's own.
        name: in AWS.
        definition: with `Fn::Sub` placeholders for partition, region and account.
        calls: what its role has to allow.
        events: of an execution's history, at most.
    """

    key: str
    name: str
    definition: State
    calls: tuple[Call, ...]
    events: int

    @classmethod
    def of(cls, key: str, name: str, definition: State, calls: Iterable[Call], times: Times) -> Machine:
        """The machine, with what logging and tracing need, and its events counted."""
        return cls(key, name, definition, (*calls, *_stars(key)), most(definition, times))

    @property
    def size(self) -> Size:
        """How large it is."""
        return Size(_bytes(self.definition), self.events, _resources(self.calls))


class Compiled(NamedTuple):
    """A graph as state machines.

    Attributes:
        machine: the one that begins.
        segments: those that it was cut into.
        flow: which results go where.
    """

    machine: Machine
    segments: tuple[Machine, ...]
    flow: Flow


def fitted(
    part: Part, compiled: Callable[[Part], Compiled], sizes: Callable[[str | Join | Arrive], Size], where: Where
) -> Compiled:
    """A graph compiled as it is, or cut into segments where it would be too large.

    Args:
        part: the graph.
        compiled: makes its machines.
        sizes: of its leaves.
        where: it is declared.

    Raises:
        DeclarationError: BUN301 when what cannot be cut is too large.
    """
    made = compiled(part)
    if made.machine.size.over(cutting.LIMIT) > 1:
        made = compiled(cut(part, sizes, cutting.LIMIT))
    for one in (made.machine, *made.segments):
        if one.events > QUOTA:
            raise DeclarationError(
                "BUN301",
                f"the history of {one.name!r} can have {one.events:,} events; Step Functions allows {QUOTA:,}",
                where=where,
                hint="retry less often, or let a map or repetition have fewer items or rounds",
            )
    return made


def _stars(key: str) -> Iterable[Call]:
    for action in STARS:
        reason = "log delivery" if action.startswith("logs:") else "tracing"
        yield Call(action, "*", Why(key, reason), justification=NO_RESOURCE_TYPE)


def size_of(links: list[Link], calls: Iterable[Call], times: Times) -> Size:
    """How large the states of one leaf are."""
    states = machine(links, {})["States"]
    return Size(_bytes(states), of_states(states, times), _resources(calls))


def _bytes(content: Mapping[str, object]) -> int:
    return len(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())


def _resources(calls: Iterable[Call]) -> frozenset[str]:
    return frozenset(call.resource for call in calls if call.resource != "*")


def times_of(operations: Iterable[Bound]) -> dict[str, int]:
    """How many items or rounds the states of steps may have that are run over and over."""
    return {state_name(one.operation.name): one.operation.rounds for outer in operations for one in outer.all}
