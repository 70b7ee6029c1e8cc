"""A job: the operations that one state machine runs, and the unit of rerun."""

from __future__ import annotations

from typing import Any

from bunsui.model.declaration import Name
from bunsui.model.operation import Operation
from bunsui.model.order import Ordered


class Job(Ordered):
    """A named group of operations: `Job("ingest", raw_flights, clean_flights)`.

    Attributes:
        name: unique in its pipeline.
        operations: at least one; their order has no meaning.
        description: for people.
    """

    name: Name
    operations: tuple[Operation, ...]
    description: str = ""

    def __init__(self, name: str, /, *operations: Operation, **data: Any) -> None:
        super().__init__(name=name, operations=operations, **data)
