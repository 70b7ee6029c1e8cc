"""The raw images: what a camera would have seen of a sky that is known, with backgrounds that are known.

The sky is made up: a nebula and sixty stars. So a test can say how near the mosaic comes to it.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from functools import cache
from math import ceil, exp, floor
from typing import NamedTuple

from blueprints.montage.fits import Image, encode
from blueprints.montage.grid import Grid
from blueprints.montage.projection import pixel, sky
from blueprints.montage.survey import BANDS, MOSAIC, SCALE, SIDE, Exposure, exposures

STARS = 60

SEEING = 2.6
"""Width (sigma) of a star's image in pixels of the mosaic."""

NOISE = 0.5
"""Standard deviation of a pixel's noise in counts."""

CLOUDS = ((-14.0, 6.0, 16.0, 60.0, 0.5), (10.0, -8.0, 20.0, 45.0, 0.9), (2.0, 22.0, 11.0, 30.0, 1.4))
"""The nebula: pixels to the right of and above the middle, width, counts, and how red (power of the band's number)."""

BACKGROUNDS = {
    "j": ((212.0, 0.35, -0.20), (251.0, -0.15, 0.30), (188.0, 0.10, 0.25), (236.0, -0.40, -0.10)),
    "h": ((845.0, -0.60, 0.45), (790.0, 0.50, 0.35), (902.0, 0.25, -0.55), (818.0, -0.30, -0.40)),
    "k": ((530.0, 0.20, 0.40), (561.0, -0.35, -0.25), (498.0, 0.45, -0.30), (549.0, -0.10, 0.50)),
}
"""Band -> of each image: counts in its middle, and counts per pixel to the right and up."""


def raw_objects() -> Iterator[tuple[str, bytes]]:
    """Name and content of every raw image."""
    for band in BANDS:
        for exposure in exposures(band):
            yield exposure.name, encode(observed(exposure))


def observed(exposure: Exposure, noise: float = NOISE) -> Image:
    """What the camera sees: sky, background and noise; the same numbers each time."""
    grid, dice = camera(exposure), random.Random(exposure.name)
    behind = (background(exposure, x, y) for y in range(grid.height) for x in range(grid.width))
    light = shining(exposure.band, grid)
    return Image(array("d", (a + b + noise * dice.gauss(0.0, 1.0) for a, b in zip(light, behind, strict=True))), grid)


def camera(exposure: Exposure) -> Grid:
    """The grid of a raw image."""
    ra, dec = sky(MOSAIC, MOSAIC.x + exposure.right, MOSAIC.y + exposure.up)
    return Grid.turned(ra, dec, SCALE, SIDE, exposure.angle)


def background(exposure: Exposure, x: float, y: float) -> float:
    """The background at a pixel of the raw image."""
    level, right, up = BACKGROUNDS[exposure.band][exposure.number]
    middle = (SIDE - 1) / 2
    return level + right * (x - middle) + up * (y - middle)


class Light(NamedTuple):
    """Something that shines: its pixel on the mosaic, how wide it seems (sigma), and its counts in the middle."""

    x: float
    y: float
    width: float
    counts: float


@cache
def lights(band: str) -> tuple[Light, ...]:
    """The sky in a band."""
    redness, dice = 1.0 + BANDS.index(band), random.Random(17)
    clouds = [
        Light(MOSAIC.x + right, MOSAIC.y + up, width, counts * redness**power)
        for right, up, width, counts, power in CLOUDS
    ]
    stars = []
    for number in range(1, STARS + 1):
        x, y, colour = MOSAIC.width * dice.random(), MOSAIC.height * dice.random(), dice.random() - 0.5
        stars.append(Light(x, y, SEEING, 400.0 / number**0.7 * redness**colour))
    return (*clouds, *stars)


def shining(band: str, grid: Grid) -> array[float]:
    """The sky in a band at the pixels of a grid, whose pixels are as large as the mosaic's; in counts."""
    pixels = array("d", [0.0]) * (grid.width * grid.height)
    for light in lights(band):
        x, y = pixel(grid, *sky(MOSAIC, light.x, light.y))
        columns, rows = (
            {at: exp(-(((at - middle) / light.width) ** 2) / 2) for at in _near(middle, light.width, size)}
            for middle, size in ((x, grid.width), (y, grid.height))
        )
        for row, up in rows.items():
            for column, right in columns.items():
                pixels[row * grid.width + column] += light.counts * up * right
    return pixels


def _near(middle: float, width: float, size: int) -> range:
    """The pixels of a row or column that light reaches: six widths away it is 1e-8 of what it is in the middle."""
    return range(max(0, ceil(middle - 6 * width)), min(size, floor(middle + 6 * width) + 1))
