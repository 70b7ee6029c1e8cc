"""Activities: workers in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.calls import Call, Handler
from bunsui.interpreter.services.registry import adapted


class Activities:
    """Activities by ARN; each has a callable as its worker, or None while no worker polls it."""

    def __init__(self, workers: Mapping[str, Callable[..., Any] | None], worker_name: str = "worker") -> None:
        self._workers = workers
        self._name = worker_name

    def integrations(self) -> Mapping[str, Handler]:
        """One handler for each activity, and one that says which do not exist."""
        found: dict[str, Handler] = {"activity:*": absent}
        for arn, worker in self._workers.items():
            found[f"activity:{arn}"] = Worker(adapted(worker) if worker else None, self._name)
        return found


def absent(call: Call) -> Any:
    """Never called: its presence tells that activities are known."""


class Worker:
    """One worker, which takes every task at once."""

    def __init__(self, work: Handler | None, name: str) -> None:
        self._work = work
        self.worker_name = name

    def __call__(self, call: Call) -> Any:
        """Do the work, or leave it to whoever holds the token."""
        return self._work(call) if self._work else None
