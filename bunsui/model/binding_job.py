"""Binding what a job as a whole has: its condition, and what stands in for its results when it failed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from bunsui.errors import BunsuiError, DeclarationError
from bunsui.model import types
from bunsui.model.binding_condition import BoundCondition, bind_condition
from bunsui.model.condition import mentioned
from bunsui.model.declaration import show
from bunsui.model.job import HandlerJob, Job
from bunsui.model.references import FromOutput, Output, parts
from bunsui.model.resolving import Scope


def conditions(
    jobs: Sequence[Job], jobs_of: Mapping[str, str], scope: Scope, errors: list[BunsuiError]
) -> dict[str, BoundCondition]:
    """Job -> what must hold for it to run; what is wrong is added to `errors`."""
    found: dict[str, BoundCondition] = {}
    for job in jobs:
        bound = bind_condition(job.when, f"job {job.name!r}", scope, errors) if job.when is not None else None
        if bound is None:
            continue
        found[job.name] = bound
        for source in bound.refers:
            if isinstance(source, FromOutput) and jobs_of[source.operation] == job.name:
                errors.append(_of_itself(job, source.operation))
    return found


def _of_itself(job: Job, operation: str) -> DeclarationError:
    assert job.when is not None
    return DeclarationError(
        "BUN111",
        f"job {job.name!r} runs when {job.when}, but operation {operation!r} is part of the job itself",
        where=job.when.where,
        hint="refer to results of earlier jobs, or give when= to operations of the job",
    )


def wrong_values(jobs: Sequence[Job]) -> Iterator[BunsuiError]:
    """What is wrong with values that stand in for results (BUN104, BUN204)."""
    for job in jobs:
        steps = {step.name: step for step in job.operations}
        for name, value in job.values.items():
            assert job.on_error is not None
            if name not in steps:
                near = difflib.get_close_matches(name, steps, n=1)
                yield DeclarationError(
                    "BUN204",
                    f"job {job.name!r}: on_error gives a value for operation {name!r}, which is not part of the job",
                    where=job.on_error.where,
                    hint=f"did you mean {near[0]!r}?" if near else f"it has {', '.join(steps)}",
                )
            elif not types.is_json(value) or not types.holds(value, steps[name].result_type()):
                yield DeclarationError(
                    "BUN104",
                    f"job {job.name!r}: on_error gives {show(value)} for operation {name!r}, which returns "
                    f"{types.describe(steps[name].result_type())}",
                    where=job.on_error.where,
                    hint="give a JSON value of the operation's return type",
                    related=[("operation", steps[name].where)],
                )


def of_handler(job: HandlerJob, jobs_of: Mapping[str, str], scope: Scope) -> Scope:
    """What the handler of a failed job may be fed from: not from that job, which has no results then."""
    others = {name: step for name, step in scope.operations.items() if jobs_of[name] != job.handles}
    return scope._replace(operations=others)


def mentions(job: Job, jobs_of: Mapping[str, str]) -> frozenset[str]:
    """The jobs whose results decide whether a job runs."""
    if job.when is None:
        return frozenset()
    names = (parts(one)[0].name for one in mentioned(job.when) if isinstance(one, Output))
    return frozenset(jobs_of[name] for name in names if name in jobs_of) - {job.name}
