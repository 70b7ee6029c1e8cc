"""The lines of a drawing, followed with a finger, lead from box to box as the edges do."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bunsui.diagram.boxes import DOWN, LEFT, LINES, RIGHT, UP, boxes

MASKS = {character: mask for mask, character in LINES.items()}
STEPS = {UP: (-1, 0), DOWN: (1, 0), LEFT: (0, -1), RIGHT: (0, 1)}
OPPOSITE = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}

Graph = tuple[list[str], set[tuple[str, str]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    names = [f"{'n' * draw(st.integers(1, 12))}{at}" for at in range(draw(st.integers(1, 9)))]
    pairs = [(one, other) for at, one in enumerate(names) for other in names[at + 1 :]]
    return names, draw(st.sets(st.sampled_from(pairs))) if pairs else set()


def found_boxes(lines: list[str]) -> dict[str, tuple[int, range]]:
    """Name -> row of the upper border, and columns."""
    return {
        found["name"]: (row - 1, range(found.start(), found.end()))
        for row, line in enumerate(lines)
        for found in re.finditer(r"[│║] +(?P<name>n+\d+) +[│║]", line)
    }


def reached(lines: list[str], row: int, column: int) -> set[tuple[int, int]]:
    """The tips of arrows that one comes to when one follows the lines down from a place."""
    tips, waiting, seen = set(), [(row, column, DOWN)], set()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        at, across, heading = place
        character = lines[at][across]
        if character == "▼":
            tips.add((at, across))
            continue
        mask = MASKS[character]
        if character == "│" and heading in (LEFT, RIGHT):  # passes below what goes down
            mask = LEFT | RIGHT
        assert mask & OPPOSITE[heading], f"{character} at {at}, {across} is not met from there"
        for direction, (down, right) in STEPS.items():
            if mask & direction and direction != OPPOSITE[heading]:
                waiting.append((at + down, across + right, direction))
    return tips


@given(graphs(), st.data())
def test_every_line_is_an_edge(graph: Graph, data: st.DataObject) -> None:
    names, edges = graph
    joined = data.draw(st.sets(st.sampled_from(names)))
    lines = boxes({name: name for name in names}, edges, joined, 10_000)
    assert lines is not None
    width = max(map(len, lines))
    padded = [line.ljust(width) for line in lines]
    where = found_boxes(padded)
    assert where.keys() == set(names)
    drawn = set()
    for name, (row, columns) in where.items():
        assert (padded[row][columns[0]] == "╔") == (name in joined)
        below = padded[row + 2][columns[0] : columns[-1] + 1]
        for column in (at for at, character in zip(columns, below, strict=True) if character in "┬╤"):
            for tip_row, tip_column in reached(padded, row + 3, column):
                drawn |= {
                    (name, other) for other, (top, span) in where.items() if top == tip_row and tip_column in span
                }
    assert drawn == edges


DIAMOND = """\
    ┌───┐
    │ a │
    └─┬─┘
   ╭──┴──╮
┌──▼┐  ┌─▼─┐
│ b │  │ c │
└─┬─┘  └┬──┘
  ╰──╮ ╭╯
   ╔═▼═▼╗
   ║ d  ║
   ╚════╝"""


def test_a_diamond_that_fits_and_one_that_does_not() -> None:
    labels, edges = {name: name for name in "abcd"}, [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    drawn = boxes(labels, edges, {"d"}, 12)
    assert drawn is not None
    assert "\n".join(drawn) == DIAMOND
    assert boxes(labels, edges, {"d"}, 11) is None
