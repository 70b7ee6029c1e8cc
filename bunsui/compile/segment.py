"""Segments: parts of a large graph that run in state machines of their own (docs/architecture.md, "Limits").

A part begins when what is before it has ended and ends with its last state, and so does the execution that runs it: to
cut it out changes no start. Its results come back in the execution's output, and its joins go on working, for they are
known by session, attempt and consumer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bunsui.compile.children import OUTPUT, allowed, child
from bunsui.compile.states import CONTEXT_INPUT, Link, Scope, field, jsonata, whole
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial
from bunsui.model.names import segment_state
from bunsui.model.target import State


@dataclass(frozen=True, slots=True)
class Segment(Serial):
    """Parts that run one after the other, in an execution of their own.

    Attributes:
        number: unique in its graph, from 1.
    """

    number: int


def segments(part: Part) -> Iterator[Segment]:
    """The segments of a part, those within others included, the outer first."""
    stack = [part]
    while stack:
        top = stack.pop()
        if isinstance(top, Segment):
            yield top
        if isinstance(top, Serial | Parallel):
            stack.extend(reversed(top.parts))


def own(part: Part) -> Iterator[str | Join | Arrive | Segment]:
    """What one state machine runs itself: the leaves of a part, and the segments that it starts."""
    stack: list[Part] = [*reversed(part.parts)] if isinstance(part, Segment) else [part]
    while stack:
        top = stack.pop()
        if isinstance(top, Serial | Parallel) and not isinstance(top, Segment):
            stack.extend(reversed(top.parts))
        else:
            yield top


def waiting(part: Part) -> dict[str, int]:
    """Consumer -> number of the segment whose machine waits at its join; 0 for the machine around all of them."""
    machines: list[tuple[int, Part]] = [(0, part), *((one.number, one) for one in segments(part))]
    return {leaf.consumer: number for number, one in machines for leaf in own(one) if isinstance(leaf, Join)}


def started(
    segment: Segment, machine: str, scope: Scope, wants: Sequence[str], results: Mapping[str, str], timeout: int
) -> Link:
    """The state that runs a segment; a failure within it fails the execution around it as it would without the cut.

    Args:
        segment: the part.
        machine: its state machine's name in AWS.
        scope: results in sight.
        wants: names whose results it takes from outside.
        results: name -> variable for a result of its own that is needed outside.
        timeout: seconds.
    """
    name = segment_state(segment.number)
    given = {
        "parameters": jsonata(f"{CONTEXT_INPUT}.parameters"),
        "inputs": {one: jsonata(whole(one, scope)) for one in wants},
        "inline": allowed(),
    }
    failed, failure = f"{name}: failed", f"segment{segment.number}"
    state = child(machine, jsonata("$states.context.Execution.Name"), given, timeout)
    if results:
        state["Assign"] = {result: jsonata(f"{OUTPUT}.{field(one)}") for one, result in results.items()}
    caught = {"ErrorEquals": ["States.ALL"], "Assign": {failure: jsonata("$states.errorOutput")}, "Next": failed}
    return Link(name, {**state, "Catch": [caught]}, ends={failed: _failed(f"${failure}")})


def _failed(failure: str) -> State:
    """A Fail state with the error that the segment ended with, which is told in the cause as its description."""
    text = f"{failure}.Cause"
    whole_text = f'$substring({text}, 0, 1) = "{{" and $substring({text}, $length({text}) - 1) = "}}"'
    told = f'$told := {failure}.Error = "States.TaskFailed" and {whole_text} ? $parse({text}) : {{}}'
    found = f"$exists($told.Error) ? $told : {failure}"
    return {
        "Type": "Fail",
        "Error": jsonata(f'({told}; $found := {found}; $exists($found.Error) ? $found.Error : "States.Unknown")'),
        "Cause": jsonata(f'({told}; $found := {found}; $exists($found.Cause) ? $found.Cause : "")'),
    }
