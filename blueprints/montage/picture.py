"""Pictures of mosaics: what Montage's mViewer does."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from math import asinh, isnan

from blueprints.montage.fits import Image

DARK, BRIGHT = 0.05, 0.997
"""Shares of the pixels, in order of their brightness, from which on they are shown black and white."""

SOFTENING = 10.0
"""How strongly faint light is lifted: brightness b is shown as asinh(10 b) / asinh(10) (Lupton et al. 2004)."""


def picture(*channels: Image) -> bytes:
    """A PNG from one image (grey) or three of the same size (red, green, blue); north is up."""
    width, height = channels[0].grid.width, channels[0].grid.height
    shown = bytes(value for pixel in zip(*map(_shown, channels), strict=True) for value in pixel)
    stride = width * len(channels)
    rows = b"".join(b"\0" + shown[row * stride : (row + 1) * stride] for row in reversed(range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[len(channels)], 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _shown(image: Image) -> Sequence[int]:
    """Each pixel from 0 to 255; nothing is black."""
    ranked = sorted(value for value in image.pixels if not isnan(value)) or [0.0]
    dark, bright = (ranked[round(share * (len(ranked) - 1))] for share in (DARK, BRIGHT))
    contrast = max(bright - dark, 1e-9)
    light = (0.0 if isnan(value) else min(1.0, max(0.0, (value - dark) / contrast)) for value in image.pixels)
    return [round(255 * asinh(SOFTENING * value) / asinh(SOFTENING)) for value in light]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
