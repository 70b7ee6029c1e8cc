"""One line of states: its place, its variables, and what expressions see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bunsui.interpreter import history
from bunsui.interpreter.definition import State
from bunsui.interpreter.faults import StateMachineStopped
from bunsui.interpreter.jsonata import UNDEFINED

if TYPE_CHECKING:
    from bunsui.interpreter.map_run import MapRun
    from bunsui.interpreter.run import Run

ABORTABLE = frozenset({"Task", "Wait", "Parallel", "Map"})
RETRYABLE = frozenset({"Task", "Parallel", "Map"})


def exhausted(express: bool) -> StateMachineStopped:
    """What AWS does with an execution that goes round in circles."""
    return StateMachineStopped("TIMED_OUT", None, None) if express else history.exhausted()


def iso(moment: float) -> str:
    """A time as the context object writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Partial:
    """What a state had done when it failed or was given up, so that a redrive need not do it again.

    Attributes:
        results: of the branches or iterations that had ended.
        open: those that had not.
        map_run: the Map Run of a Distributed Map.
        child: the execution that a Task had started and waited for.
    """

    results: dict[int, Any] = field(default_factory=dict)
    open: dict[int, Branch] = field(default_factory=dict)
    map_run: MapRun | None = None
    child: Run | None = None


class Branch:
    """A frame for expressions and the bookkeeping of events.

    Attributes:
        previous: the id that the next event of this line names as its predecessor.
        children: lines that a Parallel or Map of this one has running.
        partial: what a redrive of the current state can keep.
        volume: the bytes of the variables assigned so far, or more.
    """

    __slots__ = (
        "_context",
        "ambient",
        "children",
        "entered",
        "entered_at",
        "error_output",
        "input",
        "item",
        "partial",
        "previous",
        "result",
        "retries",
        "run",
        "state",
        "steps",
        "token",
        "variables",
        "volume",
    )

    def __init__(self, run: Run, previous: int, variables: Mapping[str, Any], item: Any = None) -> None:
        self.run = run
        self.ambient = run.world.ambient
        self.previous = previous
        self.variables: dict[str, Any] = dict(variables)
        self.volume = 0
        self.item = item
        self.state: State | None = None
        self.entered = 0
        self.entered_at = 0.0
        self.retries = 0
        self.steps = 0
        self.token: str | None = None
        self.input: Any = None
        self.result: Any = UNDEFINED
        self.error_output: Any = UNDEFINED
        self.children: list[Branch] = []
        self.partial: Partial | None = None
        self._context: dict[str, Any] | None = None

    def event(self, kind: str, *details: Any) -> int:
        """Record an event of this line."""
        run = self.run
        self.previous = run.history.add(kind, self.previous, run.world.scheduler.now, details)
        return self.previous

    def aside(self, kind: str, *details: Any) -> int:
        """Record an event that the line does not go on from."""
        run = self.run
        return run.history.add(kind, self.previous, run.world.scheduler.now, details)

    def enter(self, state: State, data: Any) -> None:
        """A state begins."""
        run = self.run
        now = run.world.scheduler.now
        self.state = state
        self.input = data
        self.result = self.error_output = UNDEFINED
        self._context = None
        self.retries = 0
        self.token = None
        self.entered_at = now
        self.entered = self.previous = run.history.add(
            state.kind + "StateEntered", self.previous, now, (state.name, data)
        )
        run.transitions += 1
        self.steps += 1
        if self.steps > run.world.limits.steps:
            raise exhausted(run.express)

    def exit(self, state: State, data: Any, assigned: Mapping[str, Any] | None) -> None:
        """A state ends; its assignments come into force."""
        run = self.run
        details = (state.name, data, assigned) if assigned else (state.name, data)
        self.previous = run.history.add(state.kind + "StateExited", self.previous, run.world.scheduler.now, details)
        if assigned:
            self.variables = {**self.variables, **assigned}
        self.state = None

    def touch(self) -> None:
        """Something that the context object shows has changed."""
        self._context = None

    def context(self) -> dict[str, Any]:
        """The context object, `$$` and `$states.context`."""
        if self._context is None:
            state: dict[str, Any] = {"EnteredTime": iso(self.entered_at), "Name": self.state.name if self.state else ""}
            if self.state is not None and self.state.kind in RETRYABLE:
                state["RetryCount"] = self.retries
            self._context = {**self.run.context(), "State": state}
            if self.item is not None:
                self._context["Map"] = self.item
            if self.token is not None:
                self._context["Task"] = {"Token": self.token}
        return self._context

    def part_of_states(self, name: str) -> Any:
        """`$states.<name>`."""
        if name == "input":
            return self.input
        if name == "context":
            return self.context()
        if name == "result":
            return self.result
        return self.error_output if name == "errorOutput" else UNDEFINED

    def abort(self) -> None:
        """Tell, from the inside out, that the open states of this line are given up."""
        for child in self.children:
            child.abort()
        self.children = []
        if self.state is not None and self.state.kind in ABORTABLE:
            self.aside(self.state.kind + "StateAborted")
