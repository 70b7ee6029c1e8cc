"""What is assumed of the operations of a simulated run: how long a try takes, what it results in, how it fails.

A file says it as JSON, YAML or CSV. As JSON or YAML it is an object of operation -> seconds, or operation ->
`{"seconds": 3, "result": [1, 2]}`; as CSV it has the columns operation, seconds and, where wanted, result (as JSON).
The operation `*` stands for all that are not named.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunsui.errors import BunsuiError, UsageError, Where, raise_all
from bunsui.model.approval import Approval
from bunsui.model.bound import Bound
from bunsui.model.nested import inner_first
from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.step import Step
from bunsui.model.wait import Wait
from bunsui.session.model import SessionReport, Status
from bunsui.simulate.model import Source

SECONDS = 1.0
"""Of an operation or approval of which nothing is known: with the same time for all, the shape of the graph decides."""

OTHERS = "*"


class _Unset:
    """Stands for a result that nobody gave."""


UNSET: Any = _Unset()


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed of one operation.

    Attributes:
        seconds: of one try; None where nothing is said.
        result: JSON value, or `UNSET`.
        source: who says so.
    """

    seconds: float | None = None
    result: Any = UNSET
    source: Source = "default"


@dataclass(frozen=True, slots=True)
class Failing:
    """An operation that is to fail: `OPERATION[:ERROR[:TIMES]]`.

    Attributes:
        error: class of the error.
        times: how often; None is always.
    """

    operation: str
    error: str = "RuntimeError"
    times: int | None = None

    @classmethod
    def parse(cls, text: str) -> Failing:
        """Read it; an error's name may have dots.

        Raises:
            UsageError: BUN406.
        """
        operation, _, rest = text.partition(":")
        error, _, times = rest.partition(":")
        if not operation or (times and not (times.isdecimal() and int(times))):
            raise UsageError(
                "BUN406",
                f"--fail {text!r} is not OPERATION[:ERROR[:TIMES]]",
                hint="such as clean, clean:ValueError or clean:States.Timeout:2",
            )
        return cls(operation, error or "RuntimeError", int(times) if times else None)

    def errors(self) -> deque[BaseException] | BaseException:
        """What the operation's function raises."""
        raised: BaseException = type(self.error, (RuntimeError,), {})("simulated")
        return raised if self.times is None else deque([raised] * self.times)


def usual(step: Step) -> float | None:
    """Seconds of a step of which nothing is said; None where the step itself, or what lies within it, takes the time.

    What a `Wait` looks for is there at once.
    """
    if isinstance(step, Wait):
        return 0.0 if step.polls else None
    return SECONDS if isinstance(step, Operation | Approval) else None


def steps(pipeline: Pipeline) -> dict[str, Bound]:
    """Every step of a pipeline by name, with those within others; `billing.total` of a nested pipeline."""
    found = {bound.operation.name: bound for outer in pipeline.operations.values() for bound in outer.all}
    for name, inner in inner_first(pipeline).items():
        found |= {f"{name}.{bound.operation.name}": bound for outer in inner.operations.values() for bound in outer.all}
    return found


def from_file(file: Path, pipeline: Pipeline) -> dict[str, Assumption]:
    """What a file says, operation by operation.

    Raises:
        UsageError, BunsuiErrors: BUN407, it cannot be read; BUN703, there is no such operation.
    """
    rows, known = _rows(file), steps(pipeline)
    found: dict[str, Assumption] = {}
    errors: list[BunsuiError] = []
    for name, told in rows.items():
        try:
            _check(name, {*known, OTHERS}, pipeline, Where(str(file.absolute()), 1))
            found[name] = _assumption(name, told, file)
        except BunsuiError as wrong:
            errors.append(wrong)
    raise_all(errors)
    rest = found.pop(OTHERS, None)
    return found if rest is None else {**dict.fromkeys(known, rest), **found}


