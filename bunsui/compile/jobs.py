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
from bunsui.model.skipping import skips
from bunsui.model.target import State


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
        self.results = frozenset(steps) - frozenset().union(*(bound.feeds for bound in steps.values()))
        crossing = {name for bound in steps.values() for name in bound.feeds if steps[name].job != bound.job}
        self.exports = {
            job.name: tuple(
                name
                for name, bound in steps.items()
                if bound.job == job.name and (name in self.results or name in crossing)
            )
            for job in pipeline.jobs
        }
        self._parts = {job.name: self._scheduled(job.name) for job in pipeline.jobs}
        self._facts = facts(steps.values())
        self._skips = skips(steps)
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
        together = [*feeds.values(), [name for names in self.exports.values() for name in names]]
        return budget.crowded(chain(together, *(flow.places() for flow in flows))) & self._storable

    def crowded_by(self, compiled: Iterable[Compiled]) -> frozenset[str]:
        """Steps whose results meet too many others because of how jobs are cut."""
        return budget.crowded(chain.from_iterable(one.flow.places() for one in compiled)) & self._storable

    @cached_property
    def _storable(self) -> frozenset[str]:
        """Operations whose result can stay in S3: nothing reads it, or whether there is one, in the state machine."""
        return frozenset(
            name
            for name, bound in self.pipeline.operations.items()
            if isinstance(bound.operation, Operation)
            and bound.operation.on_error is None
            and name not in self._facts.keys() | self._skips.keys() | self._apart
        )

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
            self._apart,
            {name: self.pipeline.operations[name].job for name in sorted(stored)},
            len([name for name in exports if name in stored and name in self.results]),
        )
        return fitted(plan.part, lambda part: self._machines(job, plan._replace(part=part)), _sizes(plan))

    def _machines(self, job: Job, plan: JobPlan) -> Compiled:
        flow = Flow(plan.part, plan.takes, plan.travelling)
        steps = self.pipeline.operations
        inline = budget.inline(self.names.stack, job, flow.places(), plan.operations, steps, self.exports, plan.stored)
        plan = plan._replace(inline=inline)
        root, *segments = job_machines(plan, flow)
        times, waits = times_of(plan.operations.values()), waiting(plan.part)

        def made(number: int, part: Part, definition: State) -> Machine:
            names = self.names._replace(segment=number)
            calls = _calls(plan, part, names, waits)
            return Machine.of(names.key(job.name), names.job(job.name), definition, calls, times, job.where)

        return Compiled(made(*root), tuple(made(*one) for one in segments), flow)


def _calls(plan: JobPlan, part: Part, names: Names, waits: Mapping[str, int]) -> Iterator[Call]:
    """What one state machine of a job needs for its part of it."""
    wheres = {name: bound.operation.where for name, bound in plan.operations.items()}
    for leaf in own(part):
        if isinstance(leaf, str):
            for bound in plan.operations[leaf].all:
                yield from machine_calls(bound, plan.workers, names)
        elif isinstance(leaf, Segment):
            why = Why(plan.job, "run a segment of the job and wait for it")
            yield from child_calls(names._replace(segment=leaf.number).job(plan.job), why)
        else:
            machine_of = {consumer: names._replace(segment=number).job(plan.job) for consumer, number in waits.items()}
            yield from join_calls(leaf, machine_of, wheres)


def _sizes(plan: JobPlan) -> Callable[[str | Join | Arrive], Size]:
    """How large the states of a leaf are, wherever they stand."""
    layout, times = job_layout(plan, Flow(plan.part, plan.takes, ())), times_of(plan.operations.values())
    scope = {name: f"$out1_{name}" for name in plan.operations}
    waits = waiting(plan.part)

    def size(leaf: str | Join | Arrive) -> Size:
        links = layout.links(leaf, {**scope, **layout.stored} if isinstance(leaf, str) else scope, 1)
        return size_of(links, _calls(plan, leaf, plan.names, waits), times)

    return size
