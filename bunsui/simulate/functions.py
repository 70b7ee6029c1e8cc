"""Functions on the interpreter: the runtime's own handler around the user's code, or a stub."""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bunsui.interpreter import TaskFailed, Took
from bunsui.model.operation import Operation
from bunsui.model.step import Step
from bunsui.runtime import shim, store
from bunsui.runtime.call import given
from bunsui.runtime.envelope import read
from bunsui.runtime.invocation import running
from bunsui.runtime.result import prefix
from bunsui.simulate.memory import MemoryS3
from bunsui.targets.lambda_ import Lambda

KILLED = "Sandbox.Timedout"
"""What ends a function at its own timeout is called so (AWS Step Functions developer guide, error handling)."""


class _Real:
    """Stands for the operation's own function."""


REAL = _Real()


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of an operation's function.

    Attributes:
        operation, job: names; `billing.total` of an operation of a nested pipeline.
        retry: 0 for the first, then the number of the retry.
        inputs: parameter -> JSON value, read back where it travelled by reference.
        error: class of the exception it raised; empty when it did not.
        spilled: whether its result travelled by reference.
    """

    operation: str
    job: str
    retry: int
    inputs: Mapping[str, Any]
    error: str = ""
    spilled: bool = False


@dataclass(slots=True)
class Stub:
    """What an operation does.

    Attributes:
        result: a value, an exception, a callable, or `REAL`.
        errors: raised first, one a call; a single one is raised always.
        seconds: on the virtual clock.
        failing: seconds after which an error is raised.
        limit: seconds that its function may run; one that takes longer is ended then.
    """

    result: Any = REAL
    errors: deque[BaseException] | BaseException | None = None
    seconds: float = 0.0
    failing: float = 0.0
    limit: float = float("inf")

    @property
    def ends(self) -> float:
        """Seconds after which its function fails."""
        return self.limit if self.seconds > self.limit else self.failing


class Worker:
    """One function; it is told by the event which operation it runs."""

    def __init__(
        self,
        environment: Mapping[str, str],
        stubs: Mapping[str, Stub],
        s3: MemoryS3,
        invocations: list[Invocation],
        values: dict[str, Any],
        known_as: Callable[[str, str], str],
    ) -> None:
        self._environment = environment
        self._stubs = stubs
        self._s3 = s3
        self._invocations = invocations
        self._values = values
        self._known_as = known_as

    def invoke(self, event: dict[str, Any]) -> Took:
        """Run one operation; an exception that comes at once leaves as it is."""
        ids = event["bunsui"]
        name = self._known_as(ids["pipeline"], ids["operation"])
        stub = self._stubs.get(name, Stub())
        place = len(self._invocations)
        told = Invocation(name, ids["job"], ids["try"], {})
        self._invocations.append(told)
        try:
            with self._at_run_time(), running(ids):
                told = replace(told, inputs=_inputs(event))
                envelope = _run(event, stub)
                self._values[told.operation] = _result(envelope, ids)
        except Exception as error:
            self._invocations[place] = replace(told, error=type(error).__name__)
            if not stub.ends:
                raise
            return Took(stub.ends, error=_reported(error))
        self._invocations[place] = replace(told, spilled="value" not in envelope)
        return Took(stub.seconds, envelope)

    @contextlib.contextmanager
    def _at_run_time(self) -> Iterator[None]:
        """The environment of the function, and S3 in memory."""
        names = ("BUNSUI_HANDLER", "BUNSUI_BUCKET", "BUNSUI_SPILL", "BUNSUI_RESOURCES")
        before = {name: os.environ.pop(name, None) for name in names}
        client = store._clients.get("s3")
        os.environ.update(self._environment)
        store._clients["s3"] = self._s3
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
            store._clients.pop("s3")
            if client is not None:
                store._clients["s3"] = client


def _inputs(event: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON values that the function is called with; of a batch all items as one list."""
    about, inputs, items = event["bunsui"], given(event), event.get("items", [])
    wanted = [*inputs.items()]
    if not about.get("plain"):
        wanted += [(about["item"], one) for one in items]
    values = read(wanted, store.Artefacts(), about.get("stored"))
    found = dict(zip(inputs, values, strict=False))
    if about.get("batch"):
        found[about["item"]] = items if about.get("plain") else values[len(inputs) :]
    return found


def limit_of(step: Step) -> float:
    """Seconds that the function of a step may run; without end where it has none."""
    target = step.runs if isinstance(step, Operation) else None
    return target.timeout if isinstance(target, Lambda) else float("inf")


def _run(event: Mapping[str, Any], stub: Stub) -> dict[str, Any]:
    if stub.seconds > stub.limit:
        raise type(KILLED, (RuntimeError,), {})(f"Task timed out after {stub.limit}.00 seconds")
    if isinstance(stub.errors, deque) and stub.errors:
        raise stub.errors.popleft()
    if isinstance(stub.errors, BaseException):
        raise stub.errors
    if isinstance(stub.result, BaseException):
        raise stub.result
    return shim.run(event, None if stub.result is REAL else partial(_instead, stub.result))[0]


def _instead(result: Any, /, **inputs: Any) -> Any:
    return result(**inputs) if callable(result) else result


def _result(envelope: Mapping[str, Any], about: Mapping[str, Any]) -> Any:
    stored = {about["job"]: prefix(about)} if "stored" in envelope else {}
    return read([("its result", envelope)], store.Artefacts(), stored)[0]


def _reported(error: Exception) -> TaskFailed:
    """The error as a function's runtime reports it to Step Functions."""
    name = type(error).__name__
    return TaskFailed(name, json.dumps({"errorMessage": str(error), "errorType": name, "stackTrace": []}))
