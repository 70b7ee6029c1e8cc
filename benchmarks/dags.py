"""DAGs as pipelines: does every operation start the moment its own inputs are there, and what does that cost?

Each task of a DAG is a Lambda operation that takes the recorded time; state machines and their transitions take none.
The compiled machines run in the interpreter on the virtual clock. `makespan` is that over the DAG's critical path
(1.000 is the best there is), `waves` the same for topological levels that wait for each other.

    python -m benchmarks.dags [FILE] [--family NAME]... [--all] [--no-curve]

FILE has one JSON object a line: {"name": text, "runtime_s": [seconds of each task], "parents": [[task, ...] of each]}.
It is $BUNSUI_SHARED/data/dags/wfinstances.jsonl when not given.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from bunsui import BunsuiError, Lambda, Operation, Pipeline
from bunsui.compile.plan import Plan
from bunsui.interpreter import Execution
from bunsui.simulate.functions import Stub
from bunsui.simulate.memory import MemoryS3
from bunsui.simulate.stage import JOINS_TABLE, begin, compiled, definitions
from bunsui.simulate.timing import timing, waves

LONGEST = 900
"""Seconds that a function may run (AWS Lambda quotas). Where a task took longer all of its DAG's are scaled down."""
SYNTHETIC = (125, 250, 500, 1000, 2000, 4000)
TASKS = "benchmark_dag_tasks"
"""The module that the handlers are in."""


class Dag(NamedTuple):
    """A recorded workflow: the parents of each task, and its seconds."""

    name: str
    seconds: tuple[float, ...]
    parents: tuple[tuple[int, ...], ...]

    @property
    def family(self) -> str:
        return self.name.split("-")[0]

    @property
    def edges(self) -> int:
        return sum(map(len, self.parents))


class Row(NamedTuple):
    """What was found about a DAG; `problem` says why there is nothing to tell."""

    name: str
    operations: int
    edges: int
    problem: str = ""
    ratio: float = 0.0
    waves: float = 0.0
    joins: int = 0
    arrivals: int = 0
    transitions: int = 0
    declaring: float = 0.0
    compiling: float = 0.0
    machines: int = 0
    largest: int = 0
    events: int = 0
    running: float = 0.0


def dags(file: Path) -> list[Dag]:
    """The DAGs of a file."""
    told = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    return [
        Dag(one["name"], tuple(map(float, one["runtime_s"])), tuple(tuple(dict.fromkeys(p)) for p in one["parents"]))
        for one in told
    ]


def synthetic(size: int) -> Dag:
    """A random DAG whose tasks take what up to four of the fifty before them gave."""
    chance = random.Random(size)
    parents = [tuple(chance.sample(range(max(0, at - 50), at), min(at, chance.randint(0, 4)))) for at in range(size)]
    return Dag(f"synthetic-{size}", tuple(chance.uniform(1, 60) for _ in range(size)), tuple(parents))


def handlers(folder: Path, found: Iterable[Dag]) -> None:
    """Write the module of the handlers: one for each number of inputs that a task has."""
    degrees = sorted({len(parents) for dag in found for parents in dag.parents})
    lines = [f"def take{n}({', '.join(f'p{at}: int' for at in range(n))}) -> int: ...\n" for n in degrees]
    (folder / f"{TASKS}.py").write_text("".join(lines))
    import_from(str(folder))


def import_from(folder: str) -> None:
    """Let modules be found in a folder."""
    sys.path.insert(0, folder)


def declare(dag: Dag) -> Pipeline:
    """One operation for each task, which takes the results of its parents."""
    made: dict[int, Operation] = {}
    target = Lambda(timeout=LONGEST)
    for task in TopologicalSorter(dict(enumerate(dag.parents))).static_order():
        parents = dag.parents[task]
        inputs = {f"p{at}": made[parent] for at, parent in enumerate(parents)}
        made[task] = Operation(f"t{task}", handler=f"{TASKS}:take{len(parents)}", runs=target, inputs=inputs)
    return Pipeline("dag", operations=[made[task] for task in sorted(made)])


def compile_timed(dag: Dag) -> tuple[Plan, float, float]:
    """The compiled DAG, and CPU seconds for declaring and for compiling it."""
    began = time.process_time()
    pipeline = declare(dag)
    declared = time.process_time()
    made = compiled(pipeline)
    return made, declared - began, time.process_time() - declared


