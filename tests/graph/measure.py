"""The numbers of docs/scheduling.md: `python -m tests.graph.measure`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import groupby
from random import Random

from bunsui.graph.schedule import schedule

from .dags import Needs, cover_sets, layered, random_dag, recorded
from .optimum import fewest_joins
from .running import arrivals, joins


def families() -> Iterator[str]:
    """Joins of the recorded workflows."""
    yield "| family | graphs | names | sets of several covers | joins | arrivals |"
    yield "|---|---|---|---|---|---|"
    workflows = sorted(recorded(), key=lambda workflow: workflow.family)
    for family, group in groupby(workflows, key=lambda workflow: workflow.family):
        graphs = [workflow.needs for workflow in group]
        trees = [schedule(needs, needs) for needs in graphs]
        several = sum(len(covers) > 1 for needs in graphs for covers in cover_sets(needs))
        counts = sum(map(len, graphs)), several, sum(len(joins(tree)) for tree in trees), sum(map(arrivals, trees))
        yield f"| {family} | {len(graphs)} | " + " | ".join(f"{count:,}" for count in counts) + " |"


def gaps() -> Iterator[str]:
    """How far from the fewest joins small graphs are."""
    yield "| names | graphs | fewest joins | joins | graphs with the fewest |"
    yield "|---|---|---|---|---|"
    for size, count in ((6, 1000), (7, 1000), (8, 500), (9, 200)):
        random = Random(size)
        graphs = [random_dag(size, random.choice([0.2, 0.3, 0.4, 0.5]), random) for _ in range(count)]
        pairs = [(len(joins(schedule(needs, needs))), fewest_joins(needs)) for needs in graphs]
        found, fewest = (sum(column) for column in zip(*pairs, strict=True))
        yield f"| {size} | {count:,} | {fewest:,} | {found:,} | {sum(one == other for one, other in pairs):,} |"


def growth() -> Iterator[str]:
    """Seconds of this process for graphs of growing size."""
    yield "| graph | names | joins | seconds | µs / (n log₂ n) |"
    yield "|---|---|---|---|---|"
    random = Random(1)
    for size in (625, 1250, 2500, 5000, 10_000):
        yield _timed("50 wide, 2 needs each", layered(size // 50, 50, 2, random))
    for size in (625, 1250, 2500, 5000, 10_000):
        side = math.isqrt(size)
        yield _timed("square, 3 needs each", layered(side, side, 3, random))
    largest = max((workflow.needs for workflow in recorded()), key=len)
    yield _timed("montage", largest)


def _timed(label: str, needs: Needs) -> str:
    start = time.process_time()
    tree = schedule(needs, needs)
    seconds, size = time.process_time() - start, len(needs)
    scaled = 1e6 * seconds / size / math.log2(size)
    return f"| {label} | {size:,} | {len(joins(tree)):,} | {seconds:.1f} | {scaled:.0f} |"


if __name__ == "__main__":
    for table in (families, gaps, growth):
        print(f"\n{table.__doc__}\n")
        for line in table():
            print(line, flush=True)
