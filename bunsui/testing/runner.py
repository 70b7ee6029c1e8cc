"""Runs a pipeline's compiled state machines with the real functions, or with stubs for some of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Any

from bunsui.errors import UsageError
from bunsui.model.map import Map
from bunsui.model.names import Names
from bunsui.model.nested import inner_first
from bunsui.model.pipeline import Pipeline
from bunsui.simulate.functions import Stub, limit_of
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
        self._family = (pipeline, *inner_first(pipeline).values())
        self._steps = {
            self._known_as(one, bound.operation.name): bound.operation
            for one in self._family
            for outer in one.operations.values()
            for bound in outer.all
        }

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
        """Let people answer what a step or job asks, each time with the next reply: `answer("pay", "approve")`.

        Raises:
            UsageError: BUN703 for a name that is no step and no job.
        """
        jobs = [self._known_as(one, job.name) for one in self._family for job in one.jobs]
        known = self._found(operation, [*self._steps, *jobs], "operation")
        self._replies[known] = deque(one if isinstance(one, Reply) else Reply(one) for one in replies)
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
        known = {self._known_as(one, found.id): (one, found) for one in self._family for found in one.resources}
        pipeline, found = known[self._found(resource, known, "resource")]
        return str(filled(found.physical_name(Names(pipeline.name))))

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
        mapped = {step.each.name for step in self._steps.values() if isinstance(step, Map)}
        results = {name: step.result_type() for name, step in self._steps.items() if step.name not in mapped}
        return Started(handle, world, results, self._replies)

    def _of(self, operation: str) -> Stub:
        known = self._found(operation, self._steps, "operation")
        return self._stubs.setdefault(known, Stub(limit=limit_of(self._steps[known])))

    def _known_as(self, pipeline: Pipeline, name: str) -> str:
        return name if pipeline is self.pipeline else f"{pipeline.name}.{name}"

    def _found(self, name: str, known: Collection[str], kind: str) -> str:
        """What is meant by a name: of the pipeline itself, or of the only nested one that has it."""
        of_nested = [one for one in known if one.endswith(f".{name}")]
        if name in known or len(of_nested) == 1:
            return name if name in known else of_nested[0]
        message = f"pipeline {self.pipeline.name!r} has no {kind} {name!r}"
        if of_nested:
            message = f"more than one pipeline nested in {self.pipeline.name!r} has the {kind} {name!r}"
        raise UsageError("BUN703", message, hint=f"it has {', '.join(of_nested or known)}")
