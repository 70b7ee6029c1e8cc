"""Random pipelines in which anything may be skipped: what runs, and with what, is what a plain walk says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bunsui import Job, Pipeline
from bunsui.testing import PipelineRunner

from .deciding import Default, step

KINDS: dict[str, Any] = {"needs": int, "may": int | None, "default": Default(int)}


@dataclass(frozen=True)
class Node:
    """A step: what it takes from which earlier ones, and the least result of one of them with which it runs."""

    takes: dict[int, str]
    when: tuple[int, int] | None
    job: int


@st.composite
def nodes(draw: st.DrawFn) -> list[Node]:
    found: list[Node] = []
    for number in range(draw(st.integers(2, 12))):
        earlier = st.integers(0, number - 1) if number else st.nothing()
        takes = draw(st.dictionaries(earlier, st.sampled_from(sorted(KINDS)), max_size=3)) if number else {}
        when = draw(st.none() | st.tuples(earlier, st.integers(0, 3))) if number else None
        least = max((found[one].job for one in (*takes, *([when[0]] if when else []))), default=0)
        found.append(Node(takes, when, draw(st.integers(least, 2))))
    return found


def expected(declared: list[Node]) -> dict[int, int]:
    """The results of those that run: how many of their parameters have a value of their own."""
    results: dict[int, int] = {}
    for number, node in enumerate(declared):
        if any(kind == "needs" and one not in results for one, kind in node.takes.items()):
            continue
        if node.when is not None and results.get(node.when[0], -1) < node.when[1]:
            continue
        results[number] = sum(one in results for one in node.takes)
    return results


@settings(max_examples=60, deadline=None)
@given(nodes(), st.integers(0, 5))
def test_what_runs(declared: list[Node], seed: int) -> None:
    steps: list[Any] = []
    for number, node in enumerate(declared):
        takes = {f"n{one}": KINDS[kind] for one, kind in node.takes.items()}
        when = steps[node.when[0]].output >= node.when[1] if node.when is not None else None
        steps.append(step(f"n{number}", takes, when=when))
    jobs = {job: [one for one, node in zip(steps, declared, strict=True) if node.job == job] for job in range(3)}
    pipeline = Pipeline("p", jobs=[Job(f"j{job}", *members) for job, members in jobs.items() if members])
    runner = PipelineRunner(pipeline, seed=seed)
    for one in steps:
        runner.stub(**{one.name: lambda **given: sum(value is not None for value in given.values())})
    run = runner.run()
    assert run.succeeded, (run.error, run.message)
    results = expected(declared)
    assert sorted(run.order) == sorted(f"n{number}" for number in results)
    assert run.outputs == {f"n{number}": result for number, result in results.items()}
    assert set(run.skipped) == {one.name for one in steps} - set(run.order)
    for call in run.invocations:
        node = declared[int(call.operation[1:])]
        there = {f"n{one}": results.get(one) for one, kind in node.takes.items() if one in results or kind == "may"}
        assert call.inputs == there
