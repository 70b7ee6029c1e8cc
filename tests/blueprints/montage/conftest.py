from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from blueprints.montage import add, background, fits, projection, source, survey
from blueprints.montage.fits import Image, Pixels
from blueprints.montage.results import Backgrounds, PlaneFit


@dataclass
class Made:
    """One band without AWS: raw images to mosaic, as the pipeline does it."""

    exposures: list[survey.Exposure]
    projected: list[Image]
    fits: list[PlaneFit]
    backgrounds: Backgrounds
    mosaic: Image
    seams: float


def make(band: str, noise: float, levels_only: bool = False) -> Made:
    exposures = survey.exposures(band)
    raw = [fits.decode(fits.encode(source.observed(one, noise))) for one in exposures]
    projected = [fits.decode(fits.encode(projection.project(one, survey.MOSAIC))) for one in raw]
    differences = background.table(
        [
            background.fit(projected[one], projected[two], (one, two), survey.MOSAIC)
            for one, two in survey.overlaps(exposures)
        ]
    )
    backgrounds = background.model(differences, len(exposures), levels_only)
    corrected = [
        background.correct(image, plane, survey.MOSAIC)
        for image, plane in zip(projected, backgrounds.planes, strict=True)
    ]
    table = [add.placed(image, survey.MOSAIC) for image in corrected]
    mosaic, seams = add.add(corrected, table, survey.MOSAIC)
    return Made(exposures, projected, differences, backgrounds, mosaic, seams)


def truth(band: str) -> Pixels:
    """The sky with the mean of the images' backgrounds, which no image can tell from the sky."""
    x, y = projection.positions(survey.MOSAIC)
    light = source.brightness(band, x, y)
    for one in survey.exposures(band):
        here = projection.pixel(source.camera(one), *projection.sky(survey.MOSAIC, x, y))
        light += source.background(one, *here) / len(survey.PLACES)
    return light


def rms(values: Pixels) -> float:
    return float(np.sqrt(np.nanmean(values**2)))


@pytest.fixture(params=survey.BANDS)
def band(request: pytest.FixtureRequest) -> str:
    return str(request.param)
