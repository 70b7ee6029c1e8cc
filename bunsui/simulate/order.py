"""The order of a pipeline's operations as its machines keep it: jobs wait for whole jobs."""

from __future__ import annotations

from bunsui.model.binding import job_needs
from bunsui.model.job import HandlerJob
from bunsui.model.pipeline import Pipeline


def needs_of(pipeline: Pipeline) -> dict[str, frozenset[str]]:
    """Operation -> what must have finished before it: operations of its job, and a gate for the jobs before.

    Gates (bunsui.simulate.timing) have names that no operation can have. Who waits for a job waits for what handles its
    failure, too.
    """
    members: dict[str, set[str]] = {job.name: set() for job in pipeline.jobs}
    for name, bound in pipeline.operations.items():
        members[bound.job].add(name)
    whole = {job: set(names) for job, names in members.items()}
    for job in pipeline.jobs:
        if isinstance(job, HandlerJob):
            whole[job.handles] |= members[job.name]
    gates = {}
    for later, earlier in job_needs(pipeline.operations, pipeline.jobs).items():
        gates[f"job {later}"] = frozenset(name for one in earlier for name in whole[one]) - members[later]
    inside = {
        name: frozenset(bound.needs & members[bound.job]) | {f"job {bound.job}"}
        for name, bound in pipeline.operations.items()
    }
    return {**gates, **inside}