def run(made: Plan, seconds: Sequence[float]) -> tuple[Execution, dict[Any, Any]]:
    """The execution of the pipeline's machine, and the join items that it left behind."""
    stubs = {f"t{task}": Stub(result=task, seconds=taken) for task, taken in enumerate(seconds)}
    handle, world = begin(made, {}, stubs, MemoryS3(), session="benchmark")
    execution = handle.wait()
    if execution.status != "SUCCEEDED":
        raise RuntimeError(f"{execution.status} {execution.error or ''} {execution.cause or ''}"[:300])
    invoked = sorted(invocation.operation for invocation in world.invocations)
    if invoked != sorted(stubs):
        raise RuntimeError(f"{len(invoked)} invocations of {len(stubs)} operations")
    return execution, world.tables.tables[JOINS_TABLE].items


def measure(dag: Dag) -> Row:
    """Compile a DAG and run it; what keeps one from that must not keep the others from being measured."""
    try:
        return measured(dag)
    except Exception as error:
        message = str(error).partition("\n")[0]
        return Row(dag.name, len(dag.seconds), dag.edges, problem=f"{type(error).__name__}: {message}")


def measured(dag: Dag) -> Row:
    made, declaring, compiling = compile_timed(dag)
    began = time.process_time()
    execution, items = run(made, [one * scale(dag) for one in dag.seconds])
    needs = {str(task): frozenset(map(str, parents)) for task, parents in enumerate(dag.parents)}
    seconds = {str(task): taken for task, taken in enumerate(dag.seconds)}
    shortest = timing(needs, seconds).makespan
    executions = (execution, *execution.nested)
    machines = definitions(made).values()
    return Row(
        dag.name,
        len(dag.seconds),
        dag.edges,
        ratio=over(execution.duration / scale(dag), shortest),
        waves=over(sum(waves(needs, seconds)), shortest),
        joins=len(items),
        arrivals=sum(len(item.get("arrived", {}).get("SS", ())) for item in items.values()),
        transitions=sum(one.transitions for one in executions),
        declaring=declaring,
        compiling=compiling,
        machines=len(machines),
        largest=max(len(json.dumps(one, separators=(",", ":")).encode()) for one in machines),
        events=max(len(one.event_types) for one in executions),
        running=time.process_time() - began,
    )


def scale(dag: Dag) -> float:
    """What times are multiplied by, so that a function may take them."""
    return LONGEST / max(LONGEST, *dag.seconds)


def over(makespan: float, shortest: float) -> float:
    """A ratio; nothing over nothing is as good as it gets. The clock counts from 1970 and keeps microseconds."""
    return 1.0 if makespan - shortest < 1e-5 else makespan / shortest if shortest else math.inf


Figure = Callable[[Sequence[Row]], str]
COLUMNS: Mapping[str, Figure] = {
    "makespan": lambda rows: f"{max(row.ratio for row in rows):.3f}",
    "waves": lambda rows: f"{max(row.waves for row in rows):.3f}",
    "joins": lambda rows: f"{sum(row.joins for row in rows)}",
    "arrivals": lambda rows: f"{sum(row.arrivals for row in rows)}",
    "transitions/op": lambda rows: f"{sum(row.transitions for row in rows) / sum(row.operations for row in rows):.2f}",
    "declare s": lambda rows: f"{sum(row.declaring for row in rows):.2f}",
    "compile s": lambda rows: f"{sum(row.compiling for row in rows):.2f}",
    "machines": lambda rows: f"{max(row.machines for row in rows)}",
    "largest KB": lambda rows: f"{max(row.largest for row in rows) / 1000:.1f}",
    "events": lambda rows: f"{max(row.events for row in rows)}",
    "run s": lambda rows: f"{sum(row.running for row in rows):.1f}",
}
"""What is told about several DAGs: the sum of counts and CPU seconds, the worst of ratios and of what has a limit."""


