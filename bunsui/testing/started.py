"""A session of a pipeline under test that is on its way: time passes when the test says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.interpreter import Execution, Handle
from bunsui.model.names import JOB_RUNS_TABLE, SESSIONS_TABLE
from bunsui.runtime.decode import decode
from bunsui.simulate.stage import World
from bunsui.testing.run import PipelineRun


@dataclass(frozen=True, slots=True)
class Started:
    """A session that has begun.

    Attributes:
        handle: the interpreter's, of the pipeline's state machine.
        world: what the session leaves behind.
        results: operation -> type of its result.
    """

    handle: Handle
    world: World
    results: Mapping[str, Any]

    @property
    def now(self) -> PipelineRun:
        """How it stands."""
        return self._told(self.handle.execution)

    def advance(self, seconds: float) -> PipelineRun:
        """Let time pass on the virtual clock, and tell how it stands then."""
        return self._told(self.handle.advance(seconds).execution)

    def stop(self, cause: str = "") -> PipelineRun:
        """Stop the execution, as cancelling does."""
        return self._told(self.handle.stop("Cancelled", cause))

    def finish(self) -> PipelineRun:
        """Run it to its end."""
        return self._told(self.handle.wait())

    def _told(self, execution: Execution) -> PipelineRun:
        records = {
            name: [_plain(item) for item in table.items.values()] for name, table in self.world.tables.tables.items()
        }
        runs = tuple(records[JOB_RUNS_TABLE])
        error, message = _failure(execution)
        return PipelineRun(
            status=execution.status,
            error=error,
            message=message,
            outputs={name: decode(value, self.results[name], name) for name, value in self.world.values.items()},
            invocations=tuple(self.world.invocations),
            jobs={run["job"]: run["status"] for run in runs},
            duration=execution.duration,
            session=next(iter(records[SESSIONS_TABLE]), {}),
            job_runs=runs,
            execution=execution,
        )


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """A DynamoDB item without its type tags; JSON texts of outputs and parameters are read."""
    found = {name: next(iter(attribute.values())) for name, attribute in item.items()}
    return {
        name: json.loads(value) if name in ("outputs", "parameters") and isinstance(value, str) else value
        for name, value in found.items()
    }


def _failure(execution: Execution) -> tuple[str, str]:
    """Error class and message, read out of what nested executions and Lambda wrap them in."""
    if execution.error is None:
        return "", ""
    from bunsui.session.failure import explain

    told = explain(execution.error, execution.cause or "")
    return told.error, told.message
