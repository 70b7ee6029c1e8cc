"""Large stacks become families: a root, and nested stacks for what may move.

CloudFormation allows 500 resources and 1 MB a template. A unit that has a place keeps it, whatever is added: names in
AWS are fixed, so that a unit could not be created in one stack before it is deleted from another. The places are kept
in the manifest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from bunsui.compile.pretty import pretty
from bunsui.compile.stack import Unit
from bunsui.errors import DeclarationError

RESOURCES = 400
SIZE = 800_000
"""A stack takes nothing new past this many resources or bytes."""

MOST_RESOURCES = 500
MOST_SIZE = 1_000_000
"""CloudFormation quotas (AWS CloudFormation user guide, "cloudformation-limits")."""

ROOT = "root"
STACK_SIZE = 600
"""Bytes of a nested stack's resource in the root's template."""


def place(
    fixed: Sequence[Unit],
    movable: Sequence[Unit],
    before: Mapping[str, str],
    limit: tuple[int, int] = (RESOURCES, SIZE),
) -> dict[str, str]:
    """Unit key -> `root` or the name of a nested stack (`nested-1`, …).

    Raises:
        DeclarationError: BUN301 when what has to stay in one stack does not fit CloudFormation's quotas.
    """
    sizes = {unit.key: (len(unit.resources), _size(unit)) for unit in (*fixed, *movable)}
    total = [sum(column) for column in zip(*sizes.values(), strict=True)]
    kept = {unit.key: before[unit.key] for unit in movable if unit.key in before}
    if not any(stack != ROOT for stack in kept.values()) and total[0] <= limit[0] and total[1] <= limit[1]:
        return {unit.key: ROOT for unit in movable}
    used: dict[str, tuple[int, int]] = {ROOT: (0, 0)}
    for unit in fixed:
        used[ROOT] = _add(used[ROOT], sizes[unit.key])
    for key, stack in kept.items():
        _put(used, stack, sizes[key])
    for unit in movable:
        if unit.key not in kept:
            kept[unit.key] = stack = _room(used, sizes[unit.key], limit)
            _put(used, stack, sizes[unit.key])
    _check(used)
    return {unit.key: kept[unit.key] for unit in movable}


def _put(used: dict[str, tuple[int, int]], stack: str, size: tuple[int, int]) -> None:
    if stack not in used:
        used[stack] = (0, 0)
        used[ROOT] = _add(used[ROOT], (1, STACK_SIZE))
    used[stack] = _add(used[stack], size)


def _room(used: Mapping[str, tuple[int, int]], size: tuple[int, int], limit: tuple[int, int]) -> str:
    for stack, taken in used.items():
        count, length = _add(taken, size)
        if count <= limit[0] and length <= limit[1]:
            return stack
    return next(name for name in (f"nested-{number}" for number in itertools.count(1)) if name not in used)


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _size(unit: Unit) -> int:
    return len(pretty(unit.resources))


def _check(used: Mapping[str, tuple[int, int]]) -> None:
    for stack, (count, size) in used.items():
        if count > MOST_RESOURCES or size > MOST_SIZE:
            raise DeclarationError(
                "BUN301",
                f"stack {stack!r} has {count} resources and {size:,} bytes; CloudFormation allows {MOST_RESOURCES} "
                f"and {MOST_SIZE:,}",
                hint="divide the pipeline in two, or remove the assembly so that places are given anew "
                "(functions are then replaced)",
            )