def line(name: str, rows: Sequence[Row]) -> str:
    """Several DAGs on a line."""
    head = f"{name[:36]:36} {len(rows):>4} {sum(r.operations for r in rows):>10} {sum(r.edges for r in rows):>6}"
    good = [row for row in rows if not row.problem]
    if not good:
        return f"{head}  {rows[0].problem[:80] if rows else 'no DAGs'}"
    figures = [f"{figure(good):>{len(title)}}" for title, figure in COLUMNS.items()]
    wrong = f"  ({len(rows) - len(good)} did not run)" if len(good) < len(rows) else ""
    return f"{head} {' '.join(figures)}{wrong}"


def show(rows: Sequence[Row], *, each: bool) -> None:
    """The table, by family or DAG by DAG, with everything in its last line."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.name.split("-")[0], row.operations, row.name)):
        groups.setdefault(row.name if each else row.name.split("-")[0], []).append(row)
    print("Counts and CPU seconds are sums; ratios, machines, size and events are the worst of the line.\n")
    print(f"{'':36} DAGs operations  edges {' '.join(COLUMNS)}")
    for name, members in groups.items():
        print(line(name, members))
    print(line("all", rows))
    good = [row for row in rows if not row.problem]
    exact = sum(round(row.ratio, 3) == 1.0 for row in good)
    mean = statistics.mean(row.waves for row in good) if good else math.nan
    print(f"\nmakespan is the critical path for {exact} of {len(rows)} DAGs; in waves they take {mean:.3f} times it")
    for row in rows:
        if row.problem:
            print(f"  {row.name}: {row.problem}")


def curve(title: str, found: Sequence[Dag]) -> None:
    """CPU seconds of declaring and compiling by size, and the exponent that fits them."""
    sized = sorted(found, key=lambda dag: len(dag.seconds))
    points: list[tuple[int, float]] = []
    print(f"\n{title}\n{'operations':>10} {'edges':>6} {'s CPU':>7} {'µs / (n log2 n)':>16}")
    for dag in sized:
        try:
            taken = min(sum(compile_timed(dag)[1:]) for _ in range(3))
        except BunsuiError as error:
            print(f"{len(dag.seconds):>10} {dag.edges:>6} {error.message}")
            continue
        n = len(dag.seconds)
        points.append((n, taken))
        print(f"{n:>10} {dag.edges:>6} {taken:>7.3f} {taken / (n * math.log2(max(n, 2))) * 1e6:>16.2f}")
    if len({n for n, _ in points}) > 1:
        logs = [[math.log(value) for value in values] for values in zip(*points, strict=True)]
        exponent = statistics.linear_regression(*logs).slope
        bound = [n * math.log2(n) for n, _ in points]
        same = statistics.linear_regression(logs[0], [math.log(value) for value in bound]).slope
        print(f"grows as n^{exponent:.2f}; over the same sizes n log n grows as n^{same:.2f}")


def chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    shared = os.environ.get("BUNSUI_SHARED", "../shared")
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("file", nargs="?", type=Path, default=Path(shared, "data", "dags", "wfinstances.jsonl"))
    options.add_argument("--family", action="append", help="only DAGs whose name begins so; may be given again")
    options.add_argument("--all", action="store_true", help="a line for each DAG, not for each family")
    options.add_argument("--no-curve", action="store_true", help="without the compile time by size")
    return options.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    given = chosen(arguments)
    if not given.file.is_file():
        print(f"there is no {given.file}; give a file, or set BUNSUI_SHARED", file=sys.stderr)
        return 2
    found = [dag for dag in dags(given.file) if not given.family or dag.name.startswith(tuple(given.family))]
    sizes = [] if given.no_curve else [synthetic(size) for size in SYNTHETIC]
    with tempfile.TemporaryDirectory() as name:
        handlers(Path(name), [*found, *sizes])
        with ProcessPoolExecutor(os.cpu_count(), initializer=import_from, initargs=(name,)) as workers:
            large_first = sorted(found, key=lambda dag: -len(dag.seconds))
            rows = list(workers.map(measure, large_first))
        show(rows, each=given.all)
        if sizes:
            montage = {len(dag.seconds): dag for dag in found if dag.family == "montage"}
            if montage:
                curve("Compile time, Montage", list(montage.values()))
            curve("Compile time, synthetic", sizes)
    return 0 if all(not row.problem and round(row.ratio, 3) == 1.0 for row in rows if row.operations) else 1


if __name__ == "__main__":
    sys.exit(main())
