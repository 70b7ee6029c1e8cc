"""Graphs that are too large for one state machine: they are cut, and nothing else changes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statelint.linter import Linter

from bunsui import Job, Pipeline, Retry
from bunsui.compile import cutting
from bunsui.compile.cutting import Limit, Size, cut
from bunsui.compile.segment import Segment, own, segments
from bunsui.compile.states import STATE_NAME_LIMIT
from bunsui.errors import DeclarationError
from bunsui.graph.part import Parallel, Part, Serial, members
from bunsui.interpreter import Execution
from tests.graph.dags import Needs, critical_path, dense_dags

from .assemblies import found_templates, of_type, statements, text
from .pipelines import World, compiled, expected, filled, operation, pipeline, states
from .test_random_pipelines import durations, jobs_of

TINY = Limit(bytes=25_000, events=260, policy=10**9)
"""So that some ten operations make a segment, and some ten segments one around them."""


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "LIMIT", TINY)


def checked(declared: Pipeline) -> World:
    """The world of a pipeline whose machines are all valid and within the limits."""
    made = compiled(declared)
    for machine in made.machines:
        definition = filled(machine.definition)
        assert Linter.validate(definition) == []
        names = [name for name, _ in states(definition)]
        assert len(names) == len(set(names))
        assert all(len(name) <= STATE_NAME_LIMIT for name in names)
        assert len(machine.name) <= 80
    assert len({machine.name for machine in made.machines}) == len(made.machines)
    return World(made)


def right(world: World, execution: Execution, needs: Needs) -> None:
    assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
    assert execution.duration == pytest.approx(critical_path(needs, dict.fromkeys(needs, 0.0) | world.seconds))
    assert sorted(world.order()) == sorted(needs)
    values = expected(world.plan.pipeline, {})
    for event in world.events:
        about, inputs = event["bunsui"], event["inputs"]
        found = {one: world.read(envelope, about) for one, envelope in inputs.items()}
        assert found == {one: values[one] for one in needs[about["operation"]]}


def graph(needs: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    return {name: frozenset(wanted) for name, wanted in needs.items()}


# What is cut


def sizes(leaf: Part) -> Size:
    return Size(events=10 if isinstance(leaf, str) else 0, bytes=100)


def names(count: int) -> tuple[str, ...]:
    return tuple(f"n{number}" for number in range(count))


@pytest.mark.parametrize("kind", [Serial, Parallel])
@pytest.mark.parametrize("count", [1, 20, 25, 26, 27, 100, 1000])
def test_runs_of_about_the_same_size(kind: type[Serial | Parallel], count: int) -> None:
    whole = kind(names(count))
    found = cut(whole, sizes, TINY)
    assert list(members(found)) == list(members(whole))
    assert (found == whole) is (count <= (26 if kind is Serial else 25))
    for part in (found, *segments(found)):
        assert sum(31 if isinstance(leaf, Segment) else 10 for leaf in own(part)) <= TINY.events
    assert sorted(one.number for one in segments(found)) == list(range(1, len(list(segments(found))) + 1))


def test_only_what_is_too_large_is_cut() -> None:
    small, large = Serial(names(3)), Parallel(tuple(f"p{number}" for number in range(40)))
    found = cut(Serial((*small.parts, large, "end")), sizes, TINY)
    assert isinstance(found, Serial)
    *before, parallel, end = found.parts
    assert (tuple(before), end) == (small.parts, "end")
    assert isinstance(parallel, Parallel)
    assert all(isinstance(one, Segment) for one in parallel.parts)


def test_a_leaf_that_is_too_large_is_alone() -> None:
    def large(leaf: Part) -> Size:
        return Size(events=1000 if leaf == "n5" else 10)

    found = cut(Serial(names(12)), large, TINY)
    assert [list(members(one)) for one in segments(found) if "n5" in members(one)] == [["n5"]]


# What runs


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    "needs",
    [
        {f"n{number}": [f"n{number - 1}"] if number else [] for number in range(80)},
        {**{f"n{number}": [] for number in range(150)}, "all": [f"n{number}" for number in range(150)]},
        {
            **{f"a{number}": [f"a{number - 1}"] if number else [] for number in range(40)},
            **{f"b{number}": [f"a{number}", *([f"b{number - 1}"] if number else [])] for number in range(40)},
        },
    ],
    ids=["chain", "fan", "ladder"],
)
def test_a_large_job(needs: dict[str, list[str]]) -> None:
    world = checked(pipeline(needs))
    assert len(world.plan.segments) > 3
    world.seconds = {name: float(number % 5) for number, name in enumerate(needs)}
    result = world.run()
    right(world, result, graph(needs))
    assert len(result.nested) == 1 + len(world.plan.segments)
    assert {child.name for child in result.nested} == {"s-1-1-main"}


@pytest.mark.usefixtures("tiny")
def test_segments_within_segments() -> None:
    needs = {f"n{number}": [f"n{number - 1}"] if number else [] for number in range(300)}
    world = checked(pipeline(needs))
    arns = {machine.name for machine in world.plan.segments}
    outer = [
        machine
        for machine in world.plan.segments
        if any(name in json.dumps(machine.definition) for name in arns - {machine.name})
    ]
    assert outer
    right(world, world.run(), graph(needs))


@pytest.mark.usefixtures("tiny")
def test_a_consumer_waits_in_one_segment_for_producers_in_others() -> None:
    needs = {f"{side}{number}": [f"{side}{number - 1}"] if number else [] for side in "lr" for number in range(30)}
    needs |= {f"x{number}": [f"l{number}", f"r{29 - number}"] for number in range(30)}
    world = checked(pipeline(needs))
    world.seconds = {name: float(len(name) + number % 7) for number, name in enumerate(needs)}
    right(world, world.run(), graph(needs))
    waits = {
        machine.name
        for machine in world.plan.machines
        for _, state in states(machine.definition)
        if "waitForTaskToken" in state.get("Resource", "")
    }
    told = {
        call.resource.rpartition(":")[2]
        for machine in world.plan.machines
        for call in machine.calls
        if call.action == "states:SendTaskSuccess"
    }
    assert told == waits
    assert len(waits) > 1


@given(dense_dags(40), st.integers(0, 2**32), st.integers(1, 2**32), st.integers(120, 900))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_graph_cut_anywhere(needs: Needs, seed: int, chance: int, events: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "LIMIT", Limit(10**9, events, 10**9))
        world = checked(pipeline({name: sorted(wanted) for name, wanted in needs.items()}))
    world.seconds = durations(needs, seed)
    right(world, world.run(seed=chance), needs)


@given(dense_dags(30), st.integers(1, 5), st.integers(0, 2**32), st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_failure_in_a_segment_is_that_of_its_job(needs: Needs, cuts: int, seed: int, data: st.DataObject) -> None:
    declared = pipeline({name: sorted(wanted) for name, wanted in needs.items()}, jobs_of(needs, cuts))
    failing = data.draw(st.sampled_from(sorted(needs)))
    found = []
    for limit in (cutting.LIMIT, Limit(10**9, 150, 10**9)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cutting, "LIMIT", limit)
            world = World(compiled(declared))
        world.seconds, world.fails = durations(needs, seed), {failing: (ValueError("no"), 99)}
        result = world.run()
        assert all(child.status != "RUNNING" for child in result.nested)
        runs = [dict(item) for item in world.tables.tables["bunsui-job-runs"].items.values()]
        (failed,) = [item for item in runs if item["status"]["S"] == "FAILED"]
        told = json.loads(failed["cause"]["S"])
        found.append((result.status, failed["job"], told["Error"], json.loads(told["Cause"])["errorMessage"]))
    assert found[0] == found[1]


@pytest.mark.usefixtures("tiny")
def test_more_jobs_than_one_machine_can_start() -> None:
    needs = {f"n{number}": [f"n{number // 2}"] if number else [] for number in range(40)}
    declared = pipeline(needs, {f"job-{name}": [name] for name in needs})
    world = checked(declared)
    assert {machine.name.rpartition("_")[0] for machine in world.plan.segments} == {"p"}
    world.seconds = {name: float(number % 3) for number, name in enumerate(needs)}
    right(world, world.run(), graph(needs))
    runs = world.tables.tables["bunsui-job-runs"].items.values()
    assert {run["status"]["S"] for run in runs} == {"SUCCEEDED"}
    assert len(runs) == 40


# Names, roles and templates


@pytest.mark.usefixtures("tiny")
def test_segments_have_roles_for_their_own_part_only() -> None:
    needs = {**{f"n{number}": [] for number in range(60)}, "all": [f"n{number}" for number in range(60)]}
    found, _, plan = found_templates(pipeline(needs))
    roles = {name: role for template in found.values() for name, role in of_type(template, "AWS::IAM::Role").items()}
    invoked = {
        name: {
            text(resource).rpartition(":")[2]
            for one in statements(role)
            if "lambda:InvokeFunction" in one["Action"]
            for resource in one["Resource"]
        }
        for name, role in roles.items()
        if "JobMachine" in name
    }
    assert len(invoked) == 1 + len(plan.segments)
    assert sorted(one for functions in invoked.values() for one in functions) == sorted(f"p-{name}" for name in needs)


@pytest.mark.usefixtures("tiny")
def test_no_name_of_a_segment_is_that_of_a_job() -> None:
    chain = {f"n{number}": [f"n{number - 1}"] if number else [] for number in range(40)}
    jobs = {"load": list(chain), "load-1": ["one"], "load-2": ["two"], "pipeline": ["three"]}
    declared = pipeline({**chain, "one": [], "two": [], "three": []}, jobs)
    found, _, plan = found_templates(declared)
    machines = [one for part in found.values() for one in of_type(part, "AWS::StepFunctions::StateMachine").values()]
    names = [one["Properties"]["StateMachineName"] for one in machines]
    assert len(names) == len(set(names)) == len(plan.machines)
    assert {"p-load", "p-load-1", "p-load_1", "p-load_2"} <= set(names)


def test_an_operation_that_no_history_can_hold_is_an_error() -> None:
    from bunsui import Map

    rows = operation("rows", returns=list)
    each = operation("each", ("row",), retry=Retry(attempts=100))
    with pytest.raises(DeclarationError) as raised:
        compiled(Pipeline("p", operations=[rows, Map("all", each, over=rows.output, item="row", at_most=200)]))
    assert raised.value.code == "BUN301"


# Results that are too many


@pytest.mark.parametrize("count", [256, 257, 900])
def test_a_consumer_of_very_many_results(count: int) -> None:
    needs = {**{f"n{number}": [] for number in range(count)}, "all": [f"n{number}" for number in range(count)]}
    world = checked(pipeline(needs))
    result = world.run()
    right(world, result, graph(needs))
    stored = {event["bunsui"]["operation"] for event in world.events if event["bunsui"].get("store")}
    assert stored == (set() if count <= 256 else needs.keys() - {"all"})
    (last,) = [event for event in world.events if event["bunsui"]["operation"] == "all"]
    assert len(json.dumps(last)) < 256 * 1024
    assert last["bunsui"].get("stored") == (None if count <= 256 else {"main": "sessions/p/s-1/1/main"})


def test_more_inputs_than_a_payload_can_name_are_an_error() -> None:
    def declared(count: int) -> Pipeline:
        sources = [operation(f"a_name_that_is_not_short_{number:05}") for number in range(count)]
        taken = operation("all", {"given": sources})
        return Pipeline("p", jobs=[Job("main", *sources, taken)])

    compiled(declared(1000))
    with pytest.raises(DeclarationError) as raised:
        compiled(declared(2000))
    assert raised.value.code == "BUN301"
    assert "operation 'all': the names of its inputs have" in raised.value.message


def test_very_many_results_of_a_session() -> None:
    needs: dict[str, list[str]] = {f"n{number}": [] for number in range(800)}
    world = checked(pipeline(needs))
    result = world.run()
    assert result.status == "SUCCEEDED"
    assert result.output == {"main": {"*": {"stored": "*", "job": "main", "count": 800}}}
    values = expected(world.plan.pipeline, {})
    assert world.objects == {f"sessions/p/s-1/1/main/{name}.json": values[name] for name in needs}


def test_results_that_cross_to_another_job_stay_where_they_are() -> None:
    sources = [f"n{number}" for number in range(300)]
    declared = pipeline({**{name: [] for name in sources}, "all": sources}, {"make": sources, "take": ["all"]})
    world = checked(declared)
    result = world.run()
    assert result.status == "SUCCEEDED"
    assert result.output == {"take": {"all": {"value": expected(declared, {})["all"]}}}
    (last,) = [event for event in world.events if event["bunsui"]["operation"] == "all"]
    assert last["inputs"]["n7"] == {"stored": "n7", "job": "make"}
    assert last["bunsui"]["stored"] == {"make": "sessions/p/s-1/1/make"}


def test_what_the_state_machine_reads_is_not_left_in_s3() -> None:
    sources = [f"n{number}" for number in range(300)]
    made = {name: operation(name, returns=int) for name in sources}
    one = made["n0"].output > 3
    last = operation("last", {name: made[name] for name in sources}, when=one)
    compiled_world = World(compiled(Pipeline("p", jobs=[Job("main", *made.values(), last)])))
    compiled_world.run()
    stored = {event["bunsui"]["operation"] for event in compiled_world.events if event["bunsui"].get("store")}
    assert stored == set(sources) - {"n0"}


# The largest recorded graph


@pytest.fixture(scope="session")
def recorded() -> dict[str, tuple[Needs, dict[str, float]]]:
    shared = Path(os.environ.get("BUNSUI_SHARED", Path(__file__).parents[2].parent / "shared"))
    file = shared / "data" / "dags" / "wfinstances.jsonl"
    if not file.is_file():
        pytest.skip(f"the reference data is not there: {file.name}; set BUNSUI_SHARED to its folder")
    found = {}
    for line in file.read_text().splitlines():
        one = json.loads(line)
        count = len(one["runtime_s"])
        needs = {f"t{n}": frozenset(f"t{parent}" for parent in one["parents"][n]) for n in range(count)}
        found[one["name"]] = needs, {f"t{n}": float(seconds) for n, seconds in enumerate(one["runtime_s"])}
    return found


def test_a_large_recorded_workflow(recorded: dict[str, tuple[Needs, dict[str, float]]]) -> None:
    """benchmarks/dags.py runs them all, the largest with 2,122 operations."""
    needs, seconds = min(recorded.values(), key=lambda one: abs(len(one[0]) - 500))
    assert 400 < len(needs) < 600
    world = checked(pipeline({name: sorted(wanted) for name, wanted in needs.items()}))
    assert len(world.plan.segments) > 1
    for machine in world.plan.machines:
        assert machine.events < 25_000
        assert len(json.dumps(machine.definition).encode()) < 500_000
    longest = max(seconds.values())
    world.seconds = {name: 60 * taken / longest for name, taken in seconds.items()}
    result = world.run()
    right(world, result, needs)
    most = {machine.name: machine.events for machine in world.plan.machines}
    assert all(len(child.event_types) <= most[child.arn.split(":")[6]] for child in result.nested)


def test_a_result_that_a_join_brings_to_one_branch_and_another_takes_from_before() -> None:
    needs: Needs = {
        "a": frozenset(),
        "b": frozenset(),
        "c": frozenset(),
        "d": frozenset({"a"}),
        "e": frozenset({"a"}),
        "f": frozenset({"b", "d"}),
        "g": frozenset({"b", "c", "d", "e"}),
        "h": frozenset({"b", "c", "d"}),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "LIMIT", Limit(10**9, 120, 10**9))
        world = checked(pipeline({name: sorted(wanted) for name, wanted in needs.items()}))
    world.seconds = durations(needs, 0)
    right(world, world.run(seed=1), needs)
