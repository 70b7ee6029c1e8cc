"""Critical path, slack and waves against what their definitions say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunsui.simulate.timing import timing, waves

DIAMOND = {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, frozenset[str]], dict[str, float]]:
    names = [f"n{at}" for at in range(draw(st.integers(1, 12)))]
    needs = {
        name: frozenset(draw(st.sets(st.sampled_from(names[:at])))) if at else frozenset()
        for at, name in enumerate(names)
    }
    return needs, {name: float(draw(st.integers(0, 9))) for name in names}


def test_a_diamond() -> None:
    found = timing(DIAMOND, {"a": 1.0, "b": 5.0, "c": 2.0, "d": 1.0})
    assert (found.makespan, found.path) == (7.0, ("a", "b", "d"))
    assert found.slack == {"a": 0.0, "b": 0.0, "c": 3.0, "d": 0.0}


def test_waves_wait_for_their_slowest() -> None:
    needs = {"a": set(), "b": set(), "c": {"a"}, "d": {"b"}}
    seconds = {"a": 9.0, "b": 1.0, "c": 1.0, "d": 9.0}
    assert timing(needs, seconds).makespan == 10.0
    assert waves(needs, seconds) == (9.0, 9.0)


def test_gates_take_no_time_and_no_level() -> None:
    needs = {"a": set(), "gate": {"a"}, "b": {"gate"}, "c": {"a"}}
    seconds = {"a": 1.0, "b": 2.0, "c": 3.0}
    found = timing(needs, seconds)
    assert found.path == ("a", "c")
    assert found.slack == {"a": 0.0, "b": 1.0, "c": 0.0}
    assert waves(needs, seconds) == (1.0, 3.0)


def test_nothing_takes_nothing() -> None:
    assert timing({}, {}).makespan == 0.0
    assert timing({}, {}).path == ()
    assert waves({}, {}) == ()


@given(graphs())
def test_the_path_is_a_chain_as_long_as_the_makespan(graph: tuple[dict[str, frozenset[str]], dict[str, float]]) -> None:
    needs, seconds = graph
    found = timing(needs, seconds)
    assert sum(seconds[name] for name in found.path) == pytest.approx(found.makespan)
    assert all(earlier in needs[later] for earlier, later in zip(found.path, found.path[1:], strict=False))
    assert not needs[found.path[0]]
    assert found.makespan <= sum(waves(needs, seconds))


@given(graphs(), st.data())
def test_slack_is_how_much_longer_it_may_take(
    graph: tuple[dict[str, frozenset[str]], dict[str, float]], data: st.DataObject
) -> None:
    needs, seconds = graph
    found = timing(needs, seconds)
    name = data.draw(st.sampled_from(list(needs)))
    just = {**seconds, name: seconds[name] + found.slack[name]}
    assert timing(needs, just).makespan == pytest.approx(found.makespan)
    assert timing(needs, {**just, name: just[name] + 1}).makespan == pytest.approx(found.makespan + 1)
