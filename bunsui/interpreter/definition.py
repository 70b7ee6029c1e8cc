"""A state machine after parsing: values without behaviour, expressions compiled.

In every field that holds an `Evaluate`, None means that the definition does not have the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bunsui.interpreter.expressions import Evaluate

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrier:
    """One entry of Retry."""

    errors: tuple[str, ...]
    interval: float = 1.0
    attempts: int = 3
    rate: float = 2.0
    max_delay: float | None = None
    jitter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catcher:
    """One entry of Catch."""

    errors: tuple[str, ...]
    next: str
    result_path: Steps | None = ()
    output: Evaluate | None = None
    assign: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What all states share. A `next` of None ends the machine, a `result_path` of None discards the result."""

    name: str
    kind: str
    jsonata: bool
    next: str | None = None
    input_path: Evaluate | None = None
    output_path: Evaluate | None = None
    parameters: Evaluate | None = None
    result_selector: Evaluate | None = None
    result_path: Steps | None = ()
    output: Evaluate | None = None
    assign: Evaluate | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassState(State):
    """Passes on its input, or a fixed result."""

    result: Any = None
    has_result: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedState(State):
    """Ends well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailState(State):
    """Ends with an error."""

    error: Evaluate | None = None
    cause: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitState(State):
    """Waits for seconds or until a time."""

    until: Evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of Choices."""

    condition: Evaluate
    next: str
    output: Evaluate | None = None
    assign: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceState(State):
    """Goes where the first true rule points."""

    rules: tuple[Rule, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """Which service a task calls.

    Attributes:
        family: `integration`, `lambda` for a function ARN, or `activity`.
        service: `lambda`, `dynamodb`, `aws-sdk:s3`.
        action: `invoke`, `putItem`.
        pattern: empty, `sync`, `sync:2` or `waitForTaskToken`.
    """

    arn: str
    family: str
    service: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def name(self) -> str:
        """The key under which `services` has it."""
        return f"{self.service}:{self.action}{'.' if self.pattern else ''}{self.pattern}"

    @property
    def operation(self) -> str:
        """The action as events name it."""
        return f"{self.action}.{self.pattern}" if self.pattern else self.action


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState(State):
    """Calls a service."""

    resource: Resource
    timeout: Evaluate | None = None
    heartbeat: Evaluate | None = None
    credentials: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """States and where they start: a whole definition, a branch or an item processor."""

    start_at: str
    states: Mapping[str, State]
    timeout: float | None = None
    jsonata: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelState(State):
    """Runs branches at the same time."""

    branches: tuple[Machine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Where a Distributed Map finds its items."""

    resource: Resource
    parameters: Evaluate
    config: Mapping[str, Any] = field(default_factory=dict)
    max_items: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """How a Distributed Map groups its items."""

    max_items: Evaluate | None = None
    max_bytes: Evaluate | None = None
    batch_input: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWriter:
    """Where a Distributed Map puts its results."""

    resource: Resource | None = None
    parameters: Evaluate | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState(State):
    """Runs a machine for each item."""

    processor: Machine
    distributed: bool = False
    express: bool = False
    label: str | None = None
    items: Evaluate | None = None
    items_path: str = "$"
    item_selector: Evaluate | None = None
    max_concurrency: Evaluate | None = None
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None
    tolerated_count: Evaluate | None = None
    tolerated_percentage: Evaluate | None = None
