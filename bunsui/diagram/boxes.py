"""Boxes in layers from top to bottom, joined by lines of box-drawing characters.

What leaves a vertex goes down on an even column, what comes in on an odd one, unless one is right below the other. So
lines of two sources never lie upon each other; where they cross, the one that goes down is drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bunsui.diagram.layered import Bend, Layers, Vertex, layered, placed

GAP = 2
"""Columns between two boxes."""
SINGLE, DOUBLE = tuple("┌─┐│└┘┬"), tuple("╔═╗║╚╝╤")
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
LINES = {
    UP | DOWN: "│",
    LEFT | RIGHT: "─",
    UP | LEFT: "╯",
    UP | RIGHT: "╰",
    DOWN | LEFT: "╮",
    DOWN | RIGHT: "╭",
    UP | DOWN | LEFT: "┤",
    UP | DOWN | RIGHT: "├",
    UP | LEFT | RIGHT: "┴",
    DOWN | LEFT | RIGHT: "┬",
    UP | DOWN | LEFT | RIGHT: "┼",
}

Grid = dict[tuple[int, int], str]
"""Row and column -> character."""


@dataclass(slots=True)
class _Spot:
    """Where a vertex stands: its left column and width, the column below it, and by source the columns above it."""

    left: int
    width: int
    out: int
    ins: dict[Vertex, int]


def boxes(
    labels: Mapping[str, str], edges: Iterable[tuple[str, str]], joined: Collection[str], width: int
) -> list[str] | None:
    """The lines of a drawing; None where it would be wider.

    Args:
        labels: name -> what stands in its box.
        edges: from name to name.
        joined: names whose boxes have double borders.
        width: columns that there are.
    """
    found = layered(list(labels), edges)
    sources: dict[Vertex, list[Vertex]] = defaultdict(list)
    for vertex, targets in found.links.items():
        for target in targets:
            sources[target].append(vertex)
    widths = {vertex: _width(vertex, labels, len(sources[vertex])) for vertex in found.links}
    if any(sum(widths[vertex] + GAP for vertex in layer) - GAP > width for layer in found.layers):
        return None
    spots = _spots(found, widths, sources)
    if max(spot.left + spot.width for spot in spots.values()) > width:
        return None
    grid: Grid = {}
    row = 0
    for number, layer in enumerate(found.layers):
        for vertex in layer:
            if isinstance(vertex, Bend):
                _bend(grid, row, spots[vertex])
            else:
                leads = bool(found.links[vertex])
                _box(grid, row, spots[vertex], labels[vertex], DOUBLE if vertex in joined else SINGLE, leads=leads)
        row += 3
        if number + 1 < len(found.layers):
            row += _channel(grid, row, layer, found.links, spots)
    return _rendered(grid)


def _width(vertex: Vertex, labels: Mapping[str, str], entries: int) -> int:
    """Room for the label, and for an odd column for each line that comes in."""
    return 3 if isinstance(vertex, Bend) else max(len(labels[vertex]) + 4, 2 * entries + 2)


def _spots(
    found: Layers, widths: Mapping[Vertex, int], sources: Mapping[Vertex, Sequence[Vertex]]
) -> dict[Vertex, _Spot]:
    middle = placed(found, widths.__getitem__, GAP)
    spots: dict[Vertex, _Spot] = {}
    for layer in found.layers:
        free = 0
        for vertex in layer:
            left = max(free, round(middle[vertex] - widths[vertex] / 2))
            out = left + left % 2 if isinstance(vertex, Bend) else (left + widths[vertex] // 2) // 2 * 2
            spot = spots[vertex] = _Spot(left, widths[vertex], out, {})
            free = left + spot.width + GAP
            for source in sorted(sources[vertex], key=lambda one: spots[one].out):
                spot.ins[source] = _entry(spot, spots[source].out, vertex)
    return spots


def _entry(spot: _Spot, above: int, vertex: Vertex) -> int:
    """The column right below the source if it can be, else the nearest odd one that is free."""
    inside = range(spot.left + 1, spot.left + spot.width - 1)
    if isinstance(vertex, Bend):
        return above if above == spot.out else spot.left + 1 - spot.left % 2
    taken = spot.ins.values()
    free = [column for column in inside if column not in taken and (column % 2 or column == above)]
    return min(free, key=lambda column: (abs(column - above), column))


def _box(grid: Grid, row: int, spot: _Spot, label: str, border: Sequence[str], *, leads: bool) -> None:
    upper_left, across, upper_right, side, lower_left, lower_right, out = border
    inner = spot.width - 2
    text = (
        upper_left + across * inner + upper_right,
        side + label.center(inner) + side,
        lower_left + across * inner + lower_right,
    )
    for offset, line in enumerate(text):
        for column, character in enumerate(line, spot.left):
            grid[row + offset, column] = character
    for column in spot.ins.values():
        grid[row, column] = "▼"
    if leads:
        grid[row + 2, spot.out] = out


def _bend(grid: Grid, row: int, spot: _Spot) -> None:
    """Down, with a step in the middle from the odd column to the even one."""
    (entry,) = spot.ins.values()
    grid[row, entry] = grid[row + 2, spot.out] = grid[row + 1, entry] = "│"
    if entry != spot.out:
        grid[row + 1, entry] = "╰" if entry < spot.out else "╯"
        grid[row + 1, spot.out] = "╮" if entry < spot.out else "╭"


def _channel(
    grid: Grid,
    row: int,
    layer: Sequence[Vertex],
    links: Mapping[Vertex, Sequence[Vertex]],
    spots: Mapping[Vertex, _Spot],
) -> int:
    """The lines between a layer and the next; how many rows they take."""
    entries = {vertex: [spots[target].ins[vertex] for target in links[vertex]] for vertex in layer if links[vertex]}
    tracks = _tracks({vertex: (*columns, spots[vertex].out) for vertex, columns in entries.items()})
    height = max(tracks.values(), default=0) + 1
    masks: dict[tuple[int, int], dict[Vertex, int]] = defaultdict(lambda: defaultdict(int))
    for vertex, columns in entries.items():
        out, track = spots[vertex].out, row + tracks[vertex]
        for line in range(row, track):
            masks[line, out][vertex] |= UP | DOWN
        masks[track, out][vertex] |= UP
        for column in range(min(*columns, out), max(*columns, out)):
            masks[track, column][vertex] |= RIGHT
            masks[track, column + 1][vertex] |= LEFT
        for column in columns:
            masks[track, column][vertex] |= DOWN
            for line in range(track + 1, row + height):
                masks[line, column][vertex] |= UP | DOWN
    for place, of in masks.items():
        upright = [mask for mask in of.values() if mask == UP | DOWN]
        grid[place] = LINES[upright[0] if upright else next(iter(of.values()))]
    return height


def _tracks(columns: Mapping[Vertex, Sequence[int]]) -> dict[Vertex, int]:
    """A row for each source, where its line across meets no other."""
    found: dict[Vertex, int] = {}
    ends: list[int] = []
    for vertex in sorted(columns, key=lambda one: (min(columns[one]), max(columns[one]))):
        first, last = min(columns[vertex]), max(columns[vertex])
        if first == last:
            found[vertex] = 0
            continue
        track = next((at for at, end in enumerate(ends) if end < first), len(ends))
        ends[track:] = [last, *ends[track + 1 :]]
        found[vertex] = track
    return found


def _rendered(grid: Grid) -> list[str]:
    height = max((row for row, _ in grid), default=-1) + 1
    rows = [[" "] * (max((column for at, column in grid if at == row), default=-1) + 1) for row in range(height)]
    for (row, column), character in grid.items():
        rows[row][column] = character
    return ["".join(row) for row in rows]
