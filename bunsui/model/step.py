"""A step: whatever may stand in a job, fed by name and with a result of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from bunsui.model.condition import Condition, Reference, condition_of
from bunsui.model.declaration import Identifier, refuse, show
from bunsui.model.on_error import OnError
from bunsui.model.order import Ordered
from bunsui.model.references import Output

if TYPE_CHECKING:
    from bunsui.model.pipeline import Pipeline
    from bunsui.model.resource import Access
    from bunsui.model.signature import Signature


WAYS = "write on_error=Skip(), Fallback(value), Handle(operation) or Ask()"


def _way(value: object) -> object:
    if value is not None and not isinstance(value, OnError):
        raise refuse(f"on_error={show(value)} is no way to go on", WAYS)
    return value


def condition_field(value: object) -> object:
    """What `when=` takes: a condition, or a reference to something that is true or false."""
    if value is None or isinstance(value, Condition | Reference):
        return None if value is None else condition_of(value)
    raise refuse(f"when={show(value)} is no condition", "write when=row_count.output > 0")


When = Annotated[Condition | None, BeforeValidator(condition_field)]


class Step(Ordered):
    """What operations, maps, choices, approvals and the like have in common.

    Attributes:
        name: unique in its pipeline; other steps' parameters refer to it.
        inputs: parameter -> constant, `Parameter`, step, `step.output` or a field of it, or a list of these;
            parameters that are not listed are fed by name.
        on_error: what happens when it failed for good; by default the job fails.
        description: for people.
    """

    name: Identifier
    inputs: dict[str, Any] = Field(default={})
    when: When = None
    on_error: Annotated[OnError | None, BeforeValidator(_way)] = None
    description: str = ""

    def __init__(self, name: str, /, **data: Any) -> None:
        super().__init__(name=name, **data)

    @property
    def output(self) -> Output:
        """Its result, to be fed to an input."""
        return Output(self)

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps within it, by what they are to it: they are no nodes of the job's graph."""
        return {}

    @property
    def accesses(self) -> tuple[Access, ...]:
        """The resources and parts of resources that it reads or writes itself."""
        return ()

    @property
    def nests(self) -> Pipeline | None:
        """The pipeline that it runs."""
        return None

    @property
    def maybe_nothing(self) -> bool:
        """Whether it may have no result although it runs."""
        return False

    @property
    def title(self) -> str:
        """How messages call what makes the result."""
        return self.name

    @property
    def shares(self) -> int:
        """How much room its result has where many meet, in units of an operation's."""
        return 1

    @property
    def rounds(self) -> int:
        """How often its states are gone through at most: for the items of a map, in the rounds of a loop."""
        return 1

    @property
    def longest(self) -> int:
        """Seconds that it can take at most, with every retry."""
        raise NotImplementedError

    @abstractmethod
    def signature(self) -> Signature:
        """What it takes and gives.

        Raises:
            DeclarationError: BUN105, BUN106.
        """

    def result_type(self) -> Any:
        """The type of the result."""
        return self.signature().returns


def within(step: Step) -> list[Step]:
    """The step and all steps in it, outermost first."""
    found = [step]
    for inner in (*step.steps.values(), *(step.on_error.steps.values() if step.on_error is not None else ())):
        found += within(inner)
    return found


def handlers(step: Step) -> list[Step]:
    """The steps that can run because others failed: its own handler, that of the handler, and those of steps in it."""
    found = list(step.on_error.steps.values()) if step.on_error is not None else []
    return found + [handler for inner in (*step.steps.values(), *found) for handler in handlers(inner)]
