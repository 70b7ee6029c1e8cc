"""Systems of linear equations that least squares lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum

Vector = list[float]

PRECISE = 1e-24
"""Squared residual at which to stop, as a share of that at the beginning."""


def solve(times: Callable[[Vector], Vector], wanted: Sequence[float]) -> Vector:
    """The x nearest to zero with `times(x) == wanted`, by conjugate gradients.

    From zero the method never leaves the space that the matrix maps to, so that what the equations do not determine
    stays zero. (Hestenes & Stiefel 1952; it ends after as many steps as there are unknowns, but for rounding.)

    Args:
        times: multiplies a symmetric matrix, none of whose eigenvalues is negative, with a vector.
        wanted: the right side, which has to be in the space that the matrix maps to.
    """
    x, residual = [0.0] * len(wanted), list(wanted)
    direction, size = list(residual), dot(residual, residual)
    enough = size * PRECISE
    for _ in range(20 * len(wanted)):
        if size <= enough:
            break
        image = times(direction)
        step = size / dot(direction, image)
        x = [a + step * b for a, b in zip(x, direction, strict=True)]
        residual = [a - step * b for a, b in zip(residual, image, strict=True)]
        before, size = size, dot(residual, residual)
        direction = [a + size / before * b for a, b in zip(residual, direction, strict=True)]
    return x


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """The scalar product."""
    return fsum(a * b for a, b in zip(one, other, strict=True))


def product(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> Vector:
    """Matrix times vector."""
    return [dot(row, vector) for row in matrix]
