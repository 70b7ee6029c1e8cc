"""What is observed, as it is known before anything runs: bands, images, and which images overlap.

The shape is that of the recorded run `montage-chameleon-2mass-005d-001` of WfCommons: three bands of four images, of
which every two overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from blueprints.montage.grid import Grid

BANDS = ("j", "h", "k")
"""Near infrared at 1.25, 1.65 and 2.17 micrometres, as the survey 2MASS observed it."""

SCALE = 6 / 3600
"""Degrees per pixel."""

MOSAIC = Grid.turned(ra=275.2, dec=-16.17, scale=SCALE, side=96)
"""The grid that every image is brought to."""

SIDE = 72
"""Pixels of a raw image, in both directions."""

PLACES = ((-15, -14, 2.0), (16, -15, -1.5), (-14, 15, 1.0), (15, 16, -2.5))
"""Pixels to the right of and above the mosaic's middle, and degrees by which the camera was turned."""

SHIFTS = {"j": (0.0, 0.0), "h": (0.4, -0.7), "k": (-0.6, 0.3)}
"""Band -> pixels by which its images lie elsewhere; the bands were not observed at the same time."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One raw image: its band, its number, and the middle of it on the mosaic's grid with the camera's turn."""

    band: str
    number: int
    right: float
    up: float
    angle: float

    @property
    def name(self) -> str:
        """What its object is called: `j/0.fits`."""
        return f"{self.band}/{self.number}.fits"


def exposures(band: str) -> list[Exposure]:
    """The images of a band."""
    right, up = SHIFTS[band]
    return [Exposure(band, number, x + right, y + up, angle) for number, (x, y, angle) in enumerate(PLACES)]


def overlaps(images: Sequence[Exposure]) -> list[tuple[int, int]]:
    """Numbers of the images that may share pixels, each pair once.

    Images are turned by so little that their sides tell; a pair that shares nothing after all has no weight later.
    """
    return [
        (one.number, two.number)
        for one, two in combinations(images, 2)
        if abs(one.right - two.right) < SIDE and abs(one.up - two.up) < SIDE
    ]
