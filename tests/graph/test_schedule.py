from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from graphlib import CycleError
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bunsui.graph.part import Arrival, Arrive, Join, Parallel, Part, Serial, leaves, members
from bunsui.graph.schedule import schedule

from .dags import Needs, Recorded, cover_sets, dags, durations, layered, needs_of, parts_of, random_dag, recorded, trees
from .optimum import fewest_joins
from .running import arrivals, before, critical_path, joins, results_before, run

SLOW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(dags().flatmap(lambda needs: st.tuples(st.just(needs), durations(needs))))
@SLOW
def test_every_name_starts_the_moment_its_needs_have_ended(drawn: tuple[Needs, Mapping[str, int]]) -> None:
    needs, seconds = drawn
    assert run(schedule(needs, needs), seconds) == critical_path(needs, seconds)


@given(dags())
@SLOW
def test_every_name_is_there_once(needs: Needs) -> None:
    assert sorted(members(schedule(needs, needs))) == sorted(needs)


@given(dags())
@SLOW
def test_no_part_is_of_its_parents_kind_or_alone(needs: Needs) -> None:
    stack = [schedule(needs, needs)]
    while stack:
        part = stack.pop()
        if isinstance(part, Serial | Parallel):
            assert len(part.parts) >= 2
            assert all(type(inner) is not type(part) for inner in part.parts)
            stack.extend(part.parts)


@given(dags().flatmap(lambda needs: st.tuples(st.just(needs), parts_of(needs))))
@SLOW
def test_results_are_visible_where_they_are_taken_and_where_they_are_sent_on(drawn: tuple[Needs, Needs]) -> None:
    needs, feeds = drawn
    for leaf, visible in results_before(schedule(needs, feeds)):
        if isinstance(leaf, str):
            assert feeds[leaf] <= visible
        if isinstance(leaf, Arrive):
            assert all(set(arrival.values) <= visible for arrival in leaf.arrivals)


@given(dags().flatmap(lambda needs: st.tuples(st.just(needs), parts_of(needs))))
@SLOW
def test_a_join_knows_who_arrives_with_what(drawn: tuple[Needs, Needs]) -> None:
    tree = schedule(*drawn)
    found = joins(tree)
    assert len({join.consumer for join in found}) == len(found)
    producers: dict[str, list[str]] = {}
    values: dict[str, list[str]] = {}
    for leaf in leaves(tree):
        for arrival in leaf.arrivals if isinstance(leaf, Arrive) else ():
            producers.setdefault(arrival.consumer, []).append(leaf.producer)
            values.setdefault(arrival.consumer, []).extend(arrival.values)
    assert {join.consumer: (join.producers, join.values) for join in found} == {
        consumer: (tuple(sorted(producers[consumer])), tuple(sorted(values[consumer]))) for consumer in producers
    }
    assert all(len(set(names)) == len(names) for names in (*producers.values(), *values.values()))


@given(dags())
@SLOW
def test_only_results_that_cross_travel_through_joins(needs: Needs) -> None:
    assert all(not join.values for join in joins(schedule(needs, {})))


@given(trees())
@settings(deadline=None)
def test_series_parallel_graphs_have_no_joins_and_no_more_order_than_they_need(tree: Part) -> None:
    needs = needs_of(tree)
    assert before_of(schedule(needs, needs)) == before_of(tree)


def before_of(tree: Part) -> Mapping[object, frozenset[object]]:
    return {leaf: frozenset(earlier) for leaf, earlier in before(tree)}


@given(dags())
@SLOW
def test_there_are_at_most_as_many_joins_as_sets_of_several_covers(needs: Needs) -> None:
    tree = schedule(needs, needs)
    several = [covers for covers in cover_sets(needs) if len(covers) > 1]
    assert len(joins(tree)) <= len(several)
    assert arrivals(tree) <= sum(map(len, several))


def test_joins_are_about_as_few_as_can_be() -> None:
    random = Random(7)
    graphs = [random_dag(7, random.choice([0.2, 0.3, 0.4, 0.5]), random) for _ in range(300)]
    pairs = [(len(joins(schedule(needs, needs))), fewest_joins(needs)) for needs in graphs]
    assert all(found >= fewest for found, fewest in pairs)
    assert sum(found for found, _ in pairs) <= 1.01 * sum(fewest for _, fewest in pairs)


@given(dags(largest=30))
def test_the_same_graph_gives_the_same_tree(needs: Needs) -> None:
    again = {name: frozenset(sorted(before, reverse=True)) for name, before in needs.items()}
    assert schedule(needs, needs) == schedule(again, again)


