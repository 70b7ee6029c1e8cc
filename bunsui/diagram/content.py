"""What a drawing of a pipeline shows: jobs, operations, what they take from each other, and where branches join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bunsui.graph.part import Join, leaves
from bunsui.graph.schedule import schedule
from bunsui.model.binding import job_needs
from bunsui.model.job import HandlerJob
from bunsui.model.pipeline import Pipeline

Needs = Mapping[str, frozenset[str]]


class Edge(NamedTuple):
    """From one operation or job to another.

    Attributes:
        data: whether a result is taken, not only the order kept.
        join: whether it ends in a join: the later one waits in a branch of its own.
    """

    source: str
    target: str
    data: bool
    join: bool


@dataclass(frozen=True, slots=True)
class Content:
    """A pipeline as nodes in groups, in order of declaration.

    Attributes:
        name: of the pipeline.
        jobs: job -> its operations.
        edges: between operations; data edges may cross jobs.
        order: between jobs, where `>>` or a join says so.
        joins: operation -> operations that it waits for in a join.
    """

    name: str
    jobs: Mapping[str, tuple[str, ...]]
    edges: tuple[Edge, ...]
    order: tuple[Edge, ...]
    joins: Mapping[str, tuple[str, ...]]

    @property
    def job_of(self) -> Mapping[str, str]:
        """Operation -> its job."""
        return {name: job for job, names in self.jobs.items() for name in names}

    def inside(self, job: str) -> tuple[Edge, ...]:
        """The edges between operations of a job."""
        members = frozenset(self.jobs[job])
        return tuple(edge for edge in self.edges if edge.source in members and edge.target in members)


def content(pipeline: Pipeline) -> Content:
    """What there is to draw of a pipeline."""
    jobs = {job.name: tuple(step.name for step in job.operations) for job in pipeline.jobs}
    joins: dict[str, tuple[str, ...]] = {}
    for names in jobs.values():
        members = frozenset(names)
        bounds = {name: pipeline.operations[name] for name in names}
        joins |= _joins(
            {name: bound.needs & members for name, bound in bounds.items()},
            {name: bound.feeds & members for name, bound in bounds.items()},
        )
    edges = tuple(
        Edge(source, name, source in bound.feeds, source in joins.get(name, ()))
        for name, bound in pipeline.operations.items()
        for source in (*sorted(bound.feeds), *sorted(bound.needs - bound.feeds))
    )
    return Content(pipeline.name, jobs, edges, _order(pipeline), joins)


def _order(pipeline: Pipeline) -> tuple[Edge, ...]:
    """A job that handles a failure stands behind the job that fails, and takes no part in the graph of the others."""
    handlers = {job.name: [job.handles] for job in pipeline.jobs if isinstance(job, HandlerJob)}
    found = job_needs(pipeline.operations, pipeline.jobs)
    needs = {job: earlier for job, earlier in found.items() if job not in handlers}
    said = {job.name: [earlier.name for earlier, _ in job.predecessors] for job in pipeline.jobs} | handlers
    feeds: dict[str, set[str]] = {job: set() for job in found}
    for bound in pipeline.operations.values():
        feeds[bound.job] |= {pipeline.operations[name].job for name in bound.feeds} - {bound.job}
    joins = _joins(needs, {job: frozenset(feeds[job]) for job in needs})
    return tuple(
        Edge(earlier, job, False, earlier in joins.get(job, ()))
        for job in found
        for earlier in dict.fromkeys((*said[job], *joins.get(job, ())))
    )


def _joins(needs: Needs, feeds: Needs) -> dict[str, tuple[str, ...]]:
    return {leaf.consumer: leaf.producers for leaf in leaves(schedule(needs, feeds)) if isinstance(leaf, Join)}