def from_report(report: SessionReport, pipeline: Pipeline) -> dict[str, Assumption]:
    """How long the last try of each operation took in a session.

    Raises:
        UsageError: BUN407, the session is one of another pipeline, or no operation of it has succeeded.
    """
    session = report.session
    if session.pipeline != pipeline.name:
        raise UsageError(
            "BUN407",
            f"session {session.id!r} is one of pipeline {session.pipeline!r}, not of {pipeline.name!r}",
            hint=f"`bunsui list --pipeline {pipeline.name}` shows its sessions",
        )
    found, known = {}, steps(pipeline)
    for run in (run for job in report.jobs for run in job.operations):
        begun = run.tried or run.started
        if run.status is Status.SUCCEEDED and begun and run.finished and run.operation in known:
            seconds = max(0.0, (run.finished - begun).total_seconds())
            found[run.operation] = Assumption(round(seconds, 6), source="history")
    if not found:
        raise UsageError(
            "BUN407",
            f"session {session.id!r} tells of no operation of {pipeline.name!r} how long it took",
            hint="take a session in which operations succeeded",
        )
    return found


def check(failing: Iterable[Failing], pipeline: Pipeline) -> None:
    """Whether all of them are operations.

    Raises:
        UsageError: BUN703 there is none of that name, BUN406 it is a step without a function.
    """
    known = steps(pipeline)
    for one in failing:
        _check(one.operation, known, pipeline, None)
        if not isinstance(known[one.operation].operation, Operation):
            raise UsageError(
                "BUN406",
                f"--fail {one.operation}: it runs no function that could fail",
                hint="name an operation; how an approval is answered can be said in the file of durations",
            )


def _check(name: str, known: Collection[str], pipeline: Pipeline, where: Where | None) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(known)}"[:300]
    raise UsageError("BUN703", f"pipeline {pipeline.name!r} has no operation {name!r}", where=where, hint=hint)


def _assumption(name: str, told: Any, file: Path) -> Assumption:
    fields = told if isinstance(told, Mapping) else {"seconds": told}
    seconds = fields.get("seconds")
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    good = seconds is None or (number and math.isfinite(seconds) and seconds >= 0)
    if not good or not fields or fields.keys() - {"seconds", "result"}:
        raise _wrong(file, f"operation {name!r}: {json.dumps(told, default=str)[:60]} is neither seconds nor an object")
    return Assumption(None if seconds is None else float(seconds), fields.get("result", UNSET), "file")


class _Unreadable(ValueError):
    """What a file says on a line is not what is wanted."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


def _rows(file: Path) -> Mapping[str, Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        found = _from_csv(text) if file.suffix.lower() == ".csv" else _from_yaml(text)
    except (OSError, UnicodeDecodeError) as unreadable:
        raise _wrong(file, getattr(unreadable, "strerror", None) or "it is no text in UTF-8") from None
    except _Unreadable as wrong:
        raise _wrong(file, str(wrong), wrong.line) from None
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise _wrong(file, "it is no object of operation -> seconds")
    return found


def _from_yaml(text: str) -> Any:
    """JSON is YAML."""
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - the safe one
    except yaml.YAMLError as wrong:
        mark, problem = getattr(wrong, "problem_mark", None), getattr(wrong, "problem", None)
        raise _Unreadable(problem or "it is neither JSON nor YAML", mark.line + 1 if mark else 1) from None


def _from_csv(text: str) -> dict[str, Any]:
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    if not {"operation", "seconds"} <= set(reader.fieldnames or ()):
        raise _Unreadable("its first line does not name the columns operation and seconds")
    found: dict[str, Any] = {}
    for row in reader:
        seconds, result = (row.get("seconds") or "").strip(), (row.get("result") or "").strip()
        try:
            entry: dict[str, Any] = {"seconds": float(seconds)} if seconds else {}
            found[(row["operation"] or "").strip()] = {**entry, "result": json.loads(result)} if result else entry
        except ValueError as wrong:
            raise _Unreadable(str(wrong), reader.line_num) from None
    return found


def _wrong(file: Path, reason: str, line: int = 1) -> UsageError:
    return UsageError(
        "BUN407",
        f"{file.name} cannot be used: {reason}",
        where=Where(str(file.absolute()), line),
        hint='write {"operation": seconds} as JSON or YAML, or a CSV with the columns operation and seconds',
    )
