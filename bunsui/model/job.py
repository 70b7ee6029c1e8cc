"""A job: the operations that one state machine runs, and the unit of rerun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bunsui.model.ask import Ask
from bunsui.model.declaration import Name, refuse, show
from bunsui.model.handle import Handle
from bunsui.model.lasting import longest
from bunsui.model.names import shorten
from bunsui.model.on_error import Fallback, OnError, Skip
from bunsui.model.operation import A_YEAR, Operation
from bunsui.model.order import Ordered
from bunsui.model.step import Step, When


def _operations(value: object) -> object:
    """Names the member that is no operation, and what was probably meant."""
    assert isinstance(value, tuple)
    for one in value:
        if not isinstance(one, Step):
            raise refuse(f"{show(one)} is no operation", _remedy(one))
    return value


def _remedy(value: object) -> str:
    if callable(value) and not isinstance(value, type | Ordered):
        return "decorate the function with @operation(runs=Lambda())"
    if isinstance(value, list | tuple | set):
        return "unpack it: Job('name', *operations)"
    if isinstance(value, Job):
        return "a job holds operations; give the pipeline both jobs"
    return "give operations: Job('name', first, second)"


def _way(value: object) -> object:
    hint = "write on_error=Skip(), Fallback({operation: value}), Handle(operation) or Ask()"
    if value is not None and not isinstance(value, Skip | Fallback | Handle | Ask):
        raise refuse(f"on_error={show(value)} is no way for a job to go on", hint)
    if isinstance(value, Fallback) and not _by_operation(value.value):
        raise refuse(f"on_error: {show(value.value)} gives no values for operations", hint)
    return value


def _by_operation(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, Step | str) for one in value)


class Job(Ordered):
    """A named group of operations: `Job("ingest", raw_flights, clean_flights)`.

    Attributes:
        name: unique in its pipeline.
        operations: at least one; their order has no meaning.
        when: what must hold for it to run; otherwise all its results are skipped. It may refer to parameters and to
            results of earlier jobs.
        on_error: what happens when it failed: `Skip()`, `Fallback({operation: value})`, `Handle(operation)`, or `Ask()`
            whether to skip it or to fail; by default the session fails. What has no value then is skipped.
        timeout: seconds after which it fails with `States.Timeout`; by default what its operations can take at most.
        description: for people.
    """

    name: Name
    operations: Annotated[tuple[Step, ...], BeforeValidator(_operations)]
    when: When = None
    on_error: Annotated[OnError | None, BeforeValidator(_way)] = None
    timeout: int | None = Field(default=None, ge=1, le=A_YEAR)
    description: str = ""

    def __init__(self, name: str, /, *operations: Step, **data: Any) -> None:
        super().__init__(name=name, operations=operations, **data)

    @property
    def longest(self) -> int:
        """Seconds that it can take at most, with an answer to what is asked when it fails."""
        answer = self.on_error.timeout if isinstance(self.on_error, Ask) else 0
        return min(longest(self.operations), self.timeout or A_YEAR) + answer

    @property
    def may_be_missing(self) -> bool:
        """Whether its results can be skipped altogether."""
        return self.when is not None or self.on_error is not None

    @property
    def values(self) -> Mapping[str, Any]:
        """Operation -> what stands in for its result when the job failed."""
        if not isinstance(self.on_error, Fallback):
            return {}
        return {one.name if isinstance(one, Step) else one: value for one, value in self.on_error.value.items()}


class HandlerJob(Job):
    """The job in which the operation runs that handles the failure of another job.

    Attributes:
        handles: name of the job whose failure it handles.
    """

    handles: Name

    def __init__(self, name: str, /, *operations: Step, **data: Any) -> None:
        super().__init__(name, *operations, **data)

    @property
    def handler(self) -> Operation:
        """Its only operation."""
        (handler,) = self.operations
        assert isinstance(handler, Operation)
        return handler


def with_handlers(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs, and behind them those that handle failures of them."""
    handled = {job.handles for job in jobs if isinstance(job, HandlerJob)}
    return (
        *jobs,
        *(
            HandlerJob(
                shorten(f"{job.name}-handler", NAME_LIMIT),
                job.on_error.operation,
                handles=job.name,
                where=job.on_error.where,
                description=f"Handles a failure of {job.name}",
            )
            for job in jobs
            if isinstance(job.on_error, Handle) and job.name not in handled
        ),
    )


NAME_LIMIT = 40
"""Characters of a job's name."""
