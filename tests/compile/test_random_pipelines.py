"""Random pipelines compile to valid machines, and give what plain Python gives."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statelint.linter import Linter

from bunsui import Pipeline
from bunsui.compile.states import STATE_NAME_LIMIT
from bunsui.graph.part import Part
from tests.graph.dags import Needs, critical_path, dense_dags, needs_of, trees

from .pipelines import World, compiled, expected, filled, pipeline, states


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    size = draw(st.integers(1, 9))
    names = [f"op{number}" for number in range(size)]
    needs: dict[str, list[str]] = {}
    for position, name in enumerate(names):
        choices = [*names[:position], "month", "year"]
        needs[name] = draw(st.lists(st.sampled_from(choices), unique=True, max_size=4))
    # Operations that are neighbours in a topological order make jobs whose graph is acyclic.
    cuts = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    jobs: dict[str, list[str]] = {}
    for name, cut in zip(names, cuts, strict=True):
        if cut or not jobs:
            jobs[f"job-{len(jobs)}"] = []
        jobs[f"job-{len(jobs) - 1}"].append(name)
    return pipeline(needs, jobs)


SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(pipelines(), st.data())
@SLOW
def test_sessions_give_what_python_gives(declared: Pipeline, data: st.DataObject) -> None:
    parameters = {parameter.name: number for number, parameter in enumerate(declared.parameters)}
    spilled = data.draw(st.sets(st.sampled_from(list(declared.operations))))
    world = World(compiled(declared), spilled=spilled)
    result = world.run(parameters)
    assert result.status == "SUCCEEDED", result.cause
    values = expected(declared, parameters)
    found = {
        name: world.read(envelope) for operations in result.output.values() for name, envelope in operations.items()
    }
    taken = {source for bound in declared.operations.values() for source in bound.feeds}
    assert found == {name: value for name, value in values.items() if name not in taken}


@given(pipelines())
@SLOW
def test_every_operation_runs_once_after_what_it_needs(declared: Pipeline) -> None:
    world = World(compiled(declared))
    world.run({parameter.name: 1 for parameter in declared.parameters})
    order = world.order()
    assert sorted(order) == sorted(declared.operations)
    for name, bound in declared.operations.items():
        assert all(order.index(earlier) < order.index(name) for earlier in bound.needs)


@given(pipelines())
@SLOW
def test_definitions_are_valid(declared: Pipeline) -> None:
    made = compiled(declared)
    for machine in (made.machine, *made.jobs.values()):
        definition = filled(machine.definition)
        assert Linter.validate(definition) == []
        names = [name for name, _ in states(definition)]
        assert len(names) == len(set(names))
        assert all(len(name) <= STATE_NAME_LIMIT for name in names)
        assert all(state["TimeoutSeconds"] for _, state in states(definition) if state["Type"] == "Task")


@given(trees(), st.integers(0, 2**32))
@SLOW
def test_a_series_parallel_job_takes_as_long_as_its_critical_path(tree: Part, seed: int) -> None:
    needs = needs_of(tree)
    world = World(compiled(pipeline({name: sorted(wanted) for name, wanted in needs.items()})))
    world.seconds = {name: float(random.Random(f"{seed}{name}").randint(1, 60)) for name in needs}
    result = world.run_job("main", {}, {})
    assert result.status == "SUCCEEDED", result.cause
    assert result.duration == pytest.approx(critical_path(needs, world.seconds))
    assert not world.tables.tables["bunsui-joins"].items


def jobs_of(needs: Needs, cuts: int) -> dict[str, list[str]]:
    """Operations that are neighbours in a topological order make jobs whose graph is acyclic."""
    jobs: dict[str, list[str]] = {}
    for position, name in enumerate(needs):
        jobs.setdefault(f"job-{position * cuts // len(needs)}", []).append(name)
    return jobs


def durations(needs: Needs, seed: int) -> dict[str, float]:
    """Some of them zero, many of them equal."""
    return {name: float(random.Random(f"{seed}{name}").choice([0, 0, 1, 1, 2, 7, 30])) for name in needs}


@given(dense_dags(60), st.integers(0, 2**32), st.integers(1, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_job_takes_as_long_as_its_critical_path(needs: Needs, seed: int, chance: int) -> None:
    declared = pipeline({name: sorted(wanted) for name, wanted in needs.items()})
    world = World(compiled(declared))
    world.seconds = durations(needs, seed)
    result = world.run_job("main", {}, {}, seed=chance)
    assert result.status == "SUCCEEDED", result.cause
    assert result.duration == pytest.approx(critical_path(needs, world.seconds))
    assert sorted(world.order()) == sorted(needs)
    values = expected(declared, {})
    for event in world.events:
        name = event["bunsui"]["operation"]
        assert {one: world.read(given) for one, given in event["inputs"].items()} == {
            one: values[one] for one in needs[name]
        }


@given(dense_dags(16), st.integers(0, 2**32), st.integers(1, 2**32))
@SLOW
def test_any_session_takes_as_long_as_the_critical_path_of_its_jobs(needs: Needs, seed: int, chance: int) -> None:
    declared = pipeline(
        {name: sorted(wanted) for name, wanted in needs.items()}, {f"job-{one}": [one] for one in needs}
    )
    world = World(compiled(declared))
    world.seconds = durations(needs, seed)
    result = world.run(seed=chance)
    assert result.status == "SUCCEEDED", result.cause
    assert result.duration == pytest.approx(critical_path(needs, world.seconds))
    assert sorted(world.order()) == sorted(needs)


@given(dense_dags(30), st.integers(1, 6), st.integers(0, 2**32), st.integers(1, 2**32), st.data())
@SLOW
def test_a_failing_operation_ends_everything(
    needs: Needs, cuts: int, seed: int, chance: int, data: st.DataObject
) -> None:
    declared = pipeline({name: sorted(wanted) for name, wanted in needs.items()}, jobs_of(needs, cuts))
    world = World(compiled(declared))
    world.seconds = durations(needs, seed)
    failing = data.draw(st.sampled_from(sorted(needs)))
    world.fails = {failing: (ValueError("no"), 99)}
    result = world.run(seed=chance)
    assert result.status == "FAILED"
    assert all(child.status != "RUNNING" for child in result.nested)
    assert len(world.order()) == len(set(world.order()))
    assert not [name for name in world.order() if failing in needs[name]]
    assert result.duration <= sum(world.seconds.values())
