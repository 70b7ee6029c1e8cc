"""Images as FITS: one two-dimensional image with a tangent-plane projection (FITS standard 4.0)."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass

from blueprints.montage.grid import Grid

BLOCK = 2880
"""Bytes that header and data are filled up to a multiple of."""

CARD = 80

TYPES = {"8": "B", "16": "h", "32": "i", "64": "q", "-32": "f", "-64": "d"}
"""BITPIX -> type code of an array."""

PROJECTION = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
PLACE = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD2_1", "CD1_2", "CD2_2")


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels, and how they lie on the sky.

    Attributes:
        pixels: 64-bit floating point numbers, row after row from the bottom; not a number where there is nothing.
        grid: width and height, and their place on the sky.
    """

    pixels: array[float]
    grid: Grid


def encode(image: Image) -> bytes:
    """The image as 32-bit floating point numbers."""
    grid = image.grid
    place = (grid.ra, grid.dec, grid.x + 1, grid.y + 1, grid.east, grid.north, grid.up_east, grid.up_north)
    cards: dict[str, str | float | bool] = {
        "SIMPLE": True,
        "BITPIX": -32,
        "NAXIS": 2,
        "NAXIS1": grid.width,
        "NAXIS2": grid.height,
        **PROJECTION,
        **dict(zip(PLACE, place, strict=True)),
    }
    header = "".join(map(_card, cards, cards.values())) + "END".ljust(CARD)
    return _filled(header.encode("ascii"), b" ") + _filled(_swapped(array("f", image.pixels)).tobytes(), b"\0")


def decode(data: bytes) -> Image:
    """The image in the primary part of a FITS file.

    Raises:
        ValueError: it is no FITS file, it is cut off, it is no image of two dimensions, or has another projection.
    """
    cards, begin = _header(data)
    try:
        width, height, code = int(cards["NAXIS1"]), int(cards["NAXIS2"]), TYPES[cards["BITPIX"]]
        if cards["NAXIS"] != "2" or any(cards[key] != value for key, value in PROJECTION.items()):
            raise ValueError("not an image of two dimensions in the projections RA---TAN and DEC--TAN")
        ra, dec, x, y, east, north, up_east, up_north = (float(cards[key]) for key in PLACE)
    except KeyError as missing:
        raise ValueError(f"the FITS header has no usable {missing.args[0]}") from None
    raw: array[float] = array(code)
    size = width * height * raw.itemsize
    if len(data) < begin + size:
        raise ValueError(f"the FITS data is cut off: {width} x {height} pixels do not fit into {len(data)} bytes")
    raw.frombytes(data[begin : begin + size])
    scale, zero = float(cards.get("BSCALE", 1)), float(cards.get("BZERO", 0))
    pixels = array("d", (value * scale + zero for value in _swapped(raw)))
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
            text = value[1:].partition("'")[0] if value.startswith("'") else value.partition("/")[0]
            cards[card[:8].rstrip()] = text.rstrip()
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


def _swapped(values: array[float]) -> array[float]:
    """From this machine's order of bytes to that of FITS, which is big-endian, or back."""
    if sys.byteorder == "little":
        values.byteswap()
    return values


def _filled(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % BLOCK)
