"""The pipeline `montage`: 58 operations of nine functions, declared from the list of images and of their overlaps.

Each band is a job; the last job makes one picture of the three mosaics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from blueprints.montage.lake import lake
from blueprints.montage.results import Backgrounds, Mosaic, Placed, PlaneFit, Report
from blueprints.montage.survey import BANDS, exposures, overlaps
from bunsui import Dataset, Job, Lambda, Operation, Parameter, Pipeline, Retry

SMALL = Lambda(memory=512, timeout=60)

SERVICE = Retry(attempts=3, on=["ClientError", "ConnectTimeoutError", "EndpointConnectionError", "ReadTimeoutError"])
"""botocore's errors when S3 is throttled or out of reach; an image does not become better by trying again."""


class Kind(NamedTuple):
    """What operations of one function have in common: what it gives, reads and writes."""

    returns: Any
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


KINDS = {
    "project": Kind(Dataset, ("raw",), ("projected",)),
    "difference": Kind(PlaneFit, ("projected",)),
    "fits_table": Kind(list[PlaneFit]),
    "model": Kind(Backgrounds),
    "correct": Kind(Dataset, ("projected",), ("corrected",)),
    "image_table": Kind(list[Placed], ("corrected",)),
    "add": Kind(Mosaic, ("corrected",), ("mosaics",)),
    "view": Kind(Dataset, ("mosaics",), ("pictures",)),
    "colour": Kind(Report, ("mosaics",), ("pictures",)),
}
"""Function in steps.py -> what is the same wherever it is used."""


def declared(function: str, *place: str | int, **inputs: Any) -> Operation:
    """One operation of a function, named after its place: `difference_j_0_2`."""
    kind = KINDS[function]
    return Operation(
        "_".join(map(str, (function, *place))),
        handler=f"blueprints.montage.steps:{function}",
        runs=SMALL,
        inputs=inputs,
        returns=kind.returns,
        reads=[lake / part for part in kind.reads],
        writes=[lake / part for part in kind.writes],
        retry=SERVICE,
    )


class Band(NamedTuple):
    """What the last job takes of a band, and the band's job."""

    job: Job
    model: Operation
    mosaic: Operation


def band_of(band: str) -> Band:
    """The operations of one band."""
    images = exposures(band)
    projected = [declared("project", band, one.number, image=one.name) for one in images]
    differences = [
        declared("difference", band, one, two, first=projected[one], second=projected[two], numbers=[one, two])
        for one, two in overlaps(images)
    ]
    table = declared("fits_table", band, differences=differences)
    model = declared("model", band, differences=table, images=len(images))
    corrected = [
        declared("correct", band, one.number, image=made, backgrounds=model, number=one.number, name=one.name)
        for one, made in zip(images, projected, strict=True)
    ]
    placed = declared("image_table", band, images=corrected)
    mosaic = declared("add", band, band=band, images=corrected, table=placed)
    picture = declared("view", band, mosaic=mosaic)
    job = Job(band, *projected, *differences, table, model, *corrected, placed, mosaic, picture)
    return Band(job, model, mosaic)


def montage(bands: Sequence[str]) -> Pipeline:
    """The pipeline for these bands: one for a picture in grey, three for one in colour."""
    made = [band_of(band) for band in bands]
    colour = declared("colour", mosaics=[one.mosaic for one in made], backgrounds=[one.model for one in made])
    return Pipeline(
        "montage",
        description="A mosaic of the sky from overlapping images with backgrounds of their own, in three bands.",
        parameters=[
            Parameter("levels_only", bool, default=False, description="correct the level of each image, not its slope")
        ],
        jobs=[*(one.job for one in made), Job("colour", colour)],
    )


pipeline = montage(BANDS)
