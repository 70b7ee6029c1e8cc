"""What happens when a step failed for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bunsui.model.declaration import Declaration
from bunsui.model.retry import EVERY, ErrorNames

HANDLER = "on_error"
"""What a step that handles failures is called within the step that failed."""


class OnError(Declaration):
    """One way to go on after a failure.

    Attributes:
        on: as for `Retry`; all errors by default. What is not among them fails the job.
    """

    on: ErrorNames = (EVERY,)

    def __init__(self, /, **data: Any) -> None:
        super().__init__(**data)

    @property
    def steps(self) -> Mapping[str, Any]:
        """The step that handles the failure, by `HANDLER`, if one does."""
        return {}


class Fallback(OnError):
    """What an operation results in when it failed for good: `on_error=Fallback([], on=[ValueError])`.

    Attributes:
        value: any JSON value of the operation's return type.
    """

    value: Any = None

    def __init__(self, value: Any, **data: Any) -> None:
        super().__init__(value=value, **data)


class Skip(OnError):
    """Take it as skipped when it failed for good: `on_error=Skip(on=[ConnectionError])`."""
