"""Handling a failure with an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, SkipValidation

from bunsui.model.declaration import refuse, show
from bunsui.model.on_error import HANDLER, OnError
from bunsui.model.operation import Operation
from bunsui.model.references import FromHere
from bunsui.model.types import bare
from bunsui.runtime.failure import Failure

FAILURE = "error"
"""The parameter that is told what went wrong, unless another one is annotated as `Failure`."""

FAILED = "failure"
"""What the job of a handler calls it in its input."""


def _operation(value: object) -> object:
    if not isinstance(value, Operation):
        raise refuse(f"{show(value)} is no operation", "write on_error=Handle(repair), an operation that is in no job")
    return value


class Handle(OnError):
    """Run an operation instead when it failed for good: `on_error=Handle(repair, on=[ValueError])`.

    The handler's result stands in for that of the step. Its parameters are fed as ever; one that is annotated `Failure`
    or named `error` is told what went wrong.

    Attributes:
        operation: the handler; it is in no job itself.
    """

    operation: Annotated[SkipValidation[Operation], BeforeValidator(_operation)]

    def __init__(self, operation: Any, **data: Any) -> None:
        super().__init__(operation=operation, **data)

    @property
    def steps(self) -> Mapping[str, Any]:
        """The handler."""
        return {HANDLER: self.operation}


def told(handler: Operation) -> dict[str, FromHere]:
    """The handler's parameters that are told what went wrong.

    Raises:
        DeclarationError: BUN105, BUN106.
    """
    names = [
        parameter.name
        for parameter in handler.signature().parameters
        if parameter.name == FAILURE or bare(parameter.annotation) is Failure
    ]
    return {name: FromHere(FAILURE, Failure) for name in names if name not in handler.inputs}
