"""The jobs of a pipeline as state machines: laid out, cut where too large, with what each has to be allowed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain

from bunsui.compile import budget
from bunsui.compile.children import child_calls
from bunsui.compile.cutting import Size
from bunsui.compile.flow import Flow
from bunsui.compile.job_machine import job_layout, job_machines, machine_calls
from bunsui.compile.joins import join_calls
from bunsui.compile.machines import Compiled, Machine, fitted, size_of, times_of
from bunsui.compile.segment import Segment, own, waiting
from bunsui.compile.steps.context import JobPlan, facts
from bunsui.compile.steps.distributed import kept_apart
from bunsui.graph.part import Arrive, Join, Part
from bunsui.graph.schedule import schedule
from bunsui.model.calls import Call, Why
from bunsui.model.job import Job
from bunsui.model.names import Names
from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.references import FromOutput
from bunsui.model.target import Json, State
from bunsui.runtime.result import travelling


class Jobs:
    """The jobs of a pipeline.

    Attributes:
        pipeline: the declaration.
        names: of everything in AWS.
        exports: job -> steps whose results leave it.
        results: steps whose results nothing takes.
    """

    def __init__(self, pipeline: Pipeline, names: Names) -> None:
        self.pipeline = pipeline
        self.names = names
        steps = pipeline.operations
        self.results = frozenset(pipeline.results)
        conditions = pipeline.conditions.values()
        crossing = {name for bound in steps.values() for name in bound.feeds if steps[name].job != bound.job}
        crossing |= {one.operation for when in conditions for one in when.refers if isinstance(one, FromOutput)}
        self.exports = {
            job.name: tuple(
                name
                for name, bound in steps.items()
                if bound.job == job.name and (name in self.results or name in crossing)
            )
            for job in pipeline.jobs
        }
        self._parts = {job.name: self._scheduled(job.name) for job in pipeline.jobs}
        self._facts = facts(steps.values(), conditions)
        self._skips = pipeline.skips
        self._apart = kept_apart(steps.values())

    def _scheduled(self, job: str) -> Part:
        steps = {name: bound for name, bound in self.pipeline.operations.items() if bound.job == job}
        return schedule(
            {name: bound.needs for name, bound in steps.items()}, {name: bound.feeds for name, bound in steps.items()}
        )

    def crowded(self) -> frozenset[str]:
        """Steps whose results meet too many others, however the jobs are cut."""
        steps = self.pipeline.operations
        feeds = {name: bound.feeds for name, bound in steps.items()}
        flows = (Flow(part, feeds, self.exports[job]) for job, part in self._parts.items())
        exports = [*self.exports.values(), [name for names in self.exports.values() for name in names]]
        return budget.crowded(chain(feeds.values(), *(flow.places() for flow in flows), exports), self._storable)

    def crowded_by(self, compiled: Iterable[Compiled]) -> frozenset[str]:
        """Steps whose results meet too many others because of how jobs are cut."""
        return budget.crowded(chain.from_iterable(one.flow.places() for one in compiled), self._storable)

    @cached_property
    def _storable(self) -> frozenset[str]:
        """Operations whose result can stay in S3: nothing reads it, or whether there is one, in the state machine."""
        missing = self.pipeline.missing()
        return frozenset(
            name
            for name, bound in self.pipeline.operations.items()
            if isinstance(bound.operation, Operation)
            and bound.operation.on_error is None
            and name not in self._facts.keys() | missing | self._apart
        )

    def constant(self, name: str, value: Json) -> Json:
        """The envelope of a value that stands in for a step's result."""
        return travelling(value, self._facts.get(name, {}))

    def compiled(self, job: Job, workers: Mapping[str, str], stored: Collection[str]) -> Compiled:
        """A job's state machines.

        Args:
            job: of the pipeline.
            workers: operation -> worker that runs it.
            stored: steps whose results lie in S3 and do not travel.

        Raises:
            DeclarationError: BUN301 when a limit of AWS would be exceeded.
        """
        steps = {name: bound for name, bound in self.pipeline.operations.items() if bound.job == job.name}
        exports = self.exports[job.name]
        plan = JobPlan(
            self.pipeline.name,
            job.name,
            steps,
            exports,
            workers,
            self._parts[job.name],
            budget.INLINE,
            self.names,
            self._facts,
            self._skips,
            self.pipeline.missing(job.name),
            self._apart,
            {name: self.pipeline.operations[name].job for name in sorted(stored)},
            self.results,
        )
        return fitted(plan.part, lambda part: self._machines(job, plan._replace(part=part)), _sizes(plan), job.where)

    def _machines(self, job: Job, plan: JobPlan) -> Compiled:
        flow = Flow(plan.part, plan.takes, plan.travelling)
        steps = self.pipeline.operations
        inline = budget.inline(self.names.stack, job, flow.places(), plan.operations, steps, self.exports, plan.stored)
        plan = plan._replace(inline=inline)
        root, *segments = job_machines(plan, flow)
        times, calls = times_of(plan.operations.values()), _Calls(plan)

        def made(number: int, part: Part, definition: State) -> Machine:
            names = self.names._replace(segment=number)
            needed = calls.of(part, names)
            return Machine.of(names.key(job.name), names.job(job.name), definition, needed, times)

        return Compiled(made(*root), tuple(made(*one) for one in segments), flow)


class _Calls:
    """What the machines of a job need, by the leaves that they run."""

    def __init__(self, plan: JobPlan) -> None:
        self.plan = plan
        self._wheres = {name: bound.operation.where for name, bound in plan.operations.items()}
        waits = waiting(plan.part)
        self._machines = {consumer: self._machine(plan.names, number) for consumer, number in waits.items()}

    def of(self, part: Part, names: Names) -> Iterator[Call]:
        """Those for a part; `names` say which machine runs it."""
        plan = self.plan
        for leaf in own(part):
            if isinstance(leaf, str):
                for bound in plan.operations[leaf].all:
                    yield from machine_calls(bound, plan.workers, names)
            elif isinstance(leaf, Segment):
                why = Why(plan.job, "run a segment of the job and wait for it")
                yield from child_calls(self._machine(names, leaf.number), why)
            else:
                yield from join_calls(leaf, self._machines, self._wheres)

    def _machine(self, names: Names, number: int) -> str:
        return names._replace(segment=number).job(self.plan.job)


def _sizes(plan: JobPlan) -> Callable[[str | Join | Arrive], Size]:
    """How large the states of a leaf are, wherever they stand."""
    layout, times = job_layout(plan, Flow(plan.part, plan.takes, ())), times_of(plan.operations.values())
    scope = {**{name: f"$out1_{name}" for name in plan.operations}, **layout.stored}
    calls = _Calls(plan)

    def size(leaf: str | Join | Arrive) -> Size:
        links = layout.links(leaf, {} if isinstance(leaf, Join) else scope, 1)
        return size_of(links, calls.of(leaf, plan.names), times)

    return size
