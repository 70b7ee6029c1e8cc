"""Pipelines that run on the embedded AWS and on the interpreter."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bunsui import Bucket, Dataset, Fallback, Job, Lambda, Operation, Pipeline, Retry, operation

SMALL = Lambda(memory=256, timeout=20)
lake = Bucket("lake")


@dataclass(frozen=True)
class Batch:
    month: int
    names: list[str]


@operation(runs=SMALL)
def batch(month: int, size: int) -> Batch:
    return Batch(month, [f"name-{number:06}" for number in range(size)])


@operation(runs=SMALL, writes=[lake / "names"])
def kept(batch: Batch) -> Dataset:
    return (lake / "names").write_bytes(f"{batch.month}.txt", "\n".join(batch.names).encode(), "text", len(batch.names))


@operation(runs=SMALL, inputs={"names": batch.output.names})
def counted(names: list[str]) -> int:
    return len(names)


@operation(runs=SMALL, reads=[lake / "names"])
def read_back(kept: Dataset) -> int | None:
    return None if kept.rows == 0 else len((lake / "names").read_bytes(kept.uri.rpartition("/")[2]).splitlines())


@operation(runs=SMALL)
def compared(counted: int, read_back: int | None, note: str = "the same") -> dict[str, str | bool]:
    return {"note": note, "same": counted == (read_back or 0)}


success = Pipeline(
    "success",
    parameters={"month": int, "size": int},
    jobs=[Job("make", batch, kept), Job("count", counted, read_back), Job("compare", compared)],
)


@operation(runs=SMALL, retry=Retry(attempts=3, interval=1, backoff=1.0, jitter=False, on=[ConnectionError]))
def flaky(key: str) -> int:
    """Fails twice; a file of this machine remembers."""
    file = Path(tempfile.gettempdir()) / f"bunsui-flaky-{key}"
    tries = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(tries))
    if tries < 3:
        raise ConnectionError(f"try {tries}")
    file.unlink()
    return tries


retried = Pipeline("retried", parameters={"key": str}, operations=[flaky])


@operation(runs=SMALL)
def checked(limit: int) -> int:
    if limit < 0:
        raise ValueError(f"limit {limit} is negative")
    return limit


@operation(runs=SMALL, on_error=Fallback(-1, on=[ValueError]))
def forgiven(limit: int) -> int:
    return int("x" * limit)


after = Operation("after", handler="tests.functional.handlers:after", inputs={"value": 7}, runs=SMALL)
checked >> after
failing = Pipeline("failing", parameters={"limit": int}, jobs=[Job("check", checked), Job("rest", forgiven, after)])


@operation(runs=Lambda(memory=256, timeout=1))
def slow(seconds: float) -> None:
    import time

    time.sleep(seconds)


timing = Pipeline("timing", parameters={"seconds": float}, operations=[slow])
ALL = (success, retried, failing, timing)