def test_hashing_does_not_matter() -> None:
    code = (
        "from random import Random; from tests.graph.dags import layered; from bunsui.graph.schedule import schedule; "
        "needs = layered(6, 8, 3, Random(1)); print(schedule(needs, needs))"
    )
    trees = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(trees) == 1


@pytest.mark.parametrize(
    ("needs", "tree"),
    [
        ({"a": ""}, "a"),
        ({"a": "", "b": "a", "c": "b"}, Serial(("a", "b", "c"))),
        ({"a": "", "b": "a", "c": "ab"}, Serial(("a", "b", "c"))),
        ({"a": "", "b": "a", "c": "a", "d": "bc"}, Serial(("a", Parallel(("b", "c")), "d"))),
        ({"a": "", "b": "", "c": "ab", "d": "ab"}, Serial((Parallel(("a", "b")), Parallel(("c", "d"))))),
        (
            {"a": "", "b": "", "c": "a", "d": "ab"},
            Parallel(
                (
                    Serial(("a", Arrive("a", (Arrival("d", ("a",)),)), "c")),
                    Serial(("b", Join("d", ("a",), ("a",)), "d")),
                )
            ),
        ),
    ],
    ids=["one", "chain", "a need that others imply", "diamond", "two by two", "N"],
)
def test_known_graphs(needs: Mapping[str, str], tree: Part) -> None:
    found = {name: frozenset(wanted) for name, wanted in needs.items()}
    assert schedule(found, found) == tree


def test_a_result_may_travel_through_several_joins() -> None:
    needs = {
        name: frozenset(wanted.split())
        for name, wanted in {
            "a": "", "a1": "a", "b": "", "b1": "a b", "b2": "b1", "c": "", "c1": "b1 c", "c2": "c1",
        }.items()
    }  # fmt: skip
    tree = schedule(needs, {"c2": frozenset("a")})
    assert [(join.consumer, join.values) for join in joins(tree)] == [("b1", ("a",)), ("c1", ("a",))]


def test_names_that_are_not_keys_are_ignored() -> None:
    needs = {"a": frozenset({"elsewhere"}), "b": frozenset({"a", "elsewhere"})}
    assert schedule(needs, needs) == Serial(("a", "b"))


def test_a_circle_is_refused() -> None:
    with pytest.raises(CycleError):
        schedule({"a": frozenset("b"), "b": frozenset("a")}, {})


def test_branches_stand_in_the_order_of_declaration() -> None:
    assert schedule({name: frozenset() for name in ("zebra", "ape", "cat")}, {}) == Parallel(("zebra", "ape", "cat"))


@pytest.mark.parametrize("kind", ["chain", "chain with side branches", "ladder"])
def test_long_graphs_are_no_deeper_than_python(kind: str) -> None:
    needs = {f"a{number}": frozenset({f"a{number - 1}"} if number else ()) for number in range(3000)}
    if kind == "chain with side branches":
        needs |= {f"b{number}": frozenset({f"a{number}"}) for number in range(3000)}
    if kind == "ladder":
        needs |= {f"b{number}": frozenset({f"a{number}", f"b{number - 1}"} & needs.keys()) for number in range(3000)}
    seconds = {name: len(name) for name in needs}
    assert run(schedule(needs, needs), seconds) == critical_path(needs, seconds)


def test_wide_layers_are_scheduled_exactly() -> None:
    needs = layered(20, 50, 3, Random(3))
    seconds = {name: Random(name).randint(0, 9) for name in needs}
    assert run(schedule(needs, needs), seconds) == critical_path(needs, seconds)


@pytest.fixture(scope="module")
def workflows() -> list[Recorded]:
    return recorded()


def test_recorded_workflows_take_as_long_as_their_critical_path(workflows: list[Recorded]) -> None:
    assert len(workflows) == 104
    for workflow in workflows:
        tree = schedule(workflow.needs, workflow.needs)
        assert run(tree, workflow.seconds) == critical_path(workflow.needs, workflow.seconds), workflow.name


def test_recorded_workflows_have_the_joins_that_the_documentation_tells(workflows: list[Recorded]) -> None:
    found: Counter[str] = Counter()
    for workflow in workflows:
        found[workflow.family] += len(joins(schedule(workflow.needs, workflow.needs)))
    page = (Path(__file__).parents[2] / "docs" / "scheduling.md").read_text()
    told = {
        family: int(count.replace(",", ""))
        for family, count in re.findall(r"^\| (\w+) \|.*?\| ([\d,]+) \| [\d,]+ \|$", page, re.M)
    }
    assert {family: count for family, count in told.items() if family in found} == found
