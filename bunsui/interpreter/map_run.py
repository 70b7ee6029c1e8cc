"""The record of one Map Run: what its child executions are, and how many are in which state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run


@dataclass(slots=True)
class MapRun:
    """What DescribeMapRun tells.

    Attributes:
        inputs: those of the child executions, once the items are read.
        batched: whether each of them has several items.
        results: the outputs of the child executions that succeeded, by place.
        records: what is known of them, where a ResultWriter wants it.
        failed: those that failed.
        aborted: those that were given up while they ran.
        begun: the event behind which the Map Run began.
    """

    arn: str
    execution: str
    max_concurrency: int
    tolerated_count: int
    tolerated_percentage: float
    status: str = "RUNNING"
    started: float = 0.0
    stopped: float | None = None
    redrives: int = 0
    total: int = 0
    inputs: list[Any] | None = None
    batched: bool = False
    results: dict[int, Any] = field(default_factory=dict)
    records: dict[int, Any] = field(default_factory=dict)
    failed: dict[int, Run] = field(default_factory=dict)
    aborted: dict[int, Run] = field(default_factory=dict)
    begun: int = 0

    @property
    def execution_counts(self) -> dict[str, int]:
        """How many child executions are in which state."""
        return self._counts(len)

    @property
    def item_counts(self) -> dict[str, int]:
        """How many items are in child executions of which state."""
        return self._counts(lambda places: sum(map(self._items, places)))

    def _counts(self, count: Callable[[Collection[int]], int]) -> dict[str, int]:
        total, succeeded, failed, aborted = map(
            count, (range(self.total), self.results.keys(), self.failed.keys(), self.aborted.keys())
        )
        pending = total - succeeded - failed - aborted if self.status == "RUNNING" else 0
        return {"total": total, "succeeded": succeeded, "failed": failed, "aborted": aborted, "pending": pending}

    def _items(self, place: int) -> int:
        assert self.inputs is not None
        return len(self.inputs[place]["Items"]) if self.batched else 1
