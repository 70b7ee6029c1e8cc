from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunsui.graph.decompose import Parallel, Part, Serial, decompose, members, order

from .dags import needs_of, trees

Needs = Mapping[str, frozenset[str]]


@st.composite
def dags(draw: st.DrawFn, largest: int = 12) -> Needs:
    size = draw(st.integers(1, largest))
    names = draw(st.permutations([f"n{number}" for number in range(size)]))
    return {
        name: frozenset(draw(st.sets(st.sampled_from(names[:position]))) if position else ())
        for position, name in enumerate(names)
    }


def before(tree: Part) -> set[tuple[str, str]]:
    """Pairs that the tree puts one after the other."""
    if isinstance(tree, str):
        return set()
    pairs = {pair for part in tree.parts for pair in before(part)}
    if isinstance(tree, Serial):
        groups = [list(members(part)) for part in tree.parts]
        pairs |= {
            (one, other)
            for position, group in enumerate(groups)
            for one in group
            for later in groups[position + 1 :]
            for other in later
        }
    return pairs


def makespan(tree: Part, seconds: Mapping[str, float]) -> float:
    if isinstance(tree, str):
        return seconds[tree]
    spans = [makespan(part, seconds) for part in tree.parts]
    return sum(spans) if isinstance(tree, Serial) else max(spans)


def critical_path(needs: Needs, seconds: Mapping[str, float]) -> float:
    ends: dict[str, float] = {}
    for name in order(needs):
        ends[name] = max((ends[one] for one in needs[name]), default=0.0) + seconds[name]
    return max(ends.values())


@given(dags())
def test_every_name_is_there_once(needs: Needs) -> None:
    assert sorted(members(decompose(needs))) == sorted(needs)


@given(dags())
def test_every_need_is_respected(needs: Needs) -> None:
    assert {(earlier, name) for name in needs for earlier in needs[name]} <= before(decompose(needs))


@given(dags())
def test_no_part_is_of_its_parents_kind_or_alone(needs: Needs) -> None:
    stack = [decompose(needs)]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            continue
        assert len(part.parts) >= 2
        assert all(type(inner) is not type(part) for inner in part.parts)
        stack.extend(part.parts)


@given(trees(), st.integers(0, 2**32))
@settings(deadline=None)
def test_series_parallel_graphs_wait_for_nothing_else(tree: Part, seed: int) -> None:
    needs = needs_of(tree)
    seconds = {name: random.Random(f"{seed}{name}").randint(1, 100) for name in needs}
    assert makespan(decompose(needs), seconds) == critical_path(needs, seconds)


@given(trees())
@settings(deadline=None)
def test_series_parallel_graphs_are_not_ordered_more_than_they_need(tree: Part) -> None:
    assert before(decompose(needs_of(tree))) == before(tree)


@given(dags(), st.integers(0, 2**32))
def test_a_barrier_costs_time_but_never_order(needs: Needs, seed: int) -> None:
    seconds = {name: random.Random(f"{seed}{name}").randint(1, 100) for name in needs}
    assert critical_path(needs, seconds) <= makespan(decompose(needs), seconds) <= sum(seconds.values())


@given(dags())
def test_order_is_topological(needs: Needs) -> None:
    position = {name: at for at, name in enumerate(order(needs))}
    assert len(position) == len(needs)
    assert all(position[earlier] < position[name] for name in needs for earlier in needs[name])


def test_ties_stand_in_the_order_of_declaration() -> None:
    needs = {name: frozenset[str]() for name in ("zebra", "ape", "cat")}
    assert order(needs) == ("zebra", "ape", "cat")
    assert decompose(needs) == Parallel(("zebra", "ape", "cat"))


def test_one_more_name_leaves_the_others_in_their_order() -> None:
    needs = {f"n{number}": frozenset[str]() for number in range(5)}
    assert tuple(name for name in order({"new": frozenset(), **needs}) if name != "new") == order(needs)


def test_names_that_are_not_keys_are_ignored() -> None:
    assert decompose({"a": frozenset({"elsewhere"}), "b": frozenset({"a"})}) == Serial(("a", "b"))


@pytest.mark.parametrize(
    ("needs", "tree"),
    [
        ({"a": ""}, "a"),
        ({"a": "", "b": "a", "c": "b"}, Serial(("a", "b", "c"))),
        ({"a": "", "b": "a", "c": "a", "d": "bc"}, Serial(("a", Parallel(("b", "c")), "d"))),
        ({"a": "", "b": "", "c": "a", "d": "b"}, Parallel((Serial(("a", "c")), Serial(("b", "d"))))),
        (
            {"a": "", "b": "", "c": "ab", "d": "ab"},
            Serial((Parallel(("a", "b")), Parallel(("c", "d")))),
        ),
        ({"a": "", "b": "", "c": "a", "d": "ab"}, Serial((Parallel(("a", "b")), Parallel(("c", "d"))))),
    ],
    ids=["one", "chain", "diamond", "two chains", "two by two", "N gets a barrier"],
)
def test_known_graphs(needs: Mapping[str, str], tree: Part) -> None:
    assert decompose({name: frozenset(wanted) for name, wanted in needs.items()}) == tree


def test_a_thousand_operations_are_quick_and_not_too_deep() -> None:
    chain = {f"n{number}": frozenset({f"n{number - 1}"} if number else ()) for number in range(1000)}
    tree = decompose(chain)
    assert isinstance(tree, Serial)
    assert len(tree.parts) == 1000
