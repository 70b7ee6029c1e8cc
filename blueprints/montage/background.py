"""Making overlapping images agree: what Montage's mDiffFit, mConcatFit, mBgModel and mBackground do.

Every image has a background of its own, a plane. Where two images overlap the sky is the same, so that their difference
tells the difference of the backgrounds. The planes that explain all differences best are a problem of least squares;
what all images have in common cannot be told from the sky, and is left alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from math import isnan, sqrt

from blueprints.montage.fits import Image
from blueprints.montage.grid import Grid
from blueprints.montage.results import Backgrounds, PlaneFit
from blueprints.montage.solve import Vector, dot, product, solve


def fit(first: Image, second: Image, numbers: tuple[int, int], mosaic: Grid) -> PlaneFit:
    """The plane through the difference of two images; no weight where they do not overlap."""
    moments, wanted = [[0.0] * 3 for _ in range(3)], [0.0] * 3
    pixels, squares = 0, 0.0
    for terms, one, two in _shared(first, second, mosaic):
        value = one - two
        pixels += 1
        squares += value * value
        for row, term in enumerate(terms):
            wanted[row] += term * value
            for column, other in enumerate(terms):
                moments[row][column] += term * other
    return PlaneFit(*numbers, solve(partial(product, moments), wanted), moments, pixels, squares)


def table(fits: Sequence[PlaneFit]) -> list[PlaneFit]:
    """The differences that say something, in order of the images."""
    return sorted((one for one in fits if one.pixels), key=lambda one: (one.first, one.second))


def model(fits: Sequence[PlaneFit], images: int, levels_only: bool = False) -> Backgrounds:
    """The planes with which the images agree best over all pixels that any two of them share.

    Of all solutions, which differ by a plane that all images have in common, it is the one nearest to zero.
    """
    size = 1 if levels_only else 3
    weights = [[row[:size] for row in one.moments[:size]] for one in fits]

    def spread(pulls: Sequence[Vector]) -> Vector:
        """What pulls at the first image of each difference pulls at the second one the other way."""
        found = [0.0] * (images * size)
        for one, pull in zip(fits, pulls, strict=True):
            for term, value in enumerate(pull):
                found[one.first * size + term] += value
                found[one.second * size + term] -= value
        return found

    def times(planes: Vector) -> Vector:
        return spread([product(weight, _apart(planes, one, size)) for one, weight in zip(fits, weights, strict=True)])

    found = solve(times, spread([product(one.moments, one.plane)[:size] for one in fits]))
    planes = [[*found[image * size : (image + 1) * size], 0.0, 0.0][:3] for image in range(images)]
    return Backgrounds(planes, seams(fits), "levels" if levels_only else "planes")


def _apart(planes: Vector, one: PlaneFit, size: int) -> Vector:
    """The difference of the planes of two images."""
    return [planes[one.first * size + term] - planes[one.second * size + term] for term in range(size)]


def seams(fits: Sequence[PlaneFit]) -> float:
    """How much overlapping images differ, root mean square over all pixels of all overlaps."""
    pixels = sum(one.pixels for one in fits)
    return sqrt(sum(one.squares for one in fits) / pixels) if pixels else 0.0


def correct(image: Image, plane: Sequence[float], mosaic: Grid) -> Image:
    """The image without its background."""
    terms = _terms(image.grid, mosaic)
    return Image(
        array("d", (value - dot(plane, one) for value, one in zip(image.pixels, terms, strict=True))), image.grid
    )


def _terms(grid: Grid, mosaic: Grid) -> Iterator[tuple[float, float, float]]:
    """1, x and y of every pixel, from the middle of the mosaic."""
    left, bottom = mosaic.offset(grid)
    x, y = left - (mosaic.width - 1) / 2, bottom - (mosaic.height - 1) / 2
    return ((1.0, x + right, y + up) for up in range(grid.height) for right in range(grid.width))


def _shared(first: Image, second: Image, mosaic: Grid) -> Iterator[tuple[tuple[float, float, float], float, float]]:
    """The pixels that two images share: 1, x and y, and the value of each image."""
    common = _common(first.grid, second.grid, mosaic)
    for terms, one, two in zip(_terms(common, mosaic), _cut(first, common), _cut(second, common), strict=True):
        if not (isnan(one) or isnan(two)):
            yield terms, one, two


def _common(first: Grid, second: Grid, mosaic: Grid) -> Grid:
    """The rectangle of the mosaic that two parts share; empty where there is none."""
    (x, y), (other_x, other_y) = mosaic.offset(first), mosaic.offset(second)
    left, bottom = max(x, other_x), max(y, other_y)
    right = min(x + first.width, other_x + second.width)
    top = min(y + first.height, other_y + second.height)
    return mosaic.part(left, bottom, max(0, right - left), max(0, top - bottom))


def _cut(image: Image, part: Grid) -> Iterator[float]:
    left, bottom = image.grid.offset(part)
    for row in range(bottom, bottom + part.height):
        begin = row * image.grid.width + left
        yield from image.pixels[begin : begin + part.width]
