"""Making overlapping images agree: what Montage's mDiffFit, mConcatFit, mBgModel and mBackground do.

Every image has a background of its own, a plane. Where two images overlap the sky is the same, so that their difference
tells the difference of the backgrounds. The planes that explain all differences best are a problem of least squares;
what all images have in common cannot be told from the sky, and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blueprints.montage.fits import Image, Pixels
from blueprints.montage.grid import Grid
from blueprints.montage.projection import positions
from blueprints.montage.results import Backgrounds, PlaneFit


def fit(first: Image, second: Image, numbers: tuple[int, int], mosaic: Grid) -> PlaneFit:
    """The plane through the difference of two images; no weight where they do not overlap."""
    here, there = _shared(first, second, mosaic)
    difference = here - there
    seen = np.isfinite(difference)
    values = difference[seen]
    basis = _basis(_common(first.grid, second.grid, mosaic), mosaic)[seen]
    plane, *_ = np.linalg.lstsq(basis, values, rcond=None)
    moments = basis.T @ basis
    return PlaneFit(*numbers, plane.tolist(), moments.tolist(), int(values.size), float(values @ values))


def table(fits: Sequence[PlaneFit]) -> list[PlaneFit]:
    """The differences that say something, in order of the images."""
    return sorted((one for one in fits if one.pixels), key=lambda one: (one.first, one.second))


def model(fits: Sequence[PlaneFit], images: int, levels_only: bool = False) -> Backgrounds:
    """The planes with which the images agree best over all pixels that any two of them share.

    Of all solutions, which differ by a plane that all images have in common, it is the one nearest to zero.
    """
    size = 1 if levels_only else 3
    matrix = np.zeros((images, size, images, size))
    wanted = np.zeros((images, size))
    for one in fits:
        weight = np.array(one.moments)
        pull = (weight @ np.array(one.plane))[:size]
        for image, other, sign in ((one.first, one.second, 1.0), (one.second, one.first, -1.0)):
            matrix[image, :, image] += weight[:size, :size]
            matrix[image, :, other] -= weight[:size, :size]
            wanted[image] += sign * pull
    square = images * size
    solution, *_ = np.linalg.lstsq(matrix.reshape(square, square), wanted.reshape(square), rcond=None)
    planes = np.zeros((images, 3))
    planes[:, :size] = solution.reshape(images, size)
    return Backgrounds(planes.tolist(), seams(fits), "levels" if levels_only else "planes")


def seams(fits: Sequence[PlaneFit]) -> float:
    """How much overlapping images differ, root mean square over all pixels of all overlaps."""
    pixels = sum(one.pixels for one in fits)
    return float(np.sqrt(sum(one.squares for one in fits) / pixels)) if pixels else 0.0


def correct(image: Image, plane: Sequence[float], mosaic: Grid) -> Image:
    """The image without its background."""
    return Image(image.pixels - _basis(image.grid, mosaic) @ np.array(plane), image.grid)


def _basis(grid: Grid, mosaic: Grid) -> NDArray[np.float64]:
    """1, x and y of every pixel, from the middle of the mosaic."""
    left, bottom = mosaic.offset(grid)
    x, y = positions(grid)
    return np.stack([np.ones_like(x), x + left - (mosaic.width - 1) / 2, y + bottom - (mosaic.height - 1) / 2], axis=-1)


def _common(first: Grid, second: Grid, mosaic: Grid) -> Grid:
    """The rectangle of the mosaic that two parts share; empty where there is none."""
    (x, y), (other_x, other_y) = mosaic.offset(first), mosaic.offset(second)
    left, bottom = max(x, other_x), max(y, other_y)
    right = min(x + first.width, other_x + second.width)
    top = min(y + first.height, other_y + second.height)
    return mosaic.part(left, bottom, max(0, right - left), max(0, top - bottom))


def _shared(first: Image, second: Image, mosaic: Grid) -> tuple[Pixels, Pixels]:
    """The pixels of two images on the rectangle that they share."""
    common = _common(first.grid, second.grid, mosaic)
    return _cut(first, common), _cut(second, common)


def _cut(image: Image, part: Grid) -> Pixels:
    left, bottom = image.grid.offset(part)
    return image.pixels[bottom : bottom + part.height, left : left + part.width]
