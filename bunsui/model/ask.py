"""Asking a person what to do about a failure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from bunsui.model.approval import MESSAGE_LIMIT, patterns
from bunsui.model.choice import Choice
from bunsui.model.on_error import OnError
from bunsui.model.operation import A_YEAR
from bunsui.model.step import Step

RETRIES = 10
"""How often people may let one step run again in an attempt."""


class Ask(OnError):
    """Let a person decide when it failed for good: `on_error=Ask(on=[ConnectionError])`.

    `bunsui answer SESSION retry` runs the step again, `skip` takes it as skipped, `fail` fails the job with the error
    that it had; as silence does.

    Attributes:
        message: put before what went wrong.
        approvers: ARN patterns of who may answer; empty for everybody who may call `states:SendTaskSuccess`.
        timeout: seconds to wait for an answer.
    """

    message: str = Field(default="", max_length=MESSAGE_LIMIT)
    approvers: Annotated[tuple[str, ...], BeforeValidator(patterns)] = ()
    timeout: int = Field(default=7 * 86_400, ge=1, le=A_YEAR)


def waiting(step: Step) -> int:
    """Seconds that answers for a step and those within it may take, with what is run again for them."""
    way = step.on_error
    own = (RETRIES + 1) * way.timeout + RETRIES * step.longest if isinstance(way, Ask) else 0
    inner = sum(waiting(one) for one in step.steps.values())
    return min(A_YEAR, own + (inner if isinstance(step, Choice) or not inner else A_YEAR))
