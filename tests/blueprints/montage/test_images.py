"""Files and projections."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from blueprints.montage import add, fits, projection, source, survey
from blueprints.montage.fits import Image
from blueprints.montage.grid import Grid

GRID = Grid.turned(ra=83.8, dec=-5.4, scale=0.01, side=20, angle=30.0)


def image() -> Image:
    pixels = np.arange(400.0).reshape(20, 20)
    pixels[3, 4] = np.nan
    return Image(pixels, GRID)


def cards(data: bytes) -> list[str]:
    return [data[at : at + 80].decode() for at in range(0, 2880, 80)]


def test_what_is_encoded_is_decoded() -> None:
    data = fits.encode(image())
    assert len(data) % 2880 == 0
    found = fits.decode(data)
    assert found.grid == GRID
    np.testing.assert_array_equal(found.pixels, image().pixels)


def test_the_header_is_in_fixed_format() -> None:
    """FITS standard 4.0: SIMPLE, BITPIX, NAXIS and the axes first; values of numbers end in column 30."""
    found = cards(fits.encode(image()))
    assert found[0] == "SIMPLE  =                    T".ljust(80)
    assert found[1] == "BITPIX  =                  -32".ljust(80)
    assert [one[:8].rstrip() for one in found[:5]] == ["SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2"]
    assert "CTYPE1  = 'RA---TAN'".ljust(80) in found
    assert "END".ljust(80) in found


def test_scaled_integers_of_others_are_read() -> None:
    """A camera's 16 bits with BZERO, comments, and keywords that are not ours."""
    data = fits.encode(image())
    header = (
        data[:2880].decode().replace("BITPIX  =                  -32", "BITPIX  =                   16 / bits   "[:30])
    )
    more = "BZERO   =              32768.0 / offset".ljust(80) + "COMMENT = of somebody".ljust(80) + "END".ljust(80)
    header = header.replace("END".ljust(80), more, 1)[:2880].ljust(2880)
    raw = np.arange(-200, 200, dtype=">i2").tobytes()
    found = fits.decode(header.encode() + raw)
    np.testing.assert_array_equal(found.pixels.ravel(), np.arange(-200, 200) + 32768.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"GIF89a" + data, "not a FITS file"),
        (lambda data: data[:2880], "cut off"),
        (lambda data: data.replace(b"END     ", b"ENDE    "), "no END"),
        (lambda data: data.replace(b"CRVAL1  ", b"CRVALX  "), "no usable CRVAL1"),
        (lambda data: data.replace(b"RA---TAN", b"RA---SIN"), "RA---TAN and DEC--TAN"),
        (
            lambda data: data.replace(b"NAXIS   =                    2", b"NAXIS   =                    3"),
            "two dimensions",
        ),
        (
            lambda data: data.replace(b"BITPIX  =                  -32", b"BITPIX  =                   12"),
            "no usable 12",
        ),
    ],
)
def test_what_is_no_image_is_refused(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        fits.decode(change(fits.encode(image())))


def test_pixels_come_back_from_the_sky() -> None:
    x, y = projection.positions(GRID)
    back = projection.pixel(GRID, *projection.sky(GRID, x, y))
    assert np.abs(back[0] - x).max() < 1e-9
    assert np.abs(back[1] - y).max() < 1e-9


def test_the_tangent_plane_is_that_of_the_textbook() -> None:
    """On the meridian of the middle a step of tan(angle) on the plane is the angle on the sky (gnomonic projection)."""
    grid = Grid.turned(ra=10.0, dec=20.0, scale=1.0, side=41)
    ra, dec = projection.sky(grid, np.array([20.0]), np.array([35.0]))
    assert (ra[0], dec[0]) == pytest.approx((10.0, 20.0 + np.degrees(np.arctan(np.radians(15.0)))))
    east, _ = projection.sky(grid, np.array([19.0]), np.array([20.0]))
    assert east[0] > 10.0


def test_a_projected_image_shows_the_same_sky() -> None:
    one = survey.exposures("j")[2]
    projected = projection.project(source.observed(one, noise=0.0), survey.MOSAIC)
    left, bottom = survey.MOSAIC.offset(projected.grid)
    x, y = projection.positions(projected.grid)
    here = projection.pixel(source.camera(one), *projection.sky(projected.grid, x, y))
    expected = source.brightness("j", x + left, y + bottom) + source.background(one, *here)
    error = projected.pixels - expected
    assert np.nanmax(np.abs(error)) < 0.035 * (expected.max() - expected.min())
    assert 0.8 < np.isfinite(error).mean() < 1


def test_an_image_of_another_part_of_the_sky_is_refused() -> None:
    elsewhere = Image(np.ones((20, 20)), Grid.turned(ra=10.0, dec=-16.0, scale=survey.SCALE, side=20))
    with pytest.raises(ValueError, match="shows nothing of the mosaic"):
        projection.project(elsewhere, survey.MOSAIC)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_a_png_with_north_up(channels: int) -> None:
    south_bright = np.zeros((4, 5))
    south_bright[0] = 100.0
    data = add.picture(*[south_bright] * channels)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    assert (width, height, bits, kind) == (5, 4, 8, {1: 0, 3: 2}[channels])
    rows = zlib.decompress(data[data.index(b"IDAT") + 4 :])
    stride = 1 + 5 * channels
    assert len(rows) == 4 * stride
    assert set(rows[1:stride]) == {0}
    assert set(rows[3 * stride + 1 :]) == {255}


def test_the_raw_images_are_the_same_each_time() -> None:
    assert list(source.raw_objects()) == list(source.raw_objects())
    assert [name for name, _ in source.raw_objects()] == [f"{band}/{n}.fits" for band in "jhk" for n in range(4)]
