"""Everything that a pipeline's templates are made of: machines, workers, the calls of each role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from bunsui.compile.jobs import Jobs
from bunsui.compile.machines import Machine
from bunsui.compile.sessions import compiled_session
from bunsui.compile.whereabouts import whereabouts
from bunsui.compile.workers import worker_calls, workers
from bunsui.model.calls import Call
from bunsui.model.names import Names
from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.target import Code, Worker


class Plan(NamedTuple):
    """A compiled pipeline, before it is put into templates.

    Attributes:
        machine: the pipeline's own.
        jobs: by job.
        segments: what those that would be too large are cut into; each is run by the machine that it was cut out of.
        workers: by name.
        worker_calls: what each worker's role has to allow.
        exports: job -> operations in its output.
    """

    pipeline: Pipeline
    names: Names
    machine: Machine
    jobs: Mapping[str, Machine]
    segments: tuple[Machine, ...]
    workers: Mapping[str, Worker]
    worker_calls: Mapping[str, tuple[Call, ...]]
    exports: Mapping[str, tuple[str, ...]]

    @property
    def machines(self) -> tuple[Machine, ...]:
        """All of them, the pipeline's own first."""
        return self.machine, *self.jobs.values(), *self.segments


def plan(pipeline: Pipeline, names: Names, code_of: Callable[[Operation], Code]) -> Plan:
    """Compile a pipeline; `code_of` says which code an operation runs.

    Raises:
        DeclarationError: BUN301 when a limit of AWS would be exceeded.
    """
    jobs = Jobs(pipeline, names)
    stored, more = frozenset[str](), jobs.crowded()
    while True:
        stored |= more
        made = workers(pipeline.units, whereabouts(pipeline, stored), code_of)
        worker_of = {why.operation: name for name, worker in made.items() for why in worker.why}
        compiled = {job.name: jobs.compiled(job, worker_of, stored) for job in pipeline.jobs}
        more = jobs.crowded_by(compiled.values())
        if more <= stored:
            break
    session = compiled_session(pipeline, names, jobs, stored)
    return Plan(
        pipeline,
        names,
        session.machine,
        {name: one.machine for name, one in compiled.items()},
        tuple(segment for one in (session, *compiled.values()) for segment in one.segments),
        made,
        {name: tuple(worker_calls(worker, names)) for name, worker in made.items()},
        jobs.exports,
    )
