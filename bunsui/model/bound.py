"""What binding makes of a step: where each of its values comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bunsui.model.binding_condition import BoundCondition
from bunsui.model.operation import Operation
from bunsui.model.references import FromOutput, FromParameter, Source, flat
from bunsui.model.step import Step


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A step in its pipeline.

    Attributes:
        operation: the declaration.
        job: name of its job.
        inputs: parameter -> source, in the order of the signature; parameters left to their default are absent.
        after: names of steps that come before it only by `>>`.
        parts: the steps within it, by what they are to it.
        refers: what is read inside the state machine, not handed to a function.
        when: what must hold for it to run.
        rules: what must hold for parts of it to run, by what they are to it.
    """

    operation: Step
    job: str
    inputs: Mapping[str, Source]
    after: tuple[str, ...] = ()
    parts: Mapping[str, Bound] = field(default_factory=dict)
    refers: tuple[FromOutput | FromParameter, ...] = ()
    when: BoundCondition | None = None
    rules: Mapping[str, BoundCondition] = field(default_factory=dict)

    @property
    def read(self) -> Iterator[FromOutput | FromParameter]:
        """Everything that the state machine itself reads for it, but not for the steps within it."""
        yield from self.refers
        for condition in (self.when, *self.rules.values()):
            if condition is not None:
                yield from condition.refers

    @property
    def sources(self) -> Iterator[Source]:
        """Everything that it and the steps within it take from elsewhere."""
        own = {part.operation.name for key in self.parts for part in self.parts[key].all}
        for source in self._sources:
            if not isinstance(source, FromOutput) or source.operation not in own:
                yield source

    @property
    def _sources(self) -> Iterator[Source]:
        yield from flat(self.inputs.values())
        yield from self.read
        for part in self.parts.values():
            yield from part.sources

    @property
    def feeds(self) -> frozenset[str]:
        """Names of the steps whose output it takes."""
        return frozenset(source.operation for source in self.sources if isinstance(source, FromOutput))

    @property
    def all(self) -> Iterator[Bound]:
        """It and the steps within it, outermost first."""
        yield self
        for part in self.parts.values():
            yield from part.all

    @property
    def needs(self) -> frozenset[str]:
        """Names of all steps that must have finished before it."""
        return self.feeds | frozenset(name for bound in self.all for name in bound.after)


class Unit(NamedTuple):
    """An operation with code to run, and how it is bound."""

    operation: Operation
    bound: Bound
