"""ARNs of state machines and executions: known from names, so that nothing has to be listed to be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bunsui.model.names import Names, execution_name
from bunsui.session.model import JobRun, Session

if TYPE_CHECKING:
    from bunsui.aws import Aws


@dataclass(frozen=True, slots=True)
class Place:
    """An account in a region of a partition such as `aws`."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, aws: Aws) -> Place:
        """Where a connection leads; asks STS."""
        from bunsui.aws.sts import Sts

        identity = Sts(aws).identity()
        return cls(identity.partition, aws.region_name(), identity.account)

    @classmethod
    def of_arn(cls, arn: str) -> Place:
        """Where the thing with that ARN is."""
        _, partition, _, region, account, *_ = arn.split(":")
        return cls(partition, region, account)

    def machine(self, name: str) -> str:
        """ARN of a state machine."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{name}"

    def execution(self, machine: str, name: str) -> str:
        """ARN of an execution of the state machine of that name."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:execution:{machine}:{name}"


def machine_of(execution: str) -> str:
    """Name of the state machine that an execution's ARN tells."""
    parts = execution.split(":")
    return parts[6] if len(parts) > 7 else ""


def names_of(session: Session, prefix: str = "") -> Names:
    """The names of the session's pipeline; the execution tells the environment's prefix better than the caller."""
    machine = machine_of(session.execution)
    told = machine.removesuffix(session.pipeline) if machine.endswith(session.pipeline) else prefix
    return Names(session.pipeline, told)


def job_execution(session: Session, run: JobRun, prefix: str = "") -> str:
    """ARN of a job run's execution, also when the record does not tell it yet; empty when nothing tells it."""
    if run.execution or not session.execution:
        return run.execution
    names = names_of(session, prefix)
    name = execution_name(session.id, run.attempt, run.job)
    return Place.of_arn(session.execution).execution(names.job(run.job), name)
