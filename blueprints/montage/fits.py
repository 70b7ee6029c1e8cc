"""Images as FITS: one two-dimensional image with a tangent-plane projection (FITS standard 4.0)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blueprints.montage.grid import Grid

Pixels = NDArray[np.float64]
"""Rows from the bottom to the top; not a number where there is nothing."""

BLOCK = 2880
"""Bytes that header and data are filled up to a multiple of."""

CARD = 80

TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
"""BITPIX -> numpy's name of the type."""

PROJECTION = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels, and how they lie on the sky."""

    pixels: Pixels
    grid: Grid


def encode(image: Image) -> bytes:
    """The image as 32-bit floating point numbers."""
    grid = image.grid
    cards: dict[str, str | float | bool] = {
        "SIMPLE": True,
        "BITPIX": -32,
        "NAXIS": 2,
        "NAXIS1": grid.width,
        "NAXIS2": grid.height,
        **PROJECTION,
        "CRVAL1": grid.ra,
        "CRVAL2": grid.dec,
        "CRPIX1": grid.x + 1,
        "CRPIX2": grid.y + 1,
        "CD1_1": grid.east,
        "CD2_1": grid.north,
        "CD1_2": grid.up_east,
        "CD2_2": grid.up_north,
    }
    header = "".join(map(_card, cards, cards.values())) + "END".ljust(CARD)
    return _filled(header.encode("ascii"), b" ") + _filled(image.pixels.astype(">f4").tobytes(), b"\0")


def decode(data: bytes) -> Image:
    """The image in the primary part of a FITS file.

    Raises:
        ValueError: it is no FITS file, it is cut off, it is no image of two dimensions, or has another projection.
    """
    cards, begin = _header(data)
    try:
        width, height, kind = int(cards["NAXIS1"]), int(cards["NAXIS2"]), np.dtype(TYPES[int(cards["BITPIX"])])
        if cards["NAXIS"] != "2" or any(cards[key] != value for key, value in PROJECTION.items()):
            raise ValueError("not an image of two dimensions in the projections RA---TAN and DEC--TAN")
        keys = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD2_1", "CD1_2", "CD2_2")
        ra, dec, x, y, east, north, up_east, up_north = (float(cards[key]) for key in keys)
    except KeyError as missing:
        raise ValueError(f"the FITS header has no usable {missing.args[0]}") from None
    if len(data) < begin + width * height * kind.itemsize:
        raise ValueError(f"the FITS data is cut off: {width} x {height} pixels do not fit into {len(data)} bytes")
    raw = np.frombuffer(data, kind, width * height, begin).reshape(height, width).astype(np.float64)
    pixels = raw * float(cards.get("BSCALE", 1)) + float(cards.get("BZERO", 0))
    return Image(pixels, Grid(ra, dec, x - 1, y - 1, east, north, up_east, up_north, width, height))


def _header(data: bytes) -> tuple[dict[str, str], int]:
    """Keyword -> value as text, and where the data begins."""
    if not data.startswith(b"SIMPLE  ="):
        raise ValueError("not a FITS file: it does not begin with SIMPLE")
    cards: dict[str, str] = {}
    for begin in range(0, len(data), CARD):
        card = data[begin : begin + CARD].decode("ascii", "replace")
        if card.rstrip() == "END":
            return cards, -(-(begin + CARD) // BLOCK) * BLOCK
        if card[8:10] == "= ":
            value = card[10:].strip()
            cards[card[:8].rstrip()] = (
                value[1:].partition("'")[0].rstrip() if value.startswith("'") else value.partition("/")[0].rstrip()
            )
    raise ValueError("the FITS header has no END")


def _card(key: str, value: str | float | bool) -> str:
    """Fixed format: numbers end in column 30, text begins in column 11 (FITS standard 4.0, section 4.2)."""
    if isinstance(value, bool):
        text = ("T" if value else "F").rjust(20)
    elif isinstance(value, str):
        text = f"'{value:8}'"
    else:
        text = repr(value).upper().rjust(20)
    return f"{key:8}= {text}".ljust(CARD)


def _filled(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % BLOCK)
