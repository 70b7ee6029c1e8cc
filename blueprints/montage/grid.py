"""How pixels lie on the sky: a tangent-plane projection, as the header of a FITS image says it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels on a plane that touches the sky (FITS WCS `RA---TAN`, `DEC--TAN`; Greisen & Calabretta 2002).

    Attributes:
        ra, dec: where the plane touches, in degrees (CRVAL1, CRVAL2).
        x, y: the pixel of that point; the first pixel's centre is 0, 0 (CRPIX1 - 1, CRPIX2 - 1).
        east, north: how far a step in x goes to the east and to the north, in degrees (CD1_1, CD2_1).
        up_east, up_north: the same for a step in y (CD1_2, CD2_2).
        width, height: in pixels (NAXIS1, NAXIS2).
    """

    ra: float
    dec: float
    x: float
    y: float
    east: float
    north: float
    up_east: float
    up_north: float
    width: int
    height: int

    @classmethod
    def turned(cls, ra: float, dec: float, scale: float, side: int, angle: float = 0.0) -> Grid:
        """A square around a point, with pixels of `scale` degrees, turned by `angle` degrees; east is to the left."""
        middle = (side - 1) / 2
        sine, cosine = math.sin(math.radians(angle)) * scale, math.cos(math.radians(angle)) * scale
        return cls(ra, dec, middle, middle, -cosine, sine, sine, cosine, side, side)

    def part(self, left: int, bottom: int, width: int, height: int) -> Grid:
        """The pixels of a rectangle."""
        return replace(self, x=self.x - left, y=self.y - bottom, width=width, height=height)

    def offset(self, part: Grid) -> tuple[int, int]:
        """Where the first pixel of a part lies."""
        return round(self.x - part.x), round(self.y - part.y)
