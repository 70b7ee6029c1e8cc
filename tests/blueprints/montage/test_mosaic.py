"""The mosaic against the sky that the images were made of."""

from __future__ import annotations

import numpy as np
import pytest

from blueprints.montage import add, background, projection, source, survey
from blueprints.montage.fits import Image
from blueprints.montage.results import PlaneFit
from tests.blueprints.montage.conftest import make, rms, truth


def plane(number: int) -> list[float]:
    return [5.0 * number, 0.1 * number, -0.2 * number]


def fit(one: int, two: int, difference: list[float], pixels: int = 400) -> PlaneFit:
    basis = np.stack([np.ones(pixels), *np.random.default_rng(one + 10 * two).normal(0, 20, (2, pixels))], axis=-1)
    values = basis @ np.array(difference)
    return PlaneFit(one, two, difference, (basis.T @ basis).tolist(), pixels, float(values @ values))


def between(one: int, two: int) -> list[float]:
    return (np.array(plane(one)) - np.array(plane(two))).tolist()


def test_the_mosaic_is_the_sky(band: str) -> None:
    """Without noise what is left is that bilinear interpolation flattens the sharpest stars, by 3 of 400 counts."""
    made = make(band, noise=0.0)
    error = made.mosaic.pixels - truth(band)
    assert rms(error) < 0.8
    assert np.nanmax(np.abs(error)) < 0.035 * np.nanmax(truth(band) - truth(band).min())
    assert np.isfinite(made.mosaic.pixels).mean() == 1


def test_noise_stays_noise(band: str) -> None:
    quiet, loud = make(band, noise=0.0), make(band, noise=source.NOISE)
    assert rms(loud.mosaic.pixels - quiet.mosaic.pixels) < source.NOISE
    assert loud.seams < 1.5 * source.NOISE


def test_backgrounds_made_the_seams(band: str) -> None:
    made = make(band, noise=source.NOISE)
    assert made.backgrounds.seams > 30
    assert made.seams < made.backgrounds.seams / 50


def test_without_slopes_seams_are_left(band: str) -> None:
    planes, levels = make(band, source.NOISE), make(band, source.NOISE, levels_only=True)
    assert {tuple(one[1:]) for one in levels.backgrounds.planes} == {(0.0, 0.0)}
    assert levels.backgrounds.seams == planes.backgrounds.seams
    assert 10 * planes.seams < levels.seams < levels.backgrounds.seams / 2


def test_the_planes_are_those_of_the_camera(band: str) -> None:
    """Of each image's background that which it has beyond the mean of all, in counts over the whole mosaic."""
    made = make(band, noise=0.0)
    x, y = projection.positions(survey.MOSAIC)
    on_sky = projection.sky(survey.MOSAIC, x, y)
    known = np.array([source.background(one, *projection.pixel(source.camera(one), *on_sky)) for one in made.exposures])
    basis = np.stack([np.ones_like(x), x - x.mean(), y - y.mean()])
    found = np.tensordot(np.array(made.backgrounds.planes), basis, axes=1)
    assert np.abs(known - known.mean(axis=0)).max() > 25
    assert rms(found - (known - known.mean(axis=0))) < 0.5


@pytest.mark.parametrize(
    "pairs", [[(0, 1), (1, 2), (2, 3)], [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], [(3, 0), (2, 0), (1, 0)]]
)
def test_planes_are_recovered_but_for_what_all_have_in_common(pairs: list[tuple[int, int]]) -> None:
    found = background.model([fit(one, two, between(one, two)) for one, two in pairs], 4)
    wanted = np.array([plane(number) for number in range(4)])
    assert np.array(found.planes) == pytest.approx(wanted - wanted.mean(axis=0), abs=1e-8)


def test_an_image_without_overlaps_is_left_alone() -> None:
    found = background.model([fit(0, 1, between(0, 1))], 3)
    assert found.planes[2] == pytest.approx([0, 0, 0], abs=1e-9)
    assert np.array(found.planes[0]) - np.array(found.planes[1]) == pytest.approx(between(0, 1))


def test_images_that_do_not_meet_have_no_weight() -> None:
    apart = [Image(np.ones((10, 10)), survey.MOSAIC.part(left, 0, 10, 10)) for left in (0, survey.MOSAIC.width - 10)]
    nothing = background.fit(apart[0], apart[1], (0, 1), survey.MOSAIC)
    assert (nothing.pixels, nothing.squares) == (0, 0.0)
    assert background.table([nothing]) == []
    assert background.model([nothing], 2).planes == [[0.0] * 3] * 2


def test_contradicting_differences_are_shared_out() -> None:
    """Three images in a ring of which each is 3 above the next: no levels explain it, and none is preferred."""
    moments = np.diag([100.0, 1.0, 1.0]).tolist()
    ring = [PlaneFit(one, (one + 1) % 3, [3.0, 0.0, 0.0], moments, 100, 900.0) for one in range(3)]
    found = background.model(ring, 3)
    assert np.array(found.planes) == pytest.approx(np.zeros((3, 3)), abs=1e-9)
    assert found.seams == pytest.approx(3.0)


def test_seams_are_the_differences_of_every_two() -> None:
    values = (1.0, 4.0, 6.0)
    images = [Image(np.full((96, 96), value), survey.MOSAIC) for value in values]
    mosaic, seams = add.add(images, [add.placed(one, survey.MOSAIC) for one in images], survey.MOSAIC)
    assert seams == pytest.approx(np.sqrt((3**2 + 5**2 + 2**2) / 3))
    assert mosaic.pixels == pytest.approx(np.full((96, 96), np.mean(values)))


def test_a_wrong_table_is_refused() -> None:
    image = Image(np.ones((10, 10)), survey.MOSAIC.part(5, 5, 10, 10))
    moved = add.placed(Image(image.pixels, survey.MOSAIC.part(6, 5, 10, 10)), survey.MOSAIC)
    with pytest.raises(ValueError, match="the table says"):
        add.add([image], [moved], survey.MOSAIC)


def test_every_two_images_of_a_band_overlap(band: str) -> None:
    images = survey.exposures(band)
    assert survey.overlaps(images) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert all(one.pixels > 1000 for one in make(band, 0.0).fits)
    far = survey.Exposure(band, 4, 500.0, 0.0, 0.0)
    assert survey.overlaps([*images[:1], far]) == []
