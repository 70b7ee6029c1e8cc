"""The raw images: what a camera would have seen of a sky that is known, with backgrounds that are known.

The sky is made up: a nebula and sixty stars. So a test can say how near the mosaic comes to it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from blueprints.montage.fits import Image, Pixels, encode
from blueprints.montage.grid import Grid
from blueprints.montage.projection import pixel, positions, sky
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
    grid = camera(exposure)
    x, y = pixel(MOSAIC, *sky(grid, *positions(grid)))
    seed = 10 * BANDS.index(exposure.band) + exposure.number
    grain = np.random.default_rng(seed).normal(0.0, 1.0, x.shape)
    return Image(brightness(exposure.band, x, y) + background(exposure, *positions(grid)) + noise * grain, grid)


def camera(exposure: Exposure) -> Grid:
    """The grid of a raw image."""
    middle = np.array([MOSAIC.x + exposure.right]), np.array([MOSAIC.y + exposure.up])
    ra, dec = sky(MOSAIC, *middle)
    return Grid.turned(float(ra[0]), float(dec[0]), SCALE, SIDE, exposure.angle)


def background(exposure: Exposure, x: Pixels, y: Pixels) -> Pixels:
    """The background at pixels of the raw image."""
    level, right, up = BACKGROUNDS[exposure.band][exposure.number]
    middle = (SIDE - 1) / 2
    return level + right * (x - middle) + up * (y - middle)


def brightness(band: str, x: Pixels, y: Pixels) -> Pixels:
    """The sky in a band at pixels of the mosaic."""
    redness = 1.0 + BANDS.index(band)
    light = np.zeros_like(x)
    for right, up, width, counts, power in CLOUDS:
        light += counts * redness**power * _blob(x - MOSAIC.x - right, y - MOSAIC.y - up, width)
    dice = random.Random(17)
    for star in range(1, STARS + 1):
        right, up, colour = dice.random(), dice.random(), dice.random()
        counts = 400.0 / star**0.7 * redness ** (colour - 0.5)
        light += counts * _blob(x - right * MOSAIC.width, y - up * MOSAIC.height, SEEING)
    return light


def _blob(x: Pixels, y: Pixels, width: float) -> Pixels:
    blob: Pixels = np.exp(-(x**2 + y**2) / (2 * width**2))
    return blob
