"""What a simulated run tells: its figures, step by step and as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from bunsui.interpreter import Execution
from bunsui.model.bound import Bound
from bunsui.model.choice import Choice
from bunsui.model.names import JOB_RUNS_TABLE
from bunsui.model.pipeline import Pipeline
from bunsui.session.failure import explain
from bunsui.session.model import Failure, Status
from bunsui.simulate.assumption import SECONDS, Assumption, steps, usual
from bunsui.simulate.meter import Meter
from bunsui.simulate.model import Item, Price, Simulated, Simulation, Transitions, Waves
from bunsui.simulate.order import needs_of
from bunsui.simulate.prices import AS_OF, LEFT_OUT, charges
from bunsui.simulate.runs import Run, runs
from bunsui.simulate.stage import JOINS_TABLE, World
from bunsui.simulate.timing import Timing, timing, waves


class Parameters(NamedTuple):
    """The parameters of a run: JSON values, and the names of those that nobody gave."""

    values: Mapping[str, Any]
    made_up: tuple[str, ...]


@dataclass(frozen=True)
class Played:
    """A simulated run that is over.

    Attributes:
        execution: of the pipeline's state machine.
        world: what it left behind.
        meter: what it used.
    """

    pipeline: Pipeline
    parameters: Parameters
    assumed: Mapping[str, Assumption]
    execution: Execution
    world: World
    meter: Meter

    def told(self, region: str) -> Simulation:
        """All of it, with the prices of a region."""
        return Simulation(
            pipeline=self.pipeline.name,
            status=Status(self.execution.status),
            parameters=dict(self.parameters.values),
            made_up=self.parameters.made_up,
            makespan_s=_rounded(self.execution.duration),
            critical_path=self._timing.path,
            critical_path_s=_rounded(self._timing.makespan),
            waves=self._waves(),
            failure=self._failure(),
            operations=tuple(self._operation(bound) for bound in self.pipeline.operations.values()),
            transitions=self._transitions(),
            price=self._price(region),
            notes=self._notes(),
        )

    @cached_property
    def _steps(self) -> Mapping[str, Bound]:
        return steps(self.pipeline)

    @cached_property
    def _runs(self) -> Mapping[str, Run]:
        own = (bound.operation.name for outer in self.pipeline.operations.values() for bound in outer.all)
        return runs(self.world.executions(self.execution), tuple(own))

    @cached_property
    def _nodes(self) -> Mapping[str, Run]:
        """The nodes of the graph that were reached, with what lies within them; a choice is what it chose."""
        found = {}
        for name, bound in self.pipeline.operations.items():
            parts = [self._runs[one.operation.name] for one in bound.all if one.operation.name in self._runs]
            if parts:
                own = max(parts, key=lambda one: one.ended) if isinstance(bound.operation, Choice) else parts[0]
                found[name] = own.around(parts)
        return found

    @cached_property
    def _seconds(self) -> Mapping[str, float]:
        """Of the nodes that ran."""
        return {name: run.ended - run.began for name, run in self._nodes.items() if run.status is not Status.SKIPPED}

    @cached_property
    def _timing(self) -> Timing:
        return timing(needs_of(self.pipeline), self._seconds)

    @cached_property
    def _executions(self) -> tuple[Execution, ...]:
        return self.execution, *self.execution.nested

    @cached_property
    def _skipped_jobs(self) -> Mapping[str, str]:
        """Job -> why it was skipped, as recorded."""
        items = self.world.tables.tables[JOB_RUNS_TABLE].items.values()
        skipped = (item for item in items if item["status"]["S"] == Status.SKIPPED)
        return {item["job"]["S"]: item.get("cause", {"S": ""})["S"] for item in skipped}

    def _waves(self) -> Waves:
        levels, took = waves(needs_of(self.pipeline), self._seconds), self.execution.duration
        ratio = round(sum(levels) / took, 3) if took else 1.0
        return Waves(levels=len(levels), makespan_s=_rounded(sum(levels)), ratio=ratio)

    def _operation(self, bound: Bound) -> Simulated:
        name, run = bound.operation.name, self._nodes.get(bound.operation.name)
        one = self.assumed.get(name, Assumption())
        seconds = usual(bound.operation)
        told: dict[str, Any] = {"job": bound.job, "operation": name, "assumed_s": seconds, "source": "default"}
        if seconds is None:
            told["source"] = "declared"
        elif one.seconds is not None:
            told |= {"assumed_s": one.seconds, "source": one.source}
        if run is None:
            why = self._skipped_jobs.get(bound.job)
            status = Status.NOT_STARTED if why is None else Status.SKIPPED
            return Simulated(status=status, message=why or "", **told)
        if run.told is not None:
            more = run.told
            told |= {"tries": more.tries, "handled": more.handled, "error": more.error, "message": more.message}
        return Simulated(
            status=run.status,
            started_s=_rounded(run.began),
            finished_s=_rounded(run.ended),
            duration_s=_rounded(run.ended - run.began),
            slack_s=abs(_rounded(self._timing.slack[name])) if name in self._timing.slack else None,
            **told,
        )

    def _failure(self) -> Failure | None:
        if self.execution.status == Status.SUCCEEDED:
            return None
        found = {name: run for name, run in self._runs.items() if run.wrong}
        if not found:
            told = explain(self.execution.error, self.execution.cause)
            return Failure(kind=told.kind, error=told.error, message=told.message)
        name = min(found, key=lambda one: (found[one].ended, one))
        last = found[name].told
        assert last is not None
        kind, job = last.kind or "error", self._steps[name].job
        return Failure(kind=kind, error=last.error, message=last.message, job=job, operation=name)

    @cached_property
    def _entered(self) -> Mapping[str, int]:
        """Execution -> states that it entered; those of a distributed map have called a function at least."""
        return {**self.meter.transitions, **{one.arn: one.transitions for one in self._executions}}

    @cached_property
    def _total(self) -> int:
        return sum(self._entered.values()) + round(self.meter.used["states:transition"])

    def _transitions(self) -> Transitions:
        return Transitions(
            total=self._total,
            per_operation=round(self._total / max(1, len(self._nodes)), 2),
            executions=len(self._entered),
            joins=len(self.world.tables.tables[JOINS_TABLE].items),
            most_events=max(len(one.event_types) for one in self._executions),
        )

    def _price(self, region: str) -> Price:
        items = tuple(
            Item(
                what=one.what,
                quantity=round(one.quantity, 6),
                usd_each=one.each,
                usd=one.total,
                elsewhere=one.elsewhere,
            )
            for one in charges({**self.meter.used, "states:transition": self._total}, region)
        )
        return Price(region=region, as_of=AS_OF, usd=sum(item.usd for item in items), items=items, left_out=LEFT_OUT)

    def _notes(self) -> tuple[str, ...]:
        timed = [name for name, bound in self._steps.items() if usual(bound.operation)]
        unknown = [name for name in timed if self.assumed.get(name, Assumption()).seconds is None]
        notes = []
        if unknown:
            whose = "every operation" if unknown == timed else ", ".join(unknown)
            notes.append(f"nothing says how long they take, so {SECONDS:g} s each: {whose}")
        if self.parameters.made_up:
            notes.append(f"not given, so a value of its type was made up: {', '.join(self.parameters.made_up)}")
        return tuple(notes)


def _rounded(seconds: float) -> float:
    """To microseconds, which is what the virtual clock keeps since 1970."""
    return round(seconds, 6)
