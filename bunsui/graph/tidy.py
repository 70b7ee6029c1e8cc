"""The tree as it is meant to be read: no part within a part of its own kind, branches in the order of declaration."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from bunsui.graph.network import Both, Work
from bunsui.graph.part import Arrive, Join, Parallel, Part, Serial


class _Piece(NamedTuple):
    """A part, the position of its first declared name, and its last name, by which arrivals behind it go."""

    part: Part
    first: int
    last: str


def tidy(root: Work, rank: Mapping[str, int]) -> Part:
    """The same order, flat; arrivals have the name that they come behind, and none begins a branch.

    Args:
        root: parts within parts, whose arrivals have no names.
        rank: name -> position among the declarations.
    """
    made: dict[int, _Piece] = {}
    for work in reversed(list(_composed(root))):
        pieces = [made.get(id(inner)) or _leaf(inner, rank) for inner in _flat(work)]
        made[id(work)] = _forked(pieces) if work.parallel else _joined(pieces)
    return (made.get(id(root)) or _leaf(root, rank)).part


def _composed(root: Work) -> Iterator[Both]:
    """All that is composed within work that is composed otherwise; outer ones first."""
    stack = [root]
    while stack:
        work = stack.pop()
        if isinstance(work, Both):
            yield work
            stack.extend(_flat(work))


def _flat(whole: Both) -> Iterator[Work]:
    """What is composed, through all that is composed alike."""
    stack = [whole.other, whole.one]
    while stack:
        work = stack.pop()
        if isinstance(work, Both) and work.parallel is whole.parallel:
            stack += work.other, work.one
        else:
            yield work


def _leaf(part: Work, rank: Mapping[str, int]) -> _Piece:
    match part:
        case str():
            return _Piece(part, rank[part], part)
        case Join(consumer):
            return _Piece(part, rank[consumer], consumer)
        case Arrive():
            return _Piece(part, len(rank), "")
    raise TypeError(part)


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
