"""What a service is asked, and the ways in which it can answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bunsui.interpreter.faults import Fault

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an integration.

    Attributes:
        integration: the key of `services`, such as `lambda:invoke`.
        resource: the Resource as the definition has it.
        arguments: Parameters or Arguments, evaluated.
        token: the task token of a `.waitForTaskToken` call or an activity.
        state: the name of the Task state.
        attempt: 0, or the number of the retry.
        time: seconds since 1970 on the clock of the execution.
        run: the execution that asks.
        earlier: the execution that this task had started before its state was redriven.
    """

    integration: str
    resource: str
    arguments: Any
    token: str | None
    state: str
    attempt: int
    time: float
    run: Run
    earlier: Run | None = None

    @property
    def execution(self) -> str:
        """The name of the execution that asks."""
        return self.run.name


@dataclass(frozen=True, slots=True)
class Took:
    """An answer that takes a while on the execution's clock.

    Attributes:
        seconds: how long.
        result: the answer.
        error: raised instead of answering.
    """

    seconds: float
    result: Any = None
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job was started, and its result comes later: what `.sync` integrations answer.

    Attributes:
        response: the answer to the start.
        answer: the result, a `Took`, or a future of the scheduler.
        run: the job, where it is an execution: it is stopped with the task, and redriven with it.
    """

    response: Any
    answer: Any
    run: Run | None = None


Handler = Callable[[Call], Any]
