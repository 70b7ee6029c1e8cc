"""A choice: one of several steps runs, the first whose condition holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Union

from pydantic import BeforeValidator, SkipValidation

from bunsui.model.condition import Condition, Reference, condition_of
from bunsui.model.declaration import refuse, show
from bunsui.model.signature import Signature
from bunsui.model.step import Step

OTHERWISE = "otherwise"
"""What the alternative is called that runs when no condition holds."""


def _alternatives(value: object) -> object:
    assert isinstance(value, tuple)
    if not value:
        raise refuse("it has nothing to choose from", "write Choice('checked', (split.output.rows > 9, check_all), …)")
    return tuple(_alternative(one) for one in value)


def _alternative(value: object) -> tuple[Condition, Step]:
    hint = "give pairs of a condition and a step: (split.output.rows > 9, check_all)"
    if not isinstance(value, tuple) or len(value) != 2:
        raise refuse(f"{show(value)} is no alternative", hint)
    condition, step = value
    if not isinstance(condition, Condition | Reference):
        raise refuse(f"{show(condition)} is no condition", hint)
    return condition_of(condition), _step(step)


def _step(value: object) -> Step:
    if not isinstance(value, Step):
        raise refuse(f"{show(value)} is no step", "give an operation, a map, or another step that is in no job itself")
    if value.when is not None:
        raise refuse(f"{show(value)} has a condition of its own", "put it into the condition of the alternative")
    return value


def _otherwise(value: object) -> object:
    return None if value is None else _step(value)


class Choice(Step):
    """One of several steps: `Choice("checked", (split.output.rows > 9, check_all), otherwise=check_some)`.

    Its result is that of the step that ran, the first whose condition holds. Where none does it is skipped.

    Attributes:
        alternatives: conditions and steps, which are in no job themselves; their parameters are fed as ever.
        otherwise: runs when no condition holds.
    """

    alternatives: Annotated[SkipValidation[tuple[tuple[Condition, Step], ...]], BeforeValidator(_alternatives)]
    otherwise: Annotated[SkipValidation[Step | None], BeforeValidator(_otherwise)] = None

    def __init__(self, name: str, /, *alternatives: Any, **data: Any) -> None:
        super().__init__(name, alternatives=alternatives, **data)

    @property
    def steps(self) -> Mapping[str, Step]:
        """The alternatives by their place, from 0, and `otherwise`."""
        found = {str(place): step for place, (_, step) in enumerate(self.alternatives)}
        return found if self.otherwise is None else {**found, OTHERWISE: self.otherwise}

    @property
    def maybe_nothing(self) -> bool:
        """Whether no condition may hold."""
        return self.otherwise is None

    @property
    def longest(self) -> int:
        """What its longest alternative can take."""
        return max(step.longest for step in self.steps.values())

    def signature(self) -> Signature:
        """It takes nothing itself, and gives what any of its alternatives gives."""
        results = tuple(step.result_type() for step in self.steps.values())
        return Signature((), Union[results], self.where)  # noqa: UP007 - built at run time
