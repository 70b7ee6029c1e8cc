"""What a simulated run uses of AWS, counted as AWS bills it (bunsui.simulate.prices)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bunsui.compile.plan import Plan
from bunsui.interpreter import Call, DynamoDB, Took
from bunsui.model.names import SESSIONS_TABLE
from bunsui.model.nested import inner_first
from bunsui.simulate.stage import compiled
from bunsui.targets.lambda_ import Lambda

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run

INDEXES = {SESSIONS_TABLE: 2}
"""Global secondary indexes with all attributes: each write is one more write there (deploy/control.py)."""

WRITES = frozenset({"putItem", "updateItem", "deleteItem"})
READS = frozenset({"getItem", "query", "scan"})
WRITE_UNIT, READ_UNIT = 1024, 4096
"""Bytes of an item that one request unit pays for (DynamoDB developer guide, "on-demand capacity mode")."""

FREE_STORAGE = 512
"""MB of /tmp that cost nothing (AWS Lambda pricing)."""

Handler = Callable[[Call], Any]


class Metered:
    """A service whose calls are told to a meter."""

    def __init__(self, service: Any, told: Callable[[Call, Any], None]) -> None:
        self._service = service
        self._told = told

    def integrations(self) -> Mapping[str, Handler]:
        """Those of the service."""
        return {name: self._watched(handler) for name, handler in self._service.integrations().items()}

    def _watched(self, handler: Handler) -> Handler:
        def handle(call: Call) -> Any:
            answer = None
            try:
                answer = handler(call)
            finally:
                self._told(call, answer)
            return answer

        return handle


class Meter:
    """Counts the calls of state machines.

    Attributes:
        used: a key of `bunsui.simulate.prices.PRICES` -> how many; of transitions only the retries.
    """

    def __init__(self, made: Plan) -> None:
        self._runs: dict[str, Run] = {}
        self.used: defaultdict[str, float] = defaultdict(float)
        self._targets = {
            one.names.function(name): worker.work.target
            for one in (made, *map(compiled, inner_first(made.pipeline).values()))
            for name, worker in one.workers.items()
        }

    @property
    def transitions(self) -> Mapping[str, int]:
        """ARN of each execution that called something -> how often it has entered a state."""
        return {arn: run.transitions for arn, run in self._runs.items()}

    def watch(self, services: dict[str, Any]) -> dict[str, Any]:
        """The services, whose calls are counted from now on."""
        told: Mapping[str, Callable[[Call, Any], None]] = {
            "lambda": self._invoked,
            "dynamodb": lambda call, _: self._accessed(call, services["dynamodb"]),
        }
        return {
            name: Metered(service, self._told(told.get(name, _nothing)))
            if hasattr(service, "integrations")
            else service
            for name, service in services.items()
        }

    def _told(self, count: Callable[[Call, Any], None]) -> Callable[[Call, Any], None]:
        def told(call: Call, answer: Any) -> None:
            self._runs[call.run.arn] = call.run
            if call.attempt:
                self.used["states:transition"] += 1
            count(call, answer)

        return told

    def _invoked(self, call: Call, answer: Any) -> None:
        target = self._targets.get(str(call.arguments.get("FunctionName")))
        self.used["lambda:request"] += 1
        if isinstance(target, Lambda):
            taken = answer.seconds if isinstance(answer, Took) else 0.0
            seconds = max(1, math.ceil(round(taken * 1000, 3))) / 1000
            self.used[f"lambda:gb-second:{target.architecture}"] += seconds * target.memory / 1024
            self.used["lambda:storage-gb-second"] += seconds * (target.storage - FREE_STORAGE) / 1024

    def _accessed(self, call: Call, tables: DynamoDB) -> None:
        """A write that its condition refuses costs as much as one that is made."""
        action = call.integration.rpartition(":")[2].partition(".")[0]
        name = str(call.arguments.get("TableName", "")).rpartition("/")[2]
        table = tables.tables.get(name)
        key = call.arguments.get("Key")
        item = table.items.get(table.key_of(key)) if table is not None and key else call.arguments.get("Item")
        if action in WRITES:
            self.used["dynamodb:write"] += _units(item, WRITE_UNIT) * (1 + INDEXES.get(name, 0))
        elif action in READS:
            whole = _units(item, READ_UNIT)
            self.used["dynamodb:read"] += whole if call.arguments.get("ConsistentRead") else whole / 2


def _nothing(call: Call, answer: Any) -> None:
    """Calls that cost nothing but their transition."""


def _units(item: Mapping[str, Mapping[str, Any]] | None, unit: int) -> int:
    """Units of an item: names and values in UTF-8 (DynamoDB developer guide, "item sizes and formats")."""
    size = sum(len(name.encode()) + _bytes(value) for name, value in (item or {}).items())
    return max(1, math.ceil(size / unit))


def _bytes(attribute: Mapping[str, Any]) -> int:
    (value,) = attribute.values()
    return sum(len(str(one).encode()) for one in (value if isinstance(value, list) else [value]))
