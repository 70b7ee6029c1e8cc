"""What simulating tells: frozen, and the same in Python as in `--json`. Times are seconds on the virtual clock."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bunsui.session.model import Failure, Status

Source = Literal["default", "file", "history", "declared"]
"""Where the seconds of a step come from; `declared` is the time of a wait, and of what consists of other steps."""


class Told(BaseModel):
    """Base of all of them."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Simulated(Told):
    """One operation of a simulated run.

    Attributes:
        started_s, finished_s: since the run began; None where it was not reached.
        duration_s: from its start to its end, with its retries.
        assumed_s: how long one try of it takes; None where the source is `declared`.
        source: who says so.
        slack_s: how much later it could have finished without a later end of the run; None where it did not run.
        tries: how often it was begun.
        handled: it failed, and the pipeline went on.
        error: class of the error of its last try; empty when that went well.
        message: what that error said, or why the operation was skipped.
    """

    job: str
    operation: str
    status: Status
    started_s: float | None = None
    finished_s: float | None = None
    duration_s: float | None = None
    assumed_s: float | None
    source: Source
    slack_s: float | None = None
    tries: int = 0
    handled: bool = False
    error: str = ""
    message: str = ""


class Waves(Told):
    """The same operations in the same time, level by level of the graph: each level waits for all of the one before.

    Attributes:
        ratio: its makespan over that of the run; 1 where both are 0.
    """

    levels: int
    makespan_s: float
    ratio: float


class Transitions(Told):
    """States that were entered and retries, which AWS counts alike.

    Attributes:
        per_operation: of the operations that were reached.
        executions: how many state machines ran, the pipeline's own among them.
        joins: places where a branch waits for other branches.
        most_events: of the longest history; an execution ends at 25,000.
    """

    total: int
    per_operation: float
    executions: int
    joins: int
    most_events: int


class Item(Told):
    """One line of the price.

    Attributes:
        elsewhere: the price is that of us-east-1, for the region's own is not known here.
    """

    what: str
    quantity: float
    usd_each: float
    usd: float
    elsewhere: bool


class Price(Told):
    """What AWS charges for the run, without free tier, discounts and taxes.

    Attributes:
        as_of: when the prices were read, year and month.
        left_out: what else a run may cost.
    """

    region: str
    as_of: str
    usd: float
    items: tuple[Item, ...]
    left_out: tuple[str, ...]


class Simulation(Told):
    """A run of a pipeline that took place on the interpreter only.

    Attributes:
        parameters: name -> JSON value.
        made_up: parameters that were not given and have no default; they have a value of their type.
        makespan_s: from the start of the run to its end.
        critical_path: operations that follow each other without a pause and end last.
        critical_path_s: how long they take; less than the makespan only where something waited for nothing of its own.
        failure: None unless the run failed.
        operations: in order of declaration.
        notes: what was assumed, in words.
    """

    pipeline: str
    status: Status
    parameters: dict[str, Any]
    made_up: tuple[str, ...]
    makespan_s: float
    critical_path: tuple[str, ...]
    critical_path_s: float
    waves: Waves
    failure: Failure | None
    operations: tuple[Simulated, ...]
    transitions: Transitions
    price: Price
    notes: tuple[str, ...]
