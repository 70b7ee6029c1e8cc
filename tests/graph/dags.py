"""Graphs for tests: random ones, and those recorded in the WfInstances collection."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import strategies as st

from bunsui.graph.order import order
from bunsui.graph.part import Parallel, Part, Serial, members

Needs = Mapping[str, frozenset[str]]

SHARED = Path(os.environ.get("BUNSUI_SHARED") or Path(__file__).parents[2].parent / "shared")
RECORDED = SHARED / "data" / "dags" / "wfinstances.jsonl"


class Recorded(NamedTuple):
    """A recorded workflow, with the seconds that its tasks took."""

    name: str
    needs: Needs
    seconds: Mapping[str, float]

    @property
    def family(self) -> str:
        return self.name.split("-")[0]


def recorded() -> list[Recorded]:
    if not RECORDED.is_file():
        pytest.skip(f"no recorded data at {RECORDED}; set BUNSUI_SHARED")
    return [_recorded(json.loads(line)) for line in RECORDED.read_text().splitlines()]


def _recorded(row: dict) -> Recorded:
    needs = {f"t{task}": frozenset(f"t{parent}" for parent in parents) for task, parents in enumerate(row["parents"])}
    return Recorded(row["name"], needs, dict(zip(needs, row["runtime_s"], strict=True)))


@st.composite
def dags(draw: st.DrawFn, largest: int = 60) -> Needs:
    """Sparse and dense ones, in which names are not declared in the order of their needs."""
    size, most = draw(st.integers(1, largest)), draw(st.integers(1, 5))
    names = [f"n{number}" for number in range(size)]
    needs = {
        name: draw(st.frozensets(st.sampled_from(names[:position]), max_size=most)) if position else frozenset()
        for position, name in enumerate(names)
    }
    return {name: needs[name] for name in draw(st.permutations(names))}


@st.composite
def dense_dags(draw: st.DrawFn, largest: int = 12) -> Needs:
    """Any set of earlier names may be needed."""
    size = draw(st.integers(1, largest))
    names = draw(st.permutations([f"n{number}" for number in range(size)]))
    return {
        name: frozenset(draw(st.sets(st.sampled_from(names[:position]))) if position else ())
        for position, name in enumerate(names)
    }


def critical_path(needs: Needs, seconds: Mapping[str, float]) -> float:
    """When the last name ends if each begins with the end of its needs."""
    ends: dict[str, float] = {}
    for name in order(needs):
        ends[name] = max((ends[one] for one in needs[name]), default=0.0) + seconds[name]
    return max(ends.values())


def durations(needs: Needs) -> st.SearchStrategy[Mapping[str, int]]:
    """Seconds of each name; many are alike, and some are none."""
    return st.fixed_dictionaries({name: st.sampled_from([0, 1, 1, 2, 3, 60]) for name in needs})


def parts_of(needs: Needs) -> st.SearchStrategy[Needs]:
    """For each name some of its needs."""
    choices = {
        name: st.frozensets(st.sampled_from(sorted(before))) if before else st.just(frozenset[str]())
        for name, before in needs.items()
    }
    return st.fixed_dictionaries(choices)


def trees(kinds: tuple[type, ...] = (Serial, Parallel)) -> st.SearchStrategy[Part]:
    """Trees in which no part is of its parent's kind."""

    def name(tree: Part, counter: Iterator[int]) -> Part:
        if isinstance(tree, str):
            return f"n{next(counter)}"
        return type(tree)(tuple(name(part, counter) for part in tree.parts))

    leaves: st.SearchStrategy[Part] = st.just("leaf")
    deep = st.recursive(
        leaves,
        lambda inner: st.builds(
            lambda kind, parts: kind(tuple(parts)), st.sampled_from(kinds), st.lists(inner, min_size=2, max_size=4)
        ),
        max_leaves=14,
    )
    return deep.map(lambda tree: name(tree, iter(range(1000))))


def needs_of(tree: Part) -> Needs:
    """Everything that a tree of parts puts in order."""
    found: dict[str, set[str]] = {name: set() for name in members(tree)}

    def walk(part: Part) -> None:
        if isinstance(part, str):
            return
        for inner in part.parts:
            walk(inner)
        if isinstance(part, Serial):
            for earlier, later in zip(part.parts, part.parts[1:], strict=False):
                for name in members(later):
                    found[name] |= set(members(earlier))

    walk(tree)
    return {name: frozenset(before) for name, before in found.items()}


def random_dag(size: int, density: float, random: Random) -> Needs:
    names = [f"n{number}" for number in range(size)]
    return {
        name: frozenset(earlier for earlier in names[:position] if random.random() < density)
        for position, name in enumerate(names)
    }


def layered(layers: int, width: int, degree: int, random: Random) -> Needs:
    """Layers in which each name needs some of the layer before."""
    needs: dict[str, frozenset[str]] = {}
    above: list[str] = []
    for layer in range(layers):
        names = [f"l{layer}n{number}" for number in range(width)]
        needs |= {name: frozenset(random.sample(above, min(degree, len(above)))) for name in names}
        above = names
    return needs


def cover_sets(needs: Needs) -> Iterator[frozenset[str]]:
    """The distinct sets of names directly before a name, by the definition: needs that no other need comes after."""
    earlier: dict[str, frozenset[str]] = {}

    def all_before(name: str) -> frozenset[str]:
        stack = [name]
        while stack:
            top = stack[-1]
            missing = [one for one in needs[top] if one not in earlier]
            if missing:
                stack += missing
            else:
                stack.pop()
                earlier[top] = needs[top].union(*(earlier[one] for one in needs[top]))
        return earlier[name]

    for name in needs:
        all_before(name)
    yield from {before - frozenset().union(*(earlier[one] for one in before)) for before in needs.values()}
