"""How much data may travel inside the state machines, and how long they can take.

A payload, a state's output and all values of one Assign have 256 KiB each (AWS Step Functions quotas). Where many
results meet, each gets an equal share; what is larger travels by reference.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from bunsui.errors import BunsuiError, DeclarationError, raise_all
from bunsui.model.ask import waiting
from bunsui.model.binding import Bound
from bunsui.model.job import Job
from bunsui.model.on_error import Fallback
from bunsui.model.operation import A_YEAR
from bunsui.model.references import FromConstant, FromOutput, Source, flat
from bunsui.model.step import Step, handlers
from bunsui.runtime.result import travelling

INLINE = 32 * 1024
"""Bytes that a result has at most inside a state machine, however much room there is."""

SHARED = 96 * 1024
"""Bytes for all results in one place: below half the quota, because a record holds them as text with quotes escaped."""

QUOTA = 256 * 1024

OURS = 8 * 1024
"""Bytes of a payload besides the results in it."""

VARIABLES = 8 * 1024 * 1024
"""Bytes for all variables of an execution, below the quota of 10 MiB."""

SESSION_ID = 40
"""Characters of a session's id at most."""

CONSTANTS = 64 * 1024
"""Bytes for the constants of one operation, beside the results and parameters that it takes."""

NAMED = QUOTA - OURS - SHARED - CONSTANTS // 2
"""Bytes of a payload for the names of results that lie in S3."""

SMALL = 128
"""Bytes of a result that always travels in the state machine (bunsui.runtime.shim)."""

START = 60
"""Seconds that starting a job and its bookkeeping may take."""


MEETING = 256
"""Results in one place; where there would be more they are left in S3, and do not travel at all."""


def crowded(places: Iterable[Collection[str]], storable: Collection[str]) -> frozenset[str]:
    """The results that have to stay in S3 so that not too many meet anywhere; the first places are thinned first."""
    found: set[str] = set()
    for names in places:
        if len(names) > MEETING and len(left := [name for name in names if name not in found]) > MEETING:
            found.update(name for name in left if name in storable)
    return frozenset(found)


def inline(
    pipeline: str,
    job: Job,
    meeting: Iterable[Collection[str]],
    operations: Mapping[str, Bound],
    steps: Mapping[str, Bound],
    exports: Mapping[str, tuple[str, ...]],
    stored: Collection[str],
) -> int:
    """Bytes that each result of a job may have in the state machine.

    Args:
        pipeline: name of its stack.
        job: the declaration.
        meeting: results that meet in one place, for every place between the job's steps.
        operations: of the job.
        steps: of the pipeline.
        exports: job -> operations whose results leave it.
        stored: steps whose results lie in S3 and do not travel.

    Raises:
        DeclarationError: BUN301 when even references would not fit.
    """
    together = max(
        _shares((name for names in exports.values() for name in names if name not in stored), steps),
        *(_taken(bound, steps, stored) for bound in operations.values()),
        *(_shares(names, steps) for names in meeting),
    )
    room = (QUOTA - OURS) // _reference(pipeline, {**exports, job.name: tuple(operations)})
    if together > room:
        raise DeclarationError(
            "BUN301",
            f"{together} results meet in one place of job {job.name!r}; a state machine can hold references to {room}",
            where=job.where,
            hint="put operations into several jobs, or let them write to a resource instead of returning values",
        )
    each = min(INLINE, SHARED // max(together, 1), VARIABLES // len(operations))
    all_of_them = [bound for outer in operations.values() for bound in outer.all]
    raise_all(error for bound in all_of_them for error in _written_down(bound.operation, bound.inputs, each))
    raise_all(error for bound in all_of_them for error in _named(bound, steps, stored))
    return each


def _shares(names: Iterable[str], steps: Mapping[str, Bound]) -> int:
    return sum(steps[name].operation.shares for name in names)


def _taken(bound: Bound, steps: Mapping[str, Bound], stored: Collection[str]) -> int:
    """Shares of what a step is given: results, and as much for every constant and parameter."""
    sources = [source for one in bound.all for source in flat(one.inputs.values())]
    results = [source.operation for source in sources if isinstance(source, FromOutput)]
    return len(sources) - len(results) + _shares((name for name in results if name not in stored), steps)


def _written_down(operation: Step, inputs: Mapping[str, Source], each: int) -> Iterator[BunsuiError]:
    """Values of the declaration that would not fit: they stand in the machine, and nothing can move them out of it."""
    constants = sum(_size(source.value) for source in flat(inputs.values()) if isinstance(source, FromConstant))
    fallback = _travels(operation.on_error.value) if isinstance(operation.on_error, Fallback) else 0
    for what, size, limit in (("constant inputs", constants, CONSTANTS), ("fallback", fallback, max(each, SMALL))):
        if size > limit:
            yield DeclarationError(
                "BUN301",
                f"operation {operation.name!r}: {what} of {size:,} bytes of JSON; there is room for {limit:,}",
                where=operation.where,
                hint="keep large values in a file of the package or in a bucket, and read them in the function",
            )


def _named(bound: Bound, steps: Mapping[str, Bound], stored: Collection[str]) -> Iterator[BunsuiError]:
    """An operation with so many inputs in S3 that their names, which its payload has to have, would not fit."""
    size = 0
    for parameter, source in bound.inputs.items():
        for one in flat([source]):
            if isinstance(one, FromOutput) and one.operation in stored:
                size += _size({parameter: {"stored": one.operation, "job": steps[one.operation].job, "path": one.path}})
    if size > NAMED:
        yield DeclarationError(
            "BUN301",
            f"operation {bound.operation.name!r}: the names of its inputs have {size:,} bytes; "
            f"there is room for {NAMED:,}",
            where=bound.operation.where,
            hint="bring results together in steps, or let operations write to a resource that this one reads",
        )


def values_of_jobs(jobs: Iterable[Job]) -> Iterator[BunsuiError]:
    """Values that stand in for the results of failed jobs and would not fit into the pipeline's machine."""
    for job in jobs:
        size = sum(_travels(value) for value in job.values.values())
        if size > INLINE:
            yield DeclarationError(
                "BUN301",
                f"job {job.name!r}: on_error gives values of {size:,} bytes of JSON; there is room for {INLINE:,}",
                where=job.where,
                hint="keep large values in a file of the package or in a bucket, and read them in the function",
            )


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def _travels(value: Any) -> int:
    """Bytes of a value in its envelope, with the text beside it where it has one."""
    envelope = travelling(value, {})
    return sum(_size(one) for one in envelope.values())


def _reference(pipeline: str, jobs: Mapping[str, tuple[str, ...]]) -> int:
    """Bytes of the longest reference to a result, with the result's name and with quotes escaped."""
    longest = max(len(job) + 2 * len(name) for job, names in jobs.items() for name in names)
    return len(r"\"\":{\"pointer\":\"sessions////99999/.json\"},") + len(pipeline) + SESSION_ID + longest


def longest(operations: Iterable[Bound]) -> int:
    """Seconds that a job can take: every step after the other, each as often as its retries allow."""
    steps = [bound.operation for bound in operations]
    seconds = (step.longest + waiting(step) + sum(one.longest for one in handlers(step)) for step in steps)
    return min(A_YEAR, START + sum(seconds))
