"""Executions below that of a job or session: those of the segments that its state machine was cut into.

The state that runs a segment is named after its number, and the execution has the name of the one around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bunsui.model.names import segment_number
from bunsui.session.arns import Place, names_of

if TYPE_CHECKING:
    from bunsui.session.history import Event
    from bunsui.session.model import Session


def segment_executions(
    session: Session, job: str | None, execution: str, events: Iterable[Event], prefix: str = ""
) -> Iterator[str]:
    """ARNs of the executions of the segments that an execution has begun.

    Args:
        session: whose execution it is.
        job: whose, or None for the session's own.
        execution: ARN of the one around them, which may be a segment's as well.
        events: its history.
        prefix: the environment's.
    """
    names, place = names_of(session, prefix), Place.of_arn(execution)
    entered = (str(event.details.get("name", "")) for event in events if event.type == "TaskStateEntered")
    for number in dict.fromkeys(segment_number(name) for name in entered):
        if number is not None:
            cut = names._replace(segment=number)
            yield place.execution(cut.machine if job is None else cut.job(job), execution.rpartition(":")[2])
