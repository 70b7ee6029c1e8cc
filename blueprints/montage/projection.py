"""Bringing an image to another grid: what Montage's mProject does."""

from __future__ import annotations

from array import array
from math import atan2, ceil, cos, degrees, floor, nan, radians, sin

from blueprints.montage.fits import Image
from blueprints.montage.grid import Grid


def sky(grid: Grid, x: float, y: float) -> tuple[float, float]:
    """Right ascension and declination of a pixel, in degrees."""
    right, up = x - grid.x, y - grid.y
    xi, eta = radians(grid.east * right + grid.up_east * up), radians(grid.north * right + grid.up_north * up)
    sine, cosine = sin(radians(grid.dec)), cos(radians(grid.dec))
    turn = atan2(xi, cosine - eta * sine)
    height = atan2((sine + eta * cosine) * cos(turn), cosine - eta * sine)
    return grid.ra + degrees(turn), degrees(height)


def pixel(grid: Grid, ra: float, dec: float) -> tuple[float, float]:
    """The pixel of a point of the sky, which may lie between pixels and outside of the grid."""
    turn, height = radians(ra - grid.ra), radians(dec)
    sine, cosine = sin(radians(grid.dec)), cos(radians(grid.dec))
    depth = sine * sin(height) + cosine * cos(height) * cos(turn)
    xi = degrees(cos(height) * sin(turn) / depth)
    eta = degrees((cosine * sin(height) - sine * cos(height) * cos(turn)) / depth)
    determinant = grid.east * grid.up_north - grid.up_east * grid.north
    right = (grid.up_north * xi - grid.up_east * eta) / determinant
    up = (grid.east * eta - grid.north * xi) / determinant
    return grid.x + right, grid.y + up


def project(image: Image, target: Grid) -> Image:
    """The image on the part of the target's grid that it covers.

    Raises:
        ValueError: it covers none of it.
    """
    part = _covered(image.grid, target)
    places = (pixel(image.grid, *sky(part, x, y)) for y in range(part.height) for x in range(part.width))
    return Image(array("d", (_between(image, x, y) for x, y in places)), part)


def _between(image: Image, x: float, y: float) -> float:
    """The value at a place between the four nearest pixels; nothing outside of the image."""
    left, bottom, width = floor(x), floor(y), image.grid.width
    if not (0 <= left < width - 1 and 0 <= bottom < image.grid.height - 1):
        return nan
    right, up, at = x - left, y - bottom, bottom * width + left
    pixels = image.pixels
    lower = pixels[at] * (1 - right) + pixels[at + 1] * right
    upper = pixels[at + width] * (1 - right) + pixels[at + width + 1] * right
    return lower * (1 - up) + upper * up


def _covered(grid: Grid, target: Grid) -> Grid:
    """The rectangle of the target around the corners of the grid."""
    corners = [(x, y) for x in (0, grid.width - 1) for y in (0, grid.height - 1)]
    x, y = zip(*(pixel(target, *sky(grid, *corner)) for corner in corners), strict=True)
    left, bottom = max(0, floor(min(x))), max(0, floor(min(y)))
    right, top = min(target.width - 1, ceil(max(x))), min(target.height - 1, ceil(max(y)))
    if left > right or bottom > top:
        raise ValueError("the image shows nothing of the mosaic's part of the sky")
    return target.part(left, bottom, right - left + 1, top - bottom + 1)
