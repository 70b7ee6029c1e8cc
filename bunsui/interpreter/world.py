"""What executions share: time, chance, services, task tokens and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from bunsui.interpreter.faults import Fault, TaskFailed
from bunsui.interpreter.history import MOST
from bunsui.interpreter.jsonata_functions import Ambient, unique_id
from bunsui.interpreter.scheduler import Clock, Future, RealClock, Scheduler, VirtualClock

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run

CLOCKS: Mapping[str, Callable[[], Clock]] = {"virtual": VirtualClock, "real": RealClock}
ACCOUNT = "123456789012"
REGION = "us-east-1"
YEAR = 31_536_000.0
EXPRESS_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas.

    Attributes:
        steps: how many states one line may enter, retries included, so that a machine that goes round in circles ends
            even where its events are not counted.
        history_events: the most events of a STANDARD execution: at the last one it fails, unless that is its success.
            None leaves it open, so that a large inline Map can be tried out.
        inline_concurrency: how many iterations of an inline Map run at a time when MaxConcurrency is 0.
        distributed_concurrency: the same for a Distributed Map.
    """

    steps: int = 12_500
    history_events: int | None = MOST
    inline_concurrency: int = 40
    distributed_concurrency: int = 10_000


NO_LIMITS = Limits()


class InvalidToken(TaskFailed):
    """No task ever had this token."""

    def __init__(self) -> None:
        super().__init__("Sfn.InvalidTokenException", "Invalid Token: 'Invalid token'")


class TaskClosed(TaskFailed):
    """The task of this token has been answered, has timed out, or was given up."""

    def __init__(self) -> None:
        super().__init__("Sfn.TaskTimedOutException", "Task Timed Out: 'Provided task does not exist anymore'")


@dataclass(slots=True)
class OpenTask:
    """A task that waits for its token."""

    answer: Future
    beat: Callable[[], None]


@dataclass(slots=True)
class World:
    """One simulation. Nested executions run in the world of their parent."""

    scheduler: Scheduler
    services: Mapping[str, Any]
    random: Random
    ambient: Ambient
    limits: Limits = NO_LIMITS
    account: str = ACCOUNT
    region: str = REGION
    tokens: dict[str, OpenTask] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    runs: dict[str, Run] = field(default_factory=dict)
    failure: BaseException | None = None

    def identifier(self) -> str:
        """A UUID that the seed decides."""
        return unique_id(self.ambient)

    def token(self, task: OpenTask) -> str:
        """A new task token."""
        token = f"AQCIAAAAKgAAAAMAAAAAAAAAA{self.random.getrandbits(320):080x}="
        self.tokens[token] = task
        return token

    def close_token(self, token: str) -> None:
        """The task of a token has ended."""
        self.tokens.pop(token, None)
        self.closed.add(token)

    def open_task(self, token: Any) -> OpenTask:
        """The task that waits for a token.

        Raises:
            InvalidToken: there never was such a task.
            TaskClosed: it has ended.
        """
        task = self.tokens.get(token) if isinstance(token, str) else None
        if task is not None and not task.answer.done:
            return task
        raise TaskClosed if task is not None or token in self.closed else InvalidToken

    def send_success(self, token: Any, output: Any) -> None:
        """SendTaskSuccess, with the output as a value."""
        self.open_task(token).answer.resolve(output)

    def send_failure(self, token: Any, error: str | None, cause: str | None) -> None:
        """SendTaskFailure."""
        self.open_task(token).answer.fail(Fault(error, cause))

    def send_heartbeat(self, token: Any) -> None:
        """SendTaskHeartbeat."""
        self.open_task(token).beat()


def new_world(
    services: Mapping[str, Any],
    clock: str | Clock,
    seed: int,
    limits: Limits,
    region: str = REGION,
    account: str = ACCOUNT,
) -> World:
    """A world of its own."""
    random = Random(seed)  # noqa: S311
    source = CLOCKS[clock]() if isinstance(clock, str) else clock
    scheduler = Scheduler(source, seed)
    ambient = Ambient(lambda: int(scheduler.now * 1000), random)
    return World(scheduler, services, random, ambient, limits, account, region)
