"""Adding images up to a mosaic, and making a picture of it: what Montage's mImgtbl, mAdd and mViewer do."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blueprints.montage.fits import Image, Pixels
from blueprints.montage.grid import Grid
from blueprints.montage.results import Placed

DARK, BRIGHT = 5.0, 99.7
"""Percentiles of the pixels that are shown black and white."""

SOFTENING = 10.0
"""How strongly faint light is lifted: brightness is shown as asinh(10 b) / asinh(10) (Lupton et al. 2004)."""


def placed(image: Image, mosaic: Grid) -> Placed:
    """The image's entry in the table of images."""
    left, bottom = mosaic.offset(image.grid)
    return Placed(left, bottom, image.grid.width, image.grid.height, int(np.isfinite(image.pixels).sum()))


def covered(image: Image) -> float:
    """Share of the pixels that show something, from 0 to 1."""
    return float(np.isfinite(image.pixels).mean())


def add(images: Sequence[Image], table: Sequence[Placed], mosaic: Grid) -> tuple[Image, float]:
    """The mean of the images on the mosaic's grid, and the root mean square of the differences of every two.

    Raises:
        ValueError: an image is not as the table says.
    """
    stack = np.full((len(images), mosaic.height, mosaic.width), np.nan)
    for layer, image, entry in zip(stack, images, table, strict=True):
        if placed(image, mosaic) != entry:
            raise ValueError(f"the table says {entry}, but the image is {placed(image, mosaic)}")
        layer[entry.bottom : entry.bottom + entry.height, entry.left : entry.left + entry.width] = image.pixels
    seen = np.isfinite(stack)
    count = seen.sum(axis=0)
    total = np.where(seen, stack, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return Image(mean, mosaic), _seams(np.where(seen, stack - mean, 0.0), count)


def _seams(apart: Pixels, count: NDArray[np.int64]) -> float:
    """From what images are apart from the mean of `count` images at each pixel.

    The squared differences of every two of n numbers sum up to n times the squared differences from their mean.
    """
    pairs = int((count * (count - 1)).sum()) // 2
    return float(np.sqrt((count * (apart**2).sum(axis=0)).sum() / pairs)) if pairs else 0.0


def picture(*channels: Pixels) -> bytes:
    """A PNG from one channel (grey) or three (red, green, blue); north is up."""
    shown = np.stack([_shown(channel) for channel in channels], axis=-1)[::-1]
    height, width, depth = shown.shape
    rows = b"".join(b"\0" + row.tobytes() for row in shown)
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[depth], 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    )


def _shown(pixels: Pixels) -> NDArray[np.uint8]:
    dark, bright = np.nanpercentile(pixels, [DARK, BRIGHT])
    light = np.clip((np.nan_to_num(pixels, nan=dark) - dark) / max(bright - dark, 1e-9), 0, 1)
    shown: NDArray[np.uint8] = (255 * np.arcsinh(SOFTENING * light) / np.arcsinh(SOFTENING)).round().astype(np.uint8)
    return shown


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
