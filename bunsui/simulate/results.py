"""What the steps of a simulated run resulted in, read from the variables that the state machines assigned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bunsui.compile.states import variable
from bunsui.compile.steps.context import RESULT
from bunsui.interpreter import Execution
from bunsui.runtime.envelope import Envelope, read
from bunsui.simulate.memory import MemoryS3

_RESULT = re.compile(rf"{RESULT}(\d+)_")


def envelopes(executions: Iterable[Execution], steps: Iterable[str]) -> dict[str, Envelope]:
    """The envelope of each step's result; of one that made several, the last.

    Args:
        executions: of the pipeline's state machines.
        steps: names of those that are wanted.
    """
    of_depth: dict[str, dict[str, str]] = {}
    found: dict[str, Envelope] = {}
    wanted = tuple(steps)
    for name, text in _assigned(executions):
        if (matched := _RESULT.match(name)) is None:
            continue
        prefix = matched[0].removesuffix("_")
        known = of_depth.setdefault(prefix, {variable(prefix, step): step for step in wanted})
        if name in known:
            found[known[name]] = json.loads(text)
    return found


def _assigned(executions: Iterable[Execution]) -> Iterator[tuple[str, str]]:
    """Every variable that was assigned, and its value as JSON, in order for each execution."""
    for one in executions:
        for event in one.history:
            details: Mapping[str, Any] = event.get("stateExitedEventDetails", {})
            yield from details.get("assignedVariables", {}).items()


class Artefacts(NamedTuple):
    """The artefact bucket in memory (bunsui.runtime.envelope.Objects)."""

    s3: MemoryS3
    bucket: str

    def get(self, key: str) -> bytes:
        """Content of an object."""
        return self.s3.bucket(self.bucket)[key]

    def keys(self, prefix: str) -> Iterable[str]:
        """Keys that begin so."""
        return [key for key in self.s3.bucket(self.bucket) if key.startswith(prefix)]


def values(found: Mapping[str, Envelope], artefacts: Artefacts, stored: Mapping[str, str]) -> dict[str, Any]:
    """The JSON value of each envelope; `stored` says where the results of a job lie that do not travel."""
    return dict(zip(found, read(found.items(), artefacts, stored), strict=True))
