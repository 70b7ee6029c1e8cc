"""Running definitions: `execute` to the end, `start` to stay in control."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bunsui.interpreter.definition import Machine
from bunsui.interpreter.history import Event
from bunsui.interpreter.jsonvalue import to_json
from bunsui.interpreter.map_run import MapRun
from bunsui.interpreter.parsing import parse
from bunsui.interpreter.run import Run
from bunsui.interpreter.scheduler import Clock
from bunsui.interpreter.services.registry import registry
from bunsui.interpreter.world import ACCOUNT, NO_LIMITS, REGION, Limits, new_world

NO_INPUT: Any = object()
"""Stands for the empty object; None is JSON's null."""

DEFAULT_MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:StateMachine"
DEFAULT_ROLE = "arn:aws:iam::123456789012:role/interpreter"


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution that has ended, or how it stands.

    Attributes:
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        output: the output as a value, when it succeeded.
        error: the error name, when it failed with one.
        cause: the cause, when there is one.
        transitions: how many states were entered.
        started: when, on the execution's clock.
        stopped: when, or None while it runs.
    """

    name: str
    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None
    transitions: int
    started: datetime
    stopped: datetime | None
    map_runs: tuple[MapRun, ...]
    _run: Run

    @property
    def history(self) -> list[Event]:
        """The events, in the shape of GetExecutionHistory."""
        return self._run.history.render()

    @property
    def event_types(self) -> list[str]:
        """The types of the events, in order."""
        return self._run.history.types()

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return (self._run.stopped or self._run.world.scheduler.now) - self._run.started

    @property
    def nested(self) -> tuple[Execution, ...]:
        """The executions that this one started, in order."""
        return tuple(snapshot(run) for run in self._run.world.runs.values() if run is not self._run)


def snapshot(run: Run) -> Execution:
    """An execution as it stands."""
    return Execution(
        name=run.name,
        arn=run.arn,
        status=run.status,
        output=run.output,
        error=run.error,
        cause=run.cause,
        transitions=run.transitions,
        started=datetime.fromtimestamp(run.started, UTC),
        stopped=None if run.stopped is None else datetime.fromtimestamp(run.stopped, UTC),
        map_runs=tuple(run.map_runs),
        _run=run,
    )


class Handle:
    """A started execution. On a virtual clock time passes only when told to."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._world = run.world

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return self._run.status

    @property
    def execution(self) -> Execution:
        """How it stands."""
        return snapshot(self._run)

    @property
    def now(self) -> float:
        """Seconds since 1970 on the execution's clock."""
        return self._world.scheduler.now

    @property
    def map_runs(self) -> tuple[MapRun, ...]:
        """The Map Runs, in the order in which they started."""
        return tuple(self._run.map_runs)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The task tokens that wait for an answer."""
        return tuple(token for token, task in self._world.tokens.items() if not task.answer.done)

    def settle(self) -> Handle:
        """Do all that can be done without time passing."""
        return self.advance(0)

    def advance(self, seconds: float) -> Handle:
        """Let time pass."""
        with guarded_world(self._run):
            self._world.scheduler.run(lambda: False, until=self._world.scheduler.now + seconds)
        return self

    def wait(self, until: Callable[[], bool] = lambda: False) -> Execution:
        """Run to the end, or until something is so."""
        with guarded_world(self._run):
            self._world.scheduler.run(lambda: self._run.over or self._world.failure is not None or until())
        return self.execution

    def send_task_success(self, token: str, output: Any) -> Handle:
        """Answer a task token; the output is a value.

        Raises:
            TaskFailed: nobody waits for the token.
        """
        self._world.send_success(token, to_json(output))
        return self.settle()

    def send_task_failure(self, token: str, error: str | None = None, cause: str | None = None) -> Handle:
        """Fail the task that waits for a token.

        Raises:
            TaskFailed: nobody waits for the token.
        """
        self._world.send_failure(token, error, cause)
        return self.settle()

    def send_task_heartbeat(self, token: str) -> Handle:
        """Tell that the task behind a token is alive.

        Raises:
            TaskFailed: nobody waits for the token.
        """
        self._world.send_heartbeat(token)
        return self

    def stop(self, error: str | None = None, cause: str | None = None) -> Execution:
        """StopExecution."""
        self._run.stop(error, cause)
        return self.execution

    def redrive(self) -> Handle:
        """RedriveExecution: go on from the failed states.

        Raises:
            NotRedrivable: the execution has not failed.
        """
        self._run.redrive()
        return self.settle()


@contextmanager
def guarded_world(run: Run) -> Iterator[None]:
    """Errors that are no States errors, such as a missing service, surface where the world was set going."""
    yield
    failure, run.world.failure = run.world.failure, None
    if failure is not None:
        raise failure


def start(
    definition: Any,
    input: Any = NO_INPUT,
    *,
    services: Mapping[str, Any] | None = None,
    clock: str | Clock = "virtual",
    workflow_type: str = "STANDARD",
    name: str | None = None,
    role_arn: str | None = None,
    seed: int = 0,
    limits: Limits = NO_LIMITS,
    state_machine_arn: str = DEFAULT_MACHINE,
) -> Handle:
    """Start an execution and run it until it has to wait.

    Args:
        definition: ASL as JSON text, as an object, or a `Machine` that `parse` made of it.
        input: the input as a value; an empty object where none is given.
        services: what Tasks call; see `bunsui.interpreter.services`.
        clock: `virtual`, `real`, or a clock.
        workflow_type: STANDARD or EXPRESS.
        name: the name of the execution; a UUID by default.
        role_arn: shown in the context object and the history.
        seed: decides everything that is left to chance; other than 0 it also shuffles simultaneous events.
        limits: quotas.
        state_machine_arn: names the machine, and gives executions their region and account.

    Raises:
        InvalidDefinition: AWS would refuse the definition.
    """
    machine = definition if isinstance(definition, Machine) else parse(definition, workflow_type)
    region, account = (*state_machine_arn.split(":"), REGION, ACCOUNT)[3:5]
    world = new_world(registry(services), clock, seed, limits, region, account)
    run = Run(
        world,
        machine,
        {} if input is NO_INPUT else input,
        name=name or world.identifier(),
        machine_arn=state_machine_arn,
        role=role_arn or DEFAULT_ROLE,
        express=workflow_type == "EXPRESS",
    )
    run.start()
    return Handle(run).settle()


def execute(
    definition: Any,
    input: Any = NO_INPUT,
    *,
    services: Mapping[str, Any] | None = None,
    clock: str | Clock = "virtual",
    workflow_type: str = "STANDARD",
    name: str | None = None,
    role_arn: str | None = None,
    seed: int = 0,
    limits: Limits = NO_LIMITS,
    state_machine_arn: str = DEFAULT_MACHINE,
) -> Execution:
    """Run a definition to its end; the parameters are those of `start`.

    Raises:
        InvalidDefinition: AWS would refuse the definition.
        BunsuiError: a Task calls an integration that `services` does not have.
    """
    return start(
        definition,
        input,
        services=services,
        clock=clock,
        workflow_type=workflow_type,
        name=name,
        role_arn=role_arn,
        seed=seed,
        limits=limits,
        state_machine_arn=state_machine_arn,
    ).wait()
