"""The record of one Map Run: what its child executions are, and how many are in which state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run


@dataclass(slots=True)
class MapRun:
    """What DescribeMapRun tells.

    Attributes:
        inputs: those of the child executions, once the items are read.
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
    results: dict[int, Any] = field(default_factory=dict)
    records: dict[int, Any] = field(default_factory=dict)
    failed: dict[int, Run] = field(default_factory=dict)
    aborted: dict[int, Run] = field(default_factory=dict)
    begun: int = 0

    @property
    def item_counts(self) -> dict[str, int]:
        """How many child executions are in which state."""
        ended = len(self.results) + len(self.failed) + len(self.aborted)
        return {
            "total": self.total,
            "succeeded": len(self.results),
            "failed": len(self.failed),
            "aborted": len(self.aborted),
            "pending": self.total - ended if self.status == "RUNNING" else 0,
        }
