"""An approval: the job waits until a person says yes or no."""

from __future__ import annotations

import string
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bunsui.errors import DeclarationError
from bunsui.model.declaration import refuse
from bunsui.model.operation import A_YEAR
from bunsui.model.signature import Parameter, Signature
from bunsui.model.step import Step
from bunsui.runtime.decision import Decision

MESSAGE_LIMIT = 4_000
"""Characters of a message, so that what people read stays well below what a state may hold."""


def placeholders(message: str) -> list[tuple[str, str | None]]:
    """The message as pairs of text and the name that follows it.

    Raises:
        ValueError: a brace stands alone, or a placeholder is no plain name.
    """
    found = []
    for text, name, form, conversion in string.Formatter().parse(message):
        if name is not None and (not name.isidentifier() or form or conversion):
            raise ValueError(f"{{{name}}} is no plain name")
        found.append((text, name))
    return found


def _message(message: str) -> str:
    try:
        placeholders(message)
    except ValueError as wrong:
        raise refuse(
            f"message {message!r}: {wrong}", "write {name} for an input, and {{ for a brace", "BUN101"
        ) from None
    return message


def patterns(value: object) -> object:
    """One pattern means a list of it."""
    return (value,) if isinstance(value, str) else value


class Approval(Step):
    """Ask people, and wait for their answer: `Approval("pay", message="Pay {total} to {supplier}?", inputs={…})`.

    It results in a `Decision`. Who says no fails it with the error `Bunsui.Rejected`, unless `rejected="continue"`.

    Attributes:
        message: what people read; `{name}` stands for an input of that name, which is fed as an operation's is.
        approvers: ARN patterns (`arn:aws:sts::*:assumed-role/finance/*`) of who may answer; empty for everybody who may
            call `states:SendTaskSuccess`. The client checks them.
        timeout: seconds to wait for an answer.
        heartbeat: seconds within which who is to answer has to tell that they are at it (`states:SendTaskHeartbeat`),
            such as a ticket system; else it fails with `States.Timeout`. None where only people answer.
        on_timeout: `fail` with `States.Timeout`, or take it as `approve` or `reject`.
        rejected: `fail`, or `continue` with the decision as the result.
    """

    message: Annotated[str, Field(min_length=1, max_length=MESSAGE_LIMIT), AfterValidator(_message)]
    approvers: Annotated[tuple[str, ...], BeforeValidator(patterns)] = ()
    timeout: int = Field(default=7 * 86_400, ge=1, le=A_YEAR)
    heartbeat: int | None = Field(default=None, ge=1, le=A_YEAR)
    on_timeout: Literal["fail", "approve", "reject"] = "fail"
    rejected: Literal["fail", "continue"] = "fail"

    def __init__(self, name: str, /, message: str, **data: Any) -> None:
        super().__init__(name, message=message, **data)
        if self.heartbeat is not None and self.heartbeat >= self.timeout:
            raise DeclarationError(
                "BUN101",
                f"Approval {name!r}: heartbeat={self.heartbeat} is not shorter than timeout={self.timeout}",
                where=self.where,
                hint="a heartbeat is a part of the time that there is to answer",
            )
        if self.heartbeat is not None and self.on_timeout != "fail":
            raise DeclarationError(
                "BUN101",
                f"Approval {name!r}: heartbeat={self.heartbeat} and on_timeout={self.on_timeout!r}",
                where=self.where,
                hint="a missing heartbeat and missing answers are one error, which cannot be an answer",
            )

    @property
    def longest(self) -> int:
        """The timeout."""
        return self.timeout

    def signature(self) -> Signature:
        """The message's placeholders, and a decision."""
        names = dict.fromkeys(name for _, name in placeholders(self.message) if name is not None)
        return Signature(tuple(Parameter(name, Any, False) for name in names), Decision, self.where)
