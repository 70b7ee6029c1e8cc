"""One execution: it starts, runs, ends, and can be stopped or redriven."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch, iso
from bunsui.interpreter.definition import Machine
from bunsui.interpreter.faults import Fault, StateMachineStopped
from bunsui.interpreter.history import ENDINGS, History
from bunsui.interpreter.scheduler import Strand, Timer, Turns
from bunsui.interpreter.steps import run_machine
from bunsui.interpreter.world import EXPRESS_SECONDS, YEAR, World

if TYPE_CHECKING:
    from bunsui.interpreter.map_run import MapRun

REDRIVABLE = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


class NotRedrivable(faults.TaskFailed):
    """The execution cannot be redriven."""

    def __init__(self, why: str) -> None:
        super().__init__("ExecutionNotRedrivable", why)


class Run:
    """An execution in a world."""

    def __init__(
        self,
        world: World,
        machine: Machine,
        data: Any,
        *,
        name: str,
        machine_arn: str,
        role: str,
        express: bool = False,
        nested: bool = False,
    ) -> None:
        self.world = world
        self.machine = machine
        self.input = data
        self.name = name
        self.role = role
        self.express = express
        self.machine_arn = machine_arn
        self.machine_name = machine_arn.rpartition(":")[2]
        kind = "express" if express else "execution"
        self.arn = f"{machine_arn.replace(':stateMachine:', f':{kind}:')}:{name}"
        self.history = History(None if express else world.limits.history_events)
        self.transitions = 0
        self.status = "RUNNING"
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.started = world.scheduler.now
        self.stopped: float | None = None
        self.redrives = 0
        self.redriven_at: float | None = None
        self.map_runs: list[MapRun] = []
        self.failure: BaseException | None = None
        self.on_end: Callable[[Run], None] | None = None
        self.branch = Branch(self, 0, {})
        self._nested = nested
        self._strand: Strand | None = None
        self._deadline: Timer | None = None
        self._context: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status != "RUNNING"

    def context(self) -> dict[str, Any]:
        """The parts of the context object that the whole execution shares."""
        if self._context is None:
            execution: dict[str, Any] = {
                "Id": self.arn,
                "Input": self.input,
                "Name": self.name,
                "RoleArn": self.role,
                "StartTime": iso(self.started),
            }
            if not self.express:
                execution["RedriveCount"] = self.redrives
            if self.redriven_at is not None:
                execution["RedriveTime"] = iso(self.redriven_at)
            machine = {"Id": self.machine_arn, "Name": self.machine_name}
            self._context = {"Execution": execution, "StateMachine": machine}
        return self._context

    def start(self) -> None:
        """Begin at once."""
        now = self.world.scheduler.now
        self.history.add("ExecutionStarted", 0, now, (self.input, self.role))
        self._go(run_machine(self.branch, self.machine, self.input))

    def _go(self, turns: Turns) -> None:
        scheduler = self.world.scheduler
        seconds = self.machine.timeout
        if seconds is not None or self.express or not self._nested:
            longest = EXPRESS_SECONDS if self.express else YEAR
            seconds = longest if seconds is None else min(seconds, longest)
            self._deadline = scheduler.at(scheduler.now + seconds, self._time_out, rank=2)
        self._strand = Strand(turns, self._done)
        scheduler.ready(self._strand)

    def _time_out(self) -> None:
        if not self.over:
            self.end("TIMED_OUT", error=faults.TIMEOUT)

    def _done(self, value: Any, error: BaseException | None) -> None:
        if self.over:
            return
        if error is None:
            self.end("SUCCEEDED", output=value)
        elif isinstance(error, Fault):
            self.end("FAILED", error=error.error, cause=error.cause)
        elif isinstance(error, StateMachineStopped):
            self.end(error.status, error=error.error, cause=error.cause)
        elif isinstance(error, RecursionError):
            self.end("FAILED", error=faults.RUNTIME, cause="The data is nested too deeply")
        else:
            self.failure = error
            self.end("FAILED", error=faults.RUNTIME, cause=str(error))

    def end(self, status: str, *, output: Any = None, error: str | None = None, cause: str | None = None) -> None:
        """Record how it ended and tell those who wait."""
        self.status = status
        self.output, self.error, self.cause = output, error, cause
        self.stopped = self.world.scheduler.now
        details: tuple[Any, ...] = (output,) if status == "SUCCEEDED" else (error, cause)
        if status == "TIMED_OUT":
            details = ()
        self.branch.event(ENDINGS[status], *details)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._strand is not None:
            self._strand.cancel()
        if self.failure is not None and self.world.failure is None:
            self.world.failure = self.failure
        if self.on_end is not None:
            self.on_end(self)

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """StopExecution."""
        if not self.over:
            self.end("ABORTED", error=error, cause=cause)

    def redrive(self) -> None:
        """RedriveExecution: go on from where it failed.

        Raises:
            NotRedrivable: it runs, succeeded, is EXPRESS, or has no room for more events.
        """
        if self.express:
            raise NotRedrivable("Express executions cannot be redriven")
        if self.status not in REDRIVABLE:
            raise NotRedrivable(f"Execution is {self.status} and cannot be redriven")
        if len(self.history) >= self.history.most - 1:
            raise NotRedrivable("Execution has reached the maximum number of history events and cannot be redriven")
        if self.world.failure is self.failure:
            self.world.failure = None
        self.failure = None
        self.status, self.output, self.error, self.cause, self.stopped = "RUNNING", None, None, None, None
        self.redrives += 1
        self.redriven_at = self.world.scheduler.now
        self._context = None
        self.branch.event("ExecutionRedriven", self.redrives)
        state = self.branch.state
        self._go(run_machine(self.branch, self.machine, self.branch.input, state.name if state else None))
