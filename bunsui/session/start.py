"""Starting a session: once, however often it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from bunsui.errors import AwsError, DeploymentError, UsageError
from bunsui.model.names import Names, execution_name
from bunsui.session.arns import Place, machine_of
from bunsui.session.ids import check_session_id, new_session_id, utc_now
from bunsui.session.model import Session, Status
from bunsui.session.reconcile import Reconciler
from bunsui.session.store import Store

if TYPE_CHECKING:
    from bunsui.aws import Aws

INPUT_LIMIT = 262_144
"""Bytes of an execution's input, and of the input of a task (AWS, Step Functions quotas)."""
RECORD = 2_048
"""Bytes of the first state's arguments without the parameters."""
FIRST_ATTEMPT = 1


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts sessions of one pipeline by way of a connection."""

    aws: Aws
    names: Names
    clock: Callable[[], datetime] = utc_now
    random: Random | None = None

    def start(self, parameters: Mapping[str, Any], id: str | None = None) -> Session:
        """Start a session, or find that it was started already with the same parameters.

        Args:
            parameters: name -> JSON value, as `parameters.resolve` gives them.
            id: of the session, so that the start can be repeated; a new one when None.

        Raises:
            UsageError: BUN405, the parameters are too large; BUN702, the id is not allowed or was used otherwise.
            DeploymentError: BUN605, the pipeline is not deployed.
        """
        session = check_session_id(id) if id is not None else new_session_id(self.clock, self.random)
        given = {"session": session, "attempt": FIRST_ATTEMPT, "parameters": dict(parameters)}
        check_size(given)
        place = Place.of(self.aws)
        recorded = Store(self.aws).session(session) if id is not None else None
        if recorded is not None:
            return self._same(recorded, place, parameters)
        return self._begin(place, session, given)

    def _begin(self, place: Place, session: str, given: Mapping[str, Any]) -> Session:
        """Start the execution, or find the one of that name and see that it is the same."""
        from bunsui.aws import ServiceError
        from bunsui.aws.stepfunctions import ExecutionExistsError, StepFunctions

        executions = StepFunctions(self.aws)
        name = execution_name(session, FIRST_ATTEMPT)
        try:
            arn = executions.start_execution(place.machine(self.names.machine), name, given)
        except ExecutionExistsError:
            arn = place.execution(self.names.machine, name)
        except ServiceError as error:
            raise _not_started(self.names.pipeline, error) from error
        detail = executions.describe_execution(arn)
        if detail and detail.input is not None and json.loads(detail.input) != given:
            raise _taken(session, "with other parameters")
        begun = Session(
            id=session,
            pipeline=self.names.pipeline,
            status=Status.RUNNING,
            attempt=FIRST_ATTEMPT,
            started=detail.started.astimezone(UTC) if detail else self.clock(),
            parameters=given["parameters"],
            execution=arn,
        )
        return begun if detail is None or detail.running else self._reconciler.session(begun)

    def _same(self, recorded: Session, place: Place, parameters: Mapping[str, Any]) -> Session:
        """The recorded session, if it is what is asked for.

        The execution's input is compared while AWS has it; JSONata rounded the record's numbers to 15 digits.
        """
        from bunsui.aws.stepfunctions import StepFunctions

        if recorded.execution and machine_of(recorded.execution) != self.names.machine:
            raise _taken(recorded.id, f"of the pipeline {recorded.pipeline!r}, or in another environment")
        first = place.execution(self.names.machine, execution_name(recorded.id, FIRST_ATTEMPT))
        detail = StepFunctions(self.aws).describe_execution(first)
        exact = json.loads(detail.input)["parameters"] if detail and detail.input else recorded.parameters
        if exact != dict(parameters):
            raise _taken(recorded.id, "with other parameters")
        return self._reconciler.session(recorded)

    @property
    def _reconciler(self) -> Reconciler:
        return Reconciler(self.aws, self.names.prefix, self.clock)


def check_size(given: Mapping[str, Any]) -> None:
    """Refuse what Step Functions would not take.

    The state machine records the parameters as a text, whose quotes are escaped in the arguments of its first state.

    Raises:
        UsageError: BUN405, more than 262,144 bytes as UTF-8 JSON.
    """
    size = max(_size(given), _size(_compact(given["parameters"])) + RECORD)
    if size > INPUT_LIMIT:
        raise UsageError(
            "BUN405",
            f"the parameters are too large: {size:,} bytes of JSON; Step Functions takes {INPUT_LIMIT:,}",
            hint="put the data into a bucket and give its key",
        )


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _size(value: Any) -> int:
    return len(_compact(value).encode())


def _taken(session: str, how: str) -> UsageError:
    return UsageError(
        "BUN702", f"the id {session!r} belongs to a session that was started {how}", hint="give another id, or none"
    )


def _not_started(pipeline: str, error: AwsError) -> AwsError | DeploymentError:
    if getattr(error, "aws_code", "") in ("StateMachineDoesNotExist", "StateMachineDeleting"):
        return DeploymentError(
            "BUN605", f"the pipeline {pipeline!r} is not deployed here", hint=f"run `bunsui deploy {pipeline}`"
        )
    return error
