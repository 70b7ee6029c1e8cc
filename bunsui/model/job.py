"""A job: the operations that one state machine runs, and the unit of rerun."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bunsui.model.declaration import Name, refuse, show
from bunsui.model.operation import A_YEAR
from bunsui.model.order import Ordered
from bunsui.model.step import Step


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


class Job(Ordered):
    """A named group of operations: `Job("ingest", raw_flights, clean_flights)`.

    Attributes:
        name: unique in its pipeline.
        operations: at least one; their order has no meaning.
        timeout: seconds after which it fails with `States.Timeout`; by default what its operations can take at most.
        description: for people.
    """

    name: Name
    operations: Annotated[tuple[Step, ...], BeforeValidator(_operations)]
    timeout: int | None = Field(default=None, ge=1, le=A_YEAR)
    description: str = ""

    def __init__(self, name: str, /, *operations: Step, **data: Any) -> None:
        super().__init__(name=name, operations=operations, **data)
