"""The protocol that every target speaks: where an operation runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from bunsui.model.calls import Call, Why
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.resource import Access

Json = Any
State = dict[str, Any]


class Code(NamedTuple):
    """The code that a worker runs: `module:function`, and the digest of the asset that holds it."""

    handler: str
    asset: str


class Work(NamedTuple):
    """What one operation asks of its target; operations with equal work share one worker.

    Attributes:
        target: the target's own settings.
        code: what to run.
        reads, writes: declared accesses, sorted and without duplicates.
        spills: whether the result may be too large to travel in the state machine.
        unspills: pipelines among whose values an input may be that comes by reference.
        lists: the same of inputs that may lie in parts, of which some may be missing.
    """

    target: Target
    code: Code
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]
    spills: bool
    unspills: tuple[str, ...]
    lists: tuple[str, ...] = ()


class Worker(NamedTuple):
    """One deployed thing that runs operations, such as a Lambda function.

    Attributes:
        name: unique within the pipeline.
        work: what it does.
        why: an entry for each operation that uses it.
    """

    name: str
    work: Work
    why: tuple[Why, ...]


@runtime_checkable
class Target(Protocol):
    """Where an operation runs; one module in targets/ each. Frozen and comparable by value."""

    @property
    def kind(self) -> str:
        """The class name, as users write it."""

    def identity(self) -> str:
        """Equal for equal settings."""

    def task(self, worker: str, names: Names, payload: Mapping[str, Json]) -> State:
        """The Task state: type, resource, arguments, timeout, result assignment; without Next, Retry and Catch."""

    @property
    def result(self) -> str:
        """JSONata of the envelope that a finished task gives."""

    @property
    def platform(self) -> tuple[str, str]:
        """Python version and processor architecture that the code runs on."""

    @property
    def longest(self) -> int:
        """Seconds that one run can take at most."""

    def transient_errors(self) -> Sequence[str]:
        """Errors of the service itself that its documentation says to retry."""

    def machine_calls(self, worker: str, names: Names, why: Why) -> Sequence[Call]:
        """What the state machine needs in order to run it."""

    def worker_calls(self, worker: Worker, names: Names) -> Sequence[Call]:
        """What the worker needs besides its declared reads and writes."""

    def variables(self, worker: Worker, names: Names) -> Mapping[str, str]:
        """Environment variables that the runtime reads, with `Fn::Sub` placeholders."""

    def stack(self, worker: Worker, names: Names, environment: Environment, role: Any) -> Sequence[Any]:
        """The worker's troposphere resources; `role` is the role's title."""

    @property
    def service(self) -> str:
        """The service principal that assumes the worker's role."""
