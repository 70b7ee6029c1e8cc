"""What came of a pipeline under test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.interpreter import Execution
from bunsui.simulate.functions import Invocation


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A finished session of a pipeline under test.

    Attributes:
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        error: class of the error that ended it; empty when it succeeded.
        message: what the error said.
        outputs: operation -> result, as its annotation reads it; of those that finished.
        skipped: operation -> why it did not run.
        invocations: every call of a function, in the order of their starts.
        jobs: job -> status, of those that started.
        duration: seconds on the virtual clock.
        session, job_runs: what the state machines recorded, as DynamoDB items without type tags.
        nested: the same of the sessions of nested pipelines.
        execution: of the pipeline's state machine; `nested` has those of the jobs.
    """

    status: str
    error: str
    message: str
    outputs: Mapping[str, Any]
    skipped: Mapping[str, str]
    invocations: tuple[Invocation, ...]
    jobs: Mapping[str, str]
    duration: float
    session: Mapping[str, Any]
    job_runs: tuple[Mapping[str, Any], ...]
    nested: tuple[Mapping[str, Any], ...]
    execution: Execution

    @property
    def succeeded(self) -> bool:
        """Whether everything went well."""
        return self.status == "SUCCEEDED"

    @property
    def order(self) -> list[str]:
        """Operations in the order of their first start."""
        return list(dict.fromkeys(invocation.operation for invocation in self.invocations))

    def tries(self, operation: str) -> int:
        """How often the operation's function was called."""
        return sum(invocation.operation == operation for invocation in self.invocations)
