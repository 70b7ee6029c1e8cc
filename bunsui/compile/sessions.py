"""The pipeline itself as a state machine, or as several where its jobs are too many for one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from bunsui.compile import budget
from bunsui.compile.children import child_calls
from bunsui.compile.cutting import Size
from bunsui.compile.job_run import JobStart, Question
from bunsui.compile.jobs import Jobs
from bunsui.compile.joins import join_calls
from bunsui.compile.machines import Compiled, Machine, fitted, size_of
from bunsui.compile.question import Asker, Terms, question_call
from bunsui.compile.segment import Segment, own, waiting
from bunsui.compile.session_machine import SessionPlan, session_layout, session_machines
from bunsui.compile.steps.context import KEPT
from bunsui.compile.workers import table_arn
from bunsui.errors import Where, raise_all
from bunsui.graph.part import Arrive, Join, Part
from bunsui.graph.schedule import schedule
from bunsui.model.ask import Ask
from bunsui.model.binding import job_needs
from bunsui.model.calls import Call, Why
from bunsui.model.job import HandlerJob, Job
from bunsui.model.names import JOB_RUNS_TABLE, SESSIONS_TABLE, Names
from bunsui.model.operation import A_YEAR
from bunsui.model.pipeline import Pipeline
from bunsui.model.references import FromOutput, FromParameter
from bunsui.model.target import State


def compiled_session(pipeline: Pipeline, names: Names, jobs: Jobs, stored: Collection[str]) -> Compiled:
    """The pipeline's own state machines.

    Args:
        pipeline: the declaration.
        names: of everything in AWS.
        jobs: of the pipeline.
        stored: operations whose results lie in S3 and do not travel.

    Raises:
        DeclarationError: BUN301 when a limit of AWS would be exceeded.
    """
    raise_all(budget.values_of_jobs(pipeline.jobs))
    starts = _starts(pipeline, jobs, stored)
    part = schedule(
        {name: start.needs for name, start in starts.items()}, {name: start.feeds for name, start in starts.items()}
    )
    plan = SessionPlan(pipeline.name, part, starts, names, pipeline.deadline)
    calls = _Calls(pipeline, names)
    return fitted(part, lambda one: _machines(plan._replace(part=one), calls), _sizes(plan, calls), pipeline.where)


def _starts(pipeline: Pipeline, jobs: Jobs, stored: Collection[str]) -> dict[str, JobStart]:
    """How the jobs of the graph are started; those that handle failures belong to the jobs that fail."""
    needs = job_needs(pipeline.operations, pipeline.jobs)
    handlers: dict[str, JobStart] = {}
    starts: dict[str, JobStart] = {}
    for job in sorted(pipeline.jobs, key=lambda one: not isinstance(one, HandlerJob)):
        members = [bound for bound in pipeline.operations.values() if bound.job == job.name]
        sources = [source for bound in members for source in bound.sources]
        parameters = sorted({source.name for source in sources if isinstance(source, FromParameter)})
        taken = {source.operation for source in sources if isinstance(source, FromOutput)} - set(stored)
        inputs = {name: pipeline.operations[name].job for name in sorted(taken)}
        results = [name for name in jobs.exports[job.name] if name in jobs.results]
        told = [name for name in results if name not in stored]
        when = pipeline.conditions.get(job.name)
        read = [one.operation for one in when.refers if isinstance(one, FromOutput)] if when is not None else []
        start = JobStart(
            job.name,
            needs[job.name],
            tuple(parameters),
            {name: source for name, source in inputs.items() if source != job.name},
            jobs.exports[job.name],
            (*told, KEPT) if len(told) < len(results) else tuple(told),
            min(budget.longest(members), job.timeout or A_YEAR),
            when,
            {name: pipeline.operations[name].job for name in read},
            job.on_error.on if job.on_error is not None else (),
            {name: jobs.constant(name, value) for name, value in job.values.items()},
            handlers.get(job.name),
            isinstance(job, HandlerJob),
            _question(pipeline.name, job, jobs.names),
        )
        if isinstance(job, HandlerJob):
            handlers[job.handles] = start
        else:
            starts[job.name] = start
    return starts


def _question(pipeline: str, job: Job, names: Names) -> Question | None:
    way = job.on_error
    if not isinstance(way, Ask):
        return None
    asker = Asker(pipeline, names.prefix, job.name, job.name, "")
    return Question(asker, way.message, Terms(way.approvers, way.timeout, ("skip", "fail")))


class _Calls:
    """What the machines need, by the jobs that they run."""

    def __init__(self, pipeline: Pipeline, names: Names) -> None:
        self.pipeline = pipeline
        self.names = names
        self._wheres: Mapping[str, Where] = {job.name: job.where for job in pipeline.jobs}
        self._asking = {job.name for job in pipeline.jobs if isinstance(job.on_error, Ask)}
        self._handlers = {job.handles: (job.name,) for job in pipeline.jobs if isinstance(job, HandlerJob)}

    def of(self, part: Part, waits: Mapping[str, int], *, begins: bool = False) -> Iterator[Call]:
        """Those for a part; the machine that `begins` records the session as well."""
        if begins:
            why = Why(self.pipeline.name, "record of the session", self.pipeline.where)
            yield Call("dynamodb:UpdateItem", table_arn(SESSIONS_TABLE), why)
        machines = {consumer: self._machine(number) for consumer, number in waits.items()}
        for leaf in own(part):
            if isinstance(leaf, str):
                for job in (leaf, *self._handlers.get(leaf, ())):
                    where = self._wheres[job]
                    yield from child_calls(self.names.job(job), Why(job, "run the job and wait for it", where))
                    record = Why(job, "record of the job run", where)
                    yield Call("dynamodb:UpdateItem", table_arn(JOB_RUNS_TABLE), record)
                    if job in self._asking:
                        yield question_call(Why(job, "ask what to do about a failure", where))
            elif isinstance(leaf, Segment):
                yield from child_calls(
                    self._machine(leaf.number), Why(self.pipeline.name, "run a segment and wait for it")
                )
            else:
                yield from join_calls(leaf, machines, self._wheres)

    def _machine(self, number: int) -> str:
        return self.names._replace(segment=number).machine


def _machines(plan: SessionPlan, calls: _Calls) -> Compiled:
    flow = plan.flow
    root, *segments = session_machines(plan, flow)
    waits = waiting(plan.part)

    def made(number: int, part: Part, definition: State) -> Machine:
        names = plan.names._replace(segment=number)
        needed = calls.of(part, waits, begins=not number)
        return Machine.of(names.key(""), names.machine, definition, needed, {})

    return Compiled(made(*root), tuple(made(*one) for one in segments), flow)


def _sizes(plan: SessionPlan, calls: _Calls) -> Callable[[str | Join | Arrive], Size]:
    """How large the states of a leaf are, wherever they stand."""
    layout, waits = session_layout(plan, plan.flow), waiting(plan.part)

    def size(leaf: str | Join | Arrive) -> Size:
        scope = {name: f"$job1_{name}" for name in plan.jobs}
        return size_of(layout.links(leaf, scope, 1), calls.of(leaf, waits), {})

    return size
