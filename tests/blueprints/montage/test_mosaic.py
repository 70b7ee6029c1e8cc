"""The mosaic against the sky that the images were made of."""

from __future__ import annotations

import random
from array import array
from math import sqrt

import pytest

from blueprints.montage import add, background, source, survey
from blueprints.montage.fits import Image
from blueprints.montage.results import PlaneFit
from tests.blueprints.montage.conftest import behind, errors, everywhere, make, mean, rms

GRID = survey.MOSAIC
ALL_PAIRS = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def plane(number: int) -> list[float]:
    return [5.0 * number, 0.1 * number, -0.2 * number]


def between(one: int, two: int) -> list[float]:
    return [a - b for a, b in zip(plane(one), plane(two), strict=True)]


def difference(one: int, two: int) -> PlaneFit:
    """What overlapping images of nothing but background differ by, at 400 pixels somewhere."""
    dice = random.Random(one + 10 * two)
    terms = [(1.0, dice.gauss(0, 20), dice.gauss(0, 20)) for _ in range(400)]
    moments = [[sum(term[a] * term[b] for term in terms) for b in range(3)] for a in range(3)]
    squares = sum(sum(a * b for a, b in zip(between(one, two), term, strict=True)) ** 2 for term in terms)
    return PlaneFit(one, two, between(one, two), moments, 400, squares)


def flat(value: float) -> Image:
    return Image(array("d", [value]) * (GRID.width * GRID.height), GRID)


def square(left: int, bottom: int) -> Image:
    return Image(array("d", [1.0]) * 100, GRID.part(left, bottom, 10, 10))


def test_the_mosaic_is_the_sky(band: str) -> None:
    """With the mean of the backgrounds, which no image can tell from the sky, and without noise.

    What is left is that interpolation flattens the sharpest stars, by 3 of 100 counts.
    """
    made = make(band, noise=0.0)
    sky = list(source.shining(band, GRID))
    known = [
        light + common for light, common in zip(sky, mean(behind(one, GRID) for one in made.exposures), strict=True)
    ]
    error = errors(made.mosaic.pixels, known)
    assert len(error) == GRID.width * GRID.height
    assert rms(error) < 0.8
    assert max(map(abs, error)) < 0.035 * max(sky)


def test_noise_stays_noise(band: str) -> None:
    quiet, loud = make(band, noise=0.0), make(band, noise=source.NOISE)
    assert 0 < rms(errors(loud.mosaic.pixels, quiet.mosaic.pixels)) < source.NOISE
    assert loud.seams < 1.5 * source.NOISE


def test_backgrounds_made_the_seams(band: str) -> None:
    made = make(band, source.NOISE)
    assert made.backgrounds.seams > 30
    assert made.seams < made.backgrounds.seams / 50


def test_without_slopes_seams_are_left(band: str) -> None:
    planes, levels = make(band, source.NOISE), make(band, source.NOISE, levels_only=True)
    assert {tuple(one[1:]) for one in levels.backgrounds.planes} == {(0.0, 0.0)}
    assert levels.backgrounds.seams == planes.backgrounds.seams
    assert 10 * planes.seams < levels.seams < levels.backgrounds.seams / 2


def test_the_planes_are_those_of_the_camera(band: str) -> None:
    """Of each image's background that which it has beyond the mean of all, over the whole mosaic."""
    made = make(band, noise=0.0)
    known = [behind(one, GRID) for one in made.exposures]
    common = mean(known)
    for whole, (level, right, up) in zip(known, made.backgrounds.planes, strict=True):
        found = everywhere(GRID, lambda x, y: level + right * (x - GRID.x) + up * (y - GRID.y))  # noqa: B023
        beyond = errors(whole, common)
        assert rms(beyond) > 5
        assert rms(errors(found, beyond)) < 1


@pytest.mark.parametrize("pairs", [[(0, 1), (1, 2), (2, 3)], ALL_PAIRS, [(3, 0), (2, 0), (1, 0)]])
def test_planes_are_recovered_but_for_what_all_have_in_common(pairs: list[tuple[int, int]]) -> None:
    found = background.model([difference(one, two) for one, two in pairs], 4)
    common = mean(plane(number) for number in range(4))
    for number in range(4):
        assert found.planes[number] == pytest.approx(errors(plane(number), common), abs=1e-8)


def test_an_image_without_overlaps_is_left_alone() -> None:
    found = background.model([difference(0, 1)], 3)
    assert found.planes[2] == [0.0, 0.0, 0.0]
    assert errors(found.planes[0], found.planes[1]) == pytest.approx(between(0, 1))


def test_images_that_do_not_meet_have_no_weight() -> None:
    nothing = background.fit(square(0, 0), square(GRID.width - 10, 0), (0, 1), GRID)
    assert (nothing.pixels, nothing.squares) == (0, 0.0)
    assert background.table([nothing]) == []
    assert background.model([nothing], 2).planes == [[0.0] * 3] * 2


def test_contradicting_differences_are_shared_out() -> None:
    """Three images in a ring of which each is 3 above the next: no levels explain it, and none is preferred."""
    moments = [[100.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    ring = [PlaneFit(one, (one + 1) % 3, [3.0, 0.0, 0.0], moments, 100, 900.0) for one in range(3)]
    found = background.model(ring, 3)
    assert found.planes == [[0.0] * 3] * 3
    assert found.seams == pytest.approx(3.0)


def test_seams_are_the_differences_of_every_two() -> None:
    images = [flat(value) for value in (1.0, 4.0, 6.0)]
    mosaic, seams = add.add(images, [add.placed(one, GRID) for one in images], GRID)
    assert seams == pytest.approx(sqrt((3**2 + 5**2 + 2**2) / 3))
    assert set(mosaic.pixels) == {11 / 3}


def test_where_nothing_is_shown_the_mosaic_is_empty() -> None:
    image = square(5, 7)
    mosaic, seams = add.add([image], [add.placed(image, GRID)], GRID)
    assert add.covered(mosaic) == 100 / (GRID.width * GRID.height)
    assert mosaic.pixels[7 * GRID.width + 5] == mosaic.pixels[16 * GRID.width + 14] == 1.0
    assert seams == 0.0


def test_a_wrong_table_is_refused() -> None:
    with pytest.raises(ValueError, match="the table says"):
        add.add([square(5, 5)], [add.placed(square(6, 5), GRID)], GRID)


def test_every_two_images_of_a_band_overlap(band: str) -> None:
    images = survey.exposures(band)
    assert survey.overlaps(images) == ALL_PAIRS
    assert all(one.pixels > 1000 for one in make(band, 0.0).fits)
    assert survey.overlaps([images[0], survey.Exposure(band, 4, 500.0, 0.0, 0.0)]) == []
