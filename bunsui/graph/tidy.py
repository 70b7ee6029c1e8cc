"""The tree as it is meant to be read: no part within a part of its own kind, branches in the order of declaration."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial


class _Piece(NamedTuple):
    """A part, the position of its first declared name, and its last name, by which arrivals behind it go."""

    part: Part
    first: int
    last: str


def tidy(root: Part, rank: Mapping[str, int]) -> Part:
    """The same order, flat; arrivals have the name that they come behind, and none begins a branch.

    Args:
        root: parts within parts, whose arrivals have no names.
        rank: name -> position among the declarations.
    """
    made: dict[int, _Piece] = {}
    for part in reversed(list(_composed(root))):
        pieces = [made.get(id(inner)) or _leaf(inner, rank) for inner in _flat(part)]
        made[id(part)] = _joined(pieces) if isinstance(part, Serial) else _forked(pieces)
    return (made.get(id(root)) or _leaf(root, rank)).part


def _composed(root: Part) -> Iterator[Part]:
    """All parts of parts, those of another kind than what they are in; outer ones first."""
    stack = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, Serial | Parallel):
            yield part
            stack.extend(_flat(part))


def _flat(part: Part) -> Iterator[Part]:
    """The parts of a part, through parts of its own kind."""
    assert isinstance(part, Serial | Parallel)
    stack = list(reversed(part.parts))
    while stack:
        inner = stack.pop()
        if isinstance(inner, Serial | Parallel) and type(inner) is type(part):
            stack.extend(reversed(inner.parts))
        else:
            yield inner


def _leaf(part: Part, rank: Mapping[str, int]) -> _Piece:
    match part:
        case str():
            return _Piece(part, rank[part], part)
        case Join(consumer):
            return _Piece(part, rank[consumer], consumer)
    return _Piece(part, len(rank), "")


def _joined(pieces: Iterable[_Piece]) -> _Piece:
    """Pieces in line; what arrives at the same place arrives at once, by the name that it comes behind."""
    parts: list[Part] = []
    first, last = sys.maxsize, ""
    for arriving, group in groupby(pieces, key=lambda piece: isinstance(piece.part, Arrive)):
        if arriving:
            arrivals = {one for piece in group if isinstance(piece.part, Arrive) for one in piece.part.arrivals}
            parts.append(Arrive(last, tuple(sorted(arrivals))))
            continue
        for piece in group:
            parts.append(piece.part)
            first, last = min(first, piece.first), piece.last
    return _Piece(Serial(tuple(parts)) if len(parts) > 1 else parts[0], first, last)


def _forked(branches: Iterable[_Piece]) -> _Piece:
    """Pieces side by side."""
    ordered = sorted(branches, key=lambda branch: branch.first)
    return _Piece(Parallel(tuple(branch.part for branch in ordered)), ordered[0].first, ordered[-1].last)
