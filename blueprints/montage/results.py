"""What operations hand on to each other, besides images."""

from __future__ import annotations

from dataclasses import dataclass

from bunsui import Dataset


@dataclass(frozen=True, slots=True)
class PlaneFit:
    """The difference of two images where they overlap.

    Attributes:
        first, second: numbers of the images; the difference is first minus second.
        plane: of least squares through the difference: level, slope to the right and slope up, in counts and counts per
            pixel, seen from the mosaic's middle.
        moments: sums over the overlap of the products of 1, x and y, row by row: the plane's weight.
        pixels: of the overlap.
        squares: sum of the squared difference.
    """

    first: int
    second: int
    plane: list[float]
    moments: list[list[float]]
    pixels: int
    squares: float


@dataclass(frozen=True, slots=True)
class Backgrounds:
    """Planes to take away from the images of a band, in the order of the images.

    Attributes:
        planes: as in `PlaneFit`; their mean is zero.
        seams: how much overlapping images differ before that: root mean square of the differences, in counts.
        kind: `planes`, or `levels` where all slopes were held at zero.
    """

    planes: list[list[float]]
    seams: float
    kind: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an image lies on the mosaic, in pixels, and how many of its pixels show something."""

    left: int
    bottom: int
    width: int
    height: int
    pixels: int


@dataclass(frozen=True, slots=True)
class Mosaic:
    """All images of a band in one.

    Attributes:
        band: its name.
        image: FITS.
        covered: share of its pixels that show something, from 0 to 1.
        seams: how much overlapping images still differ: root mean square of the differences, in counts.
    """

    band: str
    image: Dataset
    covered: float
    seams: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much overlapping images of a band differ before and after the backgrounds were taken away, in counts."""

    band: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Report:
    """The session's result: the picture in colour, the mosaics, and how well their images agree."""

    picture: Dataset
    mosaics: list[Mosaic]
    agreement: list[Agreement]
