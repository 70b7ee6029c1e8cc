from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from math import isnan, sqrt

import pytest

from blueprints.montage import add, background, fits, projection, source, survey
from blueprints.montage.fits import Image
from blueprints.montage.grid import Grid
from blueprints.montage.results import Backgrounds, PlaneFit


@dataclass(frozen=True)
class Made:
    """One band without AWS: raw images to mosaic, as the pipeline does it."""

    exposures: list[survey.Exposure]
    fits: list[PlaneFit]
    backgrounds: Backgrounds
    mosaic: Image
    seams: float


def kept(image: Image) -> Image:
    """As it comes back from the bucket."""
    return fits.decode(fits.encode(image))


@cache
def make(band: str, noise: float, levels_only: bool = False) -> Made:
    exposures, grid = survey.exposures(band), survey.MOSAIC
    projected = [kept(projection.project(kept(source.observed(one, noise)), grid)) for one in exposures]
    pairs = survey.overlaps(exposures)
    differences = background.table(
        [background.fit(projected[one], projected[two], (one, two), grid) for one, two in pairs]
    )
    found = background.model(differences, len(exposures), levels_only)
    corrected = [
        kept(background.correct(image, plane, grid)) for image, plane in zip(projected, found.planes, strict=True)
    ]
    mosaic, seams = add.add(corrected, [add.placed(image, grid) for image in corrected], grid)
    return Made(exposures, differences, found, mosaic, seams)


def everywhere(grid: Grid, value: Callable[[float, float], float]) -> list[float]:
    """A value at every pixel."""
    return [value(x, y) for y in range(grid.height) for x in range(grid.width)]


def behind(exposure: survey.Exposure, grid: Grid) -> list[float]:
    """The background of an image at the pixels of a grid."""
    camera = source.camera(exposure)
    return everywhere(
        grid, lambda x, y: source.background(exposure, *projection.pixel(camera, *projection.sky(grid, x, y)))
    )


def mean(layers: Iterable[list[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*layers, strict=True)]


def errors(found: Iterable[float], wanted: Iterable[float]) -> list[float]:
    """Found minus wanted, where something was found."""
    return [one - other for one, other in zip(found, wanted, strict=True) if not isnan(one)]


def rms(values: list[float]) -> float:
    return sqrt(sum(value**2 for value in values) / len(values))


@pytest.fixture(params=survey.BANDS)
def band(request: pytest.FixtureRequest) -> str:
    return str(request.param)
