"""A nested pipeline: a pipeline as a step of another one, run as a session of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Optional, TypedDict

from pydantic import BeforeValidator, Field, PrivateAttr, SkipValidation

from bunsui.model.declaration import refuse, show
from bunsui.model.operation import A_YEAR, TRANSIENT_DELAYS
from bunsui.model.pipeline import Pipeline
from bunsui.model.retry import EVERY, Retry
from bunsui.model.signature import Parameter, Signature
from bunsui.model.step import Step, within
from bunsui.model.titles import title

FAILURES = (EVERY, "States.TaskFailed", "States.Timeout")
"""Errors of the state that runs another machine, whatever that one failed with (AWS Step Functions developer guide,
"connect-stepfunctions")."""


_TypedDict: Any = TypedDict
"""Made at run time, of names that no type checker knows."""


def _pipeline(value: object) -> object:
    if not isinstance(value, Pipeline):
        raise refuse(f"{show(value)} is no pipeline", "write Nested('billing', billing), with a Pipeline")
    return value


def _retry(value: object) -> object:
    if isinstance(value, Retry) and not set(value.on) <= set(FAILURES):
        raise refuse(
            f"retry on={list(value.on)}: a pipeline is retried whatever it failed with, or not at all",
            "leave on= away, or retry the operation in it that fails",
        )
    return value


class Nested(Step):
    """A pipeline as a step: `Nested("billed", billing, inputs={"customer": found.output.id})`.

    It runs as a session of its own. Its parameters are fed as an operation's are, and each may have 1,024 bytes of
    JSON. It results in what the pipeline's only result is, or in an object of its results by operation.

    Attributes:
        pipeline: what it runs.
        retry: runs it again as a whole, each time in another session; on every failure.
        timeout: seconds after which it is given up; by default what the pipeline can take at most.
        deployed: `apart` from the pipeline that it is in, which then needs it to be there; or `together` with it.
    """

    pipeline: Annotated[SkipValidation[Pipeline], BeforeValidator(_pipeline)]
    retry: Annotated[Retry | None, BeforeValidator(_retry)] = None
    timeout: int | None = Field(default=None, ge=1, le=A_YEAR)
    deployed: Literal["apart", "together"] = "apart"

    _results: Mapping[str, Any] = PrivateAttr()
    _maybe_nothing: bool = PrivateAttr()

    def __init__(self, name: str, pipeline: Any, /, **data: Any) -> None:
        super().__init__(name, pipeline=pipeline, **data)
        skipped = self.pipeline.missing()
        found = {one: bound.operation.result_type() for one, bound in self.pipeline.results.items()}
        self._results = {one: Optional[kind] if one in skipped else kind for one, kind in found.items()}  # noqa: UP045
        self._maybe_nothing = len(found) == 1 and not skipped.isdisjoint(found)

    @property
    def nests(self) -> Pipeline:
        """The pipeline."""
        return self.pipeline

    @property
    def results(self) -> Mapping[str, Any]:
        """The results of the pipeline, by operation, and their types; None is one of them where it may be skipped."""
        return self._results

    @property
    def alone(self) -> str | None:
        """The operation whose result is its own; None where it has several."""
        return next(iter(self._results)) if len(self._results) == 1 else None

    @property
    def maybe_nothing(self) -> bool:
        """Whether the pipeline's only result may be skipped."""
        return self._maybe_nothing

    @property
    def shares(self) -> int:
        """Those of all its results."""
        return sum(bound.operation.shares for bound in self.pipeline.results.values())

    @property
    def once(self) -> int:
        """Seconds that one session can take."""
        return self.timeout or self.pipeline.longest

    @property
    def longest(self) -> int:
        """Every session's time, and the delays between them."""
        attempts, delays = (self.retry.attempts, self.retry.delays) if self.retry is not None else (1, 0.0)
        return int(min(A_YEAR, attempts * self.once + delays + TRANSIENT_DELAYS))

    def signature(self) -> Signature:
        """The pipeline's parameters, and its results."""
        taken = tuple(Parameter(one.name, one.type, not one.required) for one in self.pipeline.parameters)
        return Signature(taken, self._returns(), self.where)

    def _returns(self) -> Any:
        if self.alone is not None:
            return self.pipeline.results[self.alone].operation.result_type()
        return _TypedDict(title(self.pipeline.name, "Results"), dict(self._results))


def nested(pipeline: Pipeline) -> Iterator[Nested]:
    """The steps of a pipeline that run other pipelines; not those of the other pipelines."""
    for job in pipeline.jobs:
        for outer in job.operations:
            yield from (step for step in within(outer) if isinstance(step, Nested))


def inner_first(pipeline: Pipeline, *, together: bool = False) -> dict[str, Pipeline]:
    """The pipelines nested in a pipeline and in those, by name, each behind those nested in it.

    Args:
        pipeline: what they are nested in.
        together: only those that are deployed together with it.
    """
    found: dict[str, Pipeline] = {}
    for step in nested(pipeline):
        if step.deployed == "together" or not together:
            found |= inner_first(step.pipeline, together=together)
            found[step.pipeline.name] = step.pipeline
    return found
