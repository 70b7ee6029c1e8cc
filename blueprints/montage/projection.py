"""Bringing an image to another grid: what Montage's mProject does."""

from __future__ import annotations

import numpy as np

from blueprints.montage.fits import Image, Pixels
from blueprints.montage.grid import Grid


def sky(grid: Grid, x: Pixels, y: Pixels) -> tuple[Pixels, Pixels]:
    """Right ascension and declination of pixels, in degrees."""
    right, up = x - grid.x, y - grid.y
    xi, eta = np.radians(grid.east * right + grid.up_east * up), np.radians(grid.north * right + grid.up_north * up)
    sine, cosine = np.sin(np.radians(grid.dec)), np.cos(np.radians(grid.dec))
    turn = np.arctan2(xi, cosine - eta * sine)
    height = np.arctan2((sine + eta * cosine) * np.cos(turn), cosine - eta * sine)
    return grid.ra + np.degrees(turn), np.degrees(height)


def pixel(grid: Grid, ra: Pixels, dec: Pixels) -> tuple[Pixels, Pixels]:
    """The pixels of points of the sky, which may lie between pixels and outside of the grid."""
    turn, height = np.radians(ra - grid.ra), np.radians(dec)
    sine, cosine = np.sin(np.radians(grid.dec)), np.cos(np.radians(grid.dec))
    depth = sine * np.sin(height) + cosine * np.cos(height) * np.cos(turn)
    xi = np.degrees(np.cos(height) * np.sin(turn) / depth)
    eta = np.degrees((cosine * np.sin(height) - sine * np.cos(height) * np.cos(turn)) / depth)
    determinant = grid.east * grid.up_north - grid.up_east * grid.north
    right = (grid.up_north * xi - grid.up_east * eta) / determinant
    up = (grid.east * eta - grid.north * xi) / determinant
    return grid.x + right, grid.y + up


def project(image: Image, target: Grid) -> Image:
    """The image on the part of the target's grid that it covers, interpolated between the four nearest pixels.

    Raises:
        ValueError: it covers none of it.
    """
    part = _covered(image.grid, target)
    x, y = pixel(image.grid, *sky(part, *positions(part)))
    left, bottom = np.floor(x).astype(int), np.floor(y).astype(int)
    inside = (left >= 0) & (bottom >= 0) & (left < image.grid.width - 1) & (bottom < image.grid.height - 1)
    left, bottom = np.where(inside, left, 0), np.where(inside, bottom, 0)
    right, up = x - left, y - bottom
    source = image.pixels
    lower = source[bottom, left] * (1 - right) + source[bottom, left + 1] * right
    upper = source[bottom + 1, left] * (1 - right) + source[bottom + 1, left + 1] * right
    return Image(np.where(inside, lower * (1 - up) + upper * up, np.nan), part)


def positions(grid: Grid) -> tuple[Pixels, Pixels]:
    """Column and row of every pixel."""
    y, x = np.mgrid[: grid.height, : grid.width].astype(np.float64)
    return x, y


def _covered(grid: Grid, target: Grid) -> Grid:
    """The rectangle of the target around the corners of the grid."""
    corners = np.array([0.0, grid.width - 1.0]), np.array([0.0, grid.height - 1.0])
    x, y = pixel(target, *sky(grid, *np.meshgrid(*corners)))
    left, bottom = max(0, int(np.floor(x.min()))), max(0, int(np.floor(y.min())))
    right, top = min(target.width - 1, int(np.ceil(x.max()))), min(target.height - 1, int(np.ceil(y.max())))
    if left > right or bottom > top:
        raise ValueError("the image shows nothing of the mosaic's part of the sky")
    return target.part(left, bottom, right - left + 1, top - bottom + 1)
