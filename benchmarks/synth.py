"""How long `bunsui synth` takes as a process, beside a plain troposphere script that writes an equivalent template.

Every operation is a Lambda function with a role of its own. Both sides write the same resources: functions, roles,
state machines with their roles, a bucket with its policy, log groups; past 400 resources both write nested stacks.

    python -m benchmarks.synth [SIZE ...]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SIZES = (10, 100, 400)
RUNS = 5
JOB = 50
"""Operations of a job."""

PLAIN = Path(__file__).with_name("plain_troposphere.py")


def project(folder: Path, size: int) -> None:
    """A project with one pipeline of `size` operations: chains of five, cut into jobs."""
    lines = ["from bunsui import Bucket, Job, Lambda, Pipeline, operation", "", 'lake = Bucket("lake")', ""]
    for number in range(size):
        position = number % JOB
        feeds = "month: int" if position % 5 == 0 else f"op{number - 1:03}: int"
        lines += [
            "@operation(",
            "    runs=Lambda(memory=512, timeout=60),",
            f'    reads=[lake / "in{number:03}"],',
            f'    writes=[lake / "out{number:03}"],',
            ")",
            f"def op{number:03}({feeds}) -> int:",
            "    return 1",
            "",
        ]
    jobs = [
        f'Job("job{first // JOB}", {", ".join(f"op{number:03}" for number in range(first, min(first + JOB, size)))})'
        for first in range(0, size, JOB)
    ]
    lines.append(f'pipeline = Pipeline("bench", parameters={{"month": int}}, jobs=[{", ".join(jobs)}])')
    (folder / "bench_pipeline.py").write_text("\n".join(lines) + "\n")
    (folder / "bunsui.toml").write_text('pipelines = ["bench_pipeline:pipeline"]\n')


def median(run: Callable[[], object]) -> float:
    """Median seconds of several runs, after one to warm the caches."""
    run()
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def command(*words: str, folder: Path | None = None) -> Callable[[], object]:
    """A whole process as a user runs it, with Python's bytecode cache; it has to succeed."""
    quiet = subprocess.DEVNULL
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(words, cwd=folder, check=True, stdout=quiet, stderr=quiet, env=environment)


def resources(folder: Path) -> int:
    """Resources in all templates below a folder."""
    return sum(
        len(json.loads(path.read_text())["Resources"])
        for path in folder.rglob("*.json")
        if "template" in path.name or path.parent.name == "nested"
    )


def main() -> None:
    """Measure and print the table."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    bunsui = str(Path(sys.executable).with_name("bunsui"))
    print(f"{'operations':>10}  {'resources':>17}  {'troposphere':>11}  {'bunsui synth':>12}  {'ratio':>5}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            project(folder, size)
            plain = median(command(sys.executable, str(PLAIN), str(size), str(JOB), str(folder / "plain")))
            ours = median(command(bunsui, "synth", folder=folder))
            counts = f"{resources(folder / 'plain')} / {resources(folder / 'cfn-out')}"
        print(f"{size:>10}  {counts:>17}  {plain:>9.3f} s  {ours:>10.3f} s  {ours / plain:>5.2f}")
    nothing = median(command(sys.executable, "-c", "pass"))
    helping = median(command(bunsui, "--help"))
    print(f"\npython -c pass {nothing * 1e3:.0f} ms, bunsui --help {helping * 1e3:.0f} ms, {helping / nothing:.2f}")


if __name__ == "__main__":
    main()
