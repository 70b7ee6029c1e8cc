"""Adding images up to a mosaic: what Montage's mImgtbl and mAdd do."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import isnan, nan, sqrt

from blueprints.montage.fits import Image
from blueprints.montage.grid import Grid
from blueprints.montage.results import Placed


def placed(image: Image, mosaic: Grid) -> Placed:
    """The image's entry in the table of images."""
    left, bottom = mosaic.offset(image.grid)
    return Placed(left, bottom, image.grid.width, image.grid.height, _seen(image))


def covered(image: Image) -> float:
    """Share of the pixels that show something, from 0 to 1."""
    return _seen(image) / len(image.pixels)


def add(images: Sequence[Image], table: Sequence[Placed], mosaic: Grid) -> tuple[Image, float]:
    """The mean of the images on the mosaic's grid, and the root mean square of the differences of every two.

    Raises:
        ValueError: an image is not as the table says.
    """
    found: list[list[float]] = [[] for _ in range(mosaic.width * mosaic.height)]
    for image, entry in zip(images, table, strict=True):
        if placed(image, mosaic) != entry:
            raise ValueError(f"the table says {entry}, but the image is {placed(image, mosaic)}")
        for at, value in enumerate(image.pixels):
            if not isnan(value):
                up, right = divmod(at, entry.width)
                found[(entry.bottom + up) * mosaic.width + entry.left + right].append(value)
    means = array("d", (sum(values) / len(values) if values else nan for values in found))
    return Image(means, mosaic), _seams(found, means)


def _seams(found: Sequence[Sequence[float]], means: Sequence[float]) -> float:
    """The squared differences of every two of n numbers are n times the squared differences from their mean."""
    pairs = sum(len(values) * (len(values) - 1) // 2 for values in found)
    squares = sum(
        len(values) * sum((value - mean) ** 2 for value in values) for values, mean in zip(found, means, strict=True)
    )
    return sqrt(squares / pairs) if pairs else 0.0


def _seen(image: Image) -> int:
    return sum(not isnan(value) for value in image.pixels)
