"""Files and projections."""

from __future__ import annotations

import struct
import zlib
from array import array
from math import atan, degrees, isnan, nan, radians

import pytest

from blueprints.montage import fits, projection, source, survey
from blueprints.montage.fits import Image
from blueprints.montage.grid import Grid
from blueprints.montage.picture import picture
from tests.blueprints.montage.conftest import behind, errors

GRID = Grid.turned(ra=83.8, dec=-5.4, scale=0.01, side=20, angle=30.0)


def image() -> Image:
    pixels = array("d", range(400))
    pixels[64] = nan
    return Image(pixels, GRID)


def cards(data: bytes) -> list[str]:
    return [data[at : at + 80].decode() for at in range(0, 2880, 80)]


def test_what_is_encoded_is_decoded() -> None:
    data = fits.encode(image())
    assert len(data) % 2880 == 0
    found = fits.decode(data)
    assert found.grid == GRID
    assert isnan(found.pixels[64])
    assert errors(found.pixels, image().pixels) == [0.0] * 399


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
    found = fits.decode(header.encode() + struct.pack(">400h", *range(-200, 200)))
    assert list(found.pixels) == [value + 32768.0 for value in range(-200, 200)]


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


@pytest.mark.parametrize("place", [(0.0, 0.0), (19.0, 3.5), (-4.0, 40.0)])
def test_pixels_come_back_from_the_sky(place: tuple[float, float]) -> None:
    assert projection.pixel(GRID, *projection.sky(GRID, *place)) == pytest.approx(place, abs=1e-9)


def test_the_tangent_plane_is_that_of_the_textbook() -> None:
    """On the meridian of the middle a step of tan(angle) on the plane is the angle on the sky (gnomonic projection)."""
    grid = Grid.turned(ra=10.0, dec=20.0, scale=1.0, side=41)
    assert projection.sky(grid, 20.0, 35.0) == pytest.approx((10.0, 20.0 + degrees(atan(radians(15.0)))))
    assert projection.sky(grid, 19.0, 20.0)[0] > 10.0


def test_a_turned_camera_has_north_elsewhere() -> None:
    grid = Grid.turned(ra=10.0, dec=0.0, scale=0.001, side=41, angle=90.0)
    assert projection.sky(grid, 25.0, 20.0) == pytest.approx((10.0, 0.005))


def test_a_projected_image_shows_the_same_sky() -> None:
    one = survey.exposures("j")[2]
    projected = projection.project(source.observed(one, noise=0.0), survey.MOSAIC)
    light = source.shining("j", projected.grid)
    known = [sky + common for sky, common in zip(light, behind(one, projected.grid), strict=True)]
    error = errors(projected.pixels, known)
    assert max(map(abs, error)) < 0.035 * max(light)
    assert 0.8 < len(error) / len(known) < 1


def test_an_image_of_another_part_of_the_sky_is_refused() -> None:
    elsewhere = Image(array("d", [1.0]) * 400, Grid.turned(ra=10.0, dec=-16.0, scale=survey.SCALE, side=20))
    with pytest.raises(ValueError, match="shows nothing of the mosaic"):
        projection.project(elsewhere, survey.MOSAIC)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_a_png_with_north_up(channels: int) -> None:
    south_is_bright = Image(array("d", [100.0] * 5 + [nan] * 5 + [0.0] * 10), GRID.part(0, 0, 5, 4))
    data = picture(*[south_is_bright] * channels)
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
