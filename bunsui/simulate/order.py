"""The order of a pipeline's operations as its machines keep it: jobs wait for whole jobs."""

from __future__ import annotations

from bunsui.model.binding import job_needs
from bunsui.model.pipeline import Pipeline


def needs_of(pipeline: Pipeline) -> dict[str, frozenset[str]]:
    """Operation -> what must have finished before it: operations of its job, and a gate for the jobs before.

    Gates (bunsui.simulate.timing) have names that no operation can have.
    """
    members: dict[str, set[str]] = {job.name: set() for job in pipeline.jobs}
    for name, bound in pipeline.operations.items():
        members[bound.job].add(name)
    earlier = job_needs(pipeline.operations, pipeline.jobs)
    gates = {f"job {job}": frozenset().union(*(members[one] for one in earlier[job])) for job in members}
    inside = {
        name: frozenset(bound.needs & members[bound.job]) | {f"job {bound.job}"}
        for name, bound in pipeline.operations.items()
    }
    return {**gates, **inside}
