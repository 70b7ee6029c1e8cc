"""Functions on the interpreter: the runtime's own handler around the user's code, or a stub."""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.interpreter import Took
from bunsui.runtime import shim, store
from bunsui.runtime.invocation import running
from bunsui.simulate.memory import MemoryS3


class _Real:
    """Stands for the operation's own function."""


REAL = _Real()


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of an operation's function.

    Attributes:
        operation, job: names.
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
    """

    result: Any = REAL
    errors: deque[BaseException] | BaseException | None = None
    seconds: float = 0.0


class Worker:
    """One function; it is told by the event which operation it runs."""

    def __init__(
        self,
        environment: Mapping[str, str],
        stubs: Mapping[str, Stub],
        s3: MemoryS3,
        invocations: list[Invocation],
        values: dict[str, Any],
    ) -> None:
        self._environment = environment
        self._stubs = stubs
        self._s3 = s3
        self._invocations = invocations
        self._values = values

    def invoke(self, event: dict[str, Any]) -> Took:
        """Run one operation; an exception leaves as it is, after the time that the operation takes."""
        ids = event["bunsui"]
        stub = self._stubs.get(ids["operation"], Stub())
        inputs = {name: self._read(envelope) for name, envelope in event["inputs"].items()}
        place = len(self._invocations)
        told = Invocation(ids["operation"], ids["job"], ids["try"], inputs)
        self._invocations.append(told)
        try:
            envelope = self._run(event, inputs, stub)
        except Exception as error:
            self._invocations[place] = Invocation(
                told.operation, told.job, told.retry, inputs, error=type(error).__name__
            )
            raise
        self._invocations[place] = Invocation(
            told.operation, told.job, told.retry, inputs, spilled="pointer" in envelope
        )
        self._values[told.operation] = self._read(envelope)
        return Took(stub.seconds, envelope)

    def _run(self, event: dict[str, Any], inputs: Mapping[str, Any], stub: Stub) -> dict[str, Any]:
        if isinstance(stub.errors, deque) and stub.errors:
            raise stub.errors.popleft()
        if isinstance(stub.errors, BaseException):
            raise stub.errors
        about = event["bunsui"]
        with self._at_run_time(), running(about):
            if stub.result is REAL:
                return shim.run(about, event["inputs"])[0]
            if isinstance(stub.result, BaseException):
                raise stub.result
            value = stub.result(**inputs) if callable(stub.result) else stub.result
            return shim.enveloped(value, about)[0]

    def _read(self, envelope: Mapping[str, Any]) -> Any:
        value: Any = envelope.get("value")
        if "pointer" in envelope:
            bucket = self._environment["BUNSUI_BUCKET"]
            value = json.loads(self._s3.objects[bucket, envelope["pointer"]])
        for field in envelope.get("path", ()):
            value = value[field]
        return value

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
