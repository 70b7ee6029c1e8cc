"""Runs a pipeline's compiled state machines with the real functions, or with stubs for some of them."""

from __future__ import annotations

from collections import deque
from typing import Any

from bunsui.errors import UsageError
from bunsui.model.map import Map
from bunsui.model.pipeline import Pipeline
from bunsui.simulate.functions import Stub
from bunsui.simulate.memory import MemoryS3
from bunsui.simulate.stage import begin, compiled, filled
from bunsui.testing.run import PipelineRun
from bunsui.testing.started import Reply, Started

SESSION = "test-session"


class PipelineRunner:
    """A pipeline under test; its methods return it, so that they can be chained.

    Attributes:
        pipeline: the declaration.
        s3: the objects that functions read and write through `lake / "raw"`, and values that were spilled.
    """

    def __init__(self, pipeline: Pipeline, *, seed: int = 0) -> None:
        self.pipeline = pipeline
        self.s3 = MemoryS3()
        self._seed = seed
        self._stubs: dict[str, Stub] = {}
        self._replies: dict[str, deque[Reply]] = {}
        self._plan = compiled(pipeline)

    def stub(self, **results: Any) -> PipelineRunner:
        """Let operations result in these values instead of running: a value, an exception to raise, or a function.

        Raises:
            UsageError: BUN703 for a name that is no operation.
        """
        for operation, result in results.items():
            self._of(operation).result = result
        return self

    def fail(self, operation: str, error: BaseException, times: int | None = None) -> PipelineRunner:
        """Let an operation raise an error, the first `times` times or always.

        Raises:
            UsageError: BUN703 for a name that is no operation.
        """
        self._of(operation).errors = deque([error] * times) if times is not None else error
        return self

    def takes(self, **seconds: float) -> PipelineRunner:
        """Let operations take so long on the virtual clock.

        Raises:
            UsageError: BUN703 for a name that is no operation.
        """
        for operation, duration in seconds.items():
            self._of(operation).seconds = duration
        return self

    def answer(self, operation: str, *replies: Reply | str) -> PipelineRunner:
        """Let people answer what a step asks, each time with the next reply: `answer("pay", "approve")`.

        Raises:
            UsageError: BUN703 for a name that is no step.
        """
        self._check(operation)
        self._replies[operation] = deque(one if isinstance(one, Reply) else Reply(one) for one in replies)
        return self

    def put(self, resource: str, key: str, content: bytes) -> PipelineRunner:
        """Put an object into a bucket of the pipeline.

        Raises:
            UsageError: BUN703 for an id that is no resource of the pipeline.
        """
        self.s3.put_object(Bucket=self.bucket(resource), Key=key, Body=content)
        return self

    def bucket(self, resource: str) -> str:
        """The name that a bucket or table of the pipeline has in the test.

        Raises:
            UsageError: BUN703 for an id that is no resource of the pipeline.
        """
        for one in self.pipeline.resources:
            if one.id == resource:
                return str(filled(one.physical_name(self._plan.names)))
        known = ", ".join(one.id for one in self.pipeline.resources)
        raise UsageError(
            "BUN703", f"pipeline {self.pipeline.name!r} has no resource {resource!r}", hint=f"it has {known}"
        )

    def run(self, **parameters: Any) -> PipelineRun:
        """Run a session to its end.

        Raises:
            UsageError, BunsuiErrors: BUN405 for wrong parameters.
        """
        return self.start(**parameters).finish()

    def start(self, **parameters: Any) -> Started:
        """Start a session and run it until something takes time; see `Started`.

        Raises:
            UsageError, BunsuiErrors: BUN405 for wrong parameters.
        """
        from bunsui.session.parameters import resolve

        declared = self.pipeline.parameters
        given = resolve(
            {one.name: one.type for one in declared},
            values=parameters,
            defaults={one.name: one.default for one in declared if not one.required},
        )
        handle, world = begin(self._plan, given, self._stubs, self.s3, session=SESSION, seed=self._seed)
        steps = [bound.operation for outer in self.pipeline.operations.values() for bound in outer.all]
        mapped = {step.each.name for step in steps if isinstance(step, Map)}
        results = {step.name: step.result_type() for step in steps if step.name not in mapped}
        return Started(handle, world, results, self._replies)

    def _of(self, operation: str) -> Stub:
        self._check(operation)
        return self._stubs.setdefault(operation, Stub())

    def _check(self, operation: str) -> None:
        known = [bound.operation.name for outer in self.pipeline.operations.values() for bound in outer.all]
        if operation not in known:
            raise UsageError(
                "BUN703",
                f"pipeline {self.pipeline.name!r} has no operation {operation!r}",
                hint=f"it has {', '.join(known)}",
            )
