"""A repetition: an operation runs again and again, with what it returned before, until a condition holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SkipValidation

from bunsui.model.condition import Condition, Reference, condition_of
from bunsui.model.declaration import refuse, show
from bunsui.model.operation import A_YEAR, Operation
from bunsui.model.references import Output, parts
from bunsui.model.signature import Parameter, Signature
from bunsui.model.step import Step

MOST_ROUNDS = 500
"""How often a repetition may run: a round without retries is some 15 of the 25,000 events of an execution's history."""

EACH, UNTIL = "each", "until"
"""What the operation and the condition are to the repetition."""


def _operation(value: object) -> object:
    if not isinstance(value, Operation):
        raise refuse(f"{show(value)} is no operation", "decorate the function with @operation(runs=Lambda())")
    if value.when is not None:
        raise refuse(f"{show(value)} has a condition of its own", "give when= to the Repeat")
    return value


def _until(value: object) -> object:
    if not isinstance(value, Condition | Reference):
        raise refuse(f"until={show(value)} is no condition", "write until=fetch.output.next == None")
    return condition_of(value)


def _carry(value: object) -> object:
    if not isinstance(value, Mapping):
        raise refuse(f"carry={show(value)} is no mapping", "write carry={'cursor': fetch.output.next}")
    return {name: given.output if isinstance(given, Step) else given for name, given in value.items()}


class Repeat(Step):
    """Run an operation until a condition on its result holds: pages, polls, anything that goes on from where it was.

        Repeat("pages", fetch, carry={"cursor": fetch.output.next}, inputs={"cursor": None},
               until=fetch.output.next == None, at_most=50)

    It results in what the last round returned. When the condition does not hold after the last round that is allowed,
    it fails with `Bunsui.NotDone`.

    Attributes:
        each: the operation, which is in no job itself; its parameters are fed as ever.
        until: a condition on the operation's result; may also refer to other results and parameters.
        carry: parameter -> the operation's result or a field of it, from the round before.
        inputs: what these parameters are in the first round; fed by name where it is not said.
        at_most: rounds.
        pause: seconds between two rounds.
    """

    each: Annotated[SkipValidation[Operation], BeforeValidator(_operation)]
    until: Annotated[SkipValidation[Condition], BeforeValidator(_until)]
    carry: Annotated[SkipValidation[dict[str, Output]], BeforeValidator(_carry)] = Field(default={})
    at_most: int = Field(default=100, ge=1, le=MOST_ROUNDS)
    pause: int = Field(default=0, ge=0, le=86_400)

    def __init__(self, name: str, each: Any, /, **data: Any) -> None:
        super().__init__(name, each=each, **data)

    @property
    def steps(self) -> Mapping[str, Step]:
        """The operation."""
        return {EACH: self.each}

    @property
    def carried(self) -> Mapping[str, tuple[Any, tuple[str, ...]]]:
        """Parameter -> step and path that it is carried from."""
        return {name: parts(given) for name, given in self.carry.items()}

    @property
    def rounds(self) -> int:
        """As often as its bound says."""
        return self.at_most

    @property
    def longest(self) -> int:
        """Every round, and the pauses between them."""
        return min(A_YEAR, self.at_most * (self.each.longest + self.pause))

    def signature(self) -> Signature:
        """It takes what the carried parameters are at first, and gives what the operation gives."""
        own = {one.name: one for one in self.each.signature().parameters}
        taken = tuple(Parameter(name, own[name].annotation, False) for name in self.carry if name in own)
        return Signature(taken, self.each.result_type(), self.where)
