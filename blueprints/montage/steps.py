"""The functions of the operations: images from the bucket, computed with, and back.

Each is one program of Montage. Many operations share each of them: one per image, per overlap, or per band.
"""

from __future__ import annotations

from blueprints.montage import add as adding
from blueprints.montage import background, fits, picture, projection
from blueprints.montage.fits import Image
from blueprints.montage.lake import lake
from blueprints.montage.results import Agreement, Backgrounds, Mosaic, Placed, PlaneFit, Report
from blueprints.montage.survey import MOSAIC
from bunsui import Dataset


def project(image: str) -> Dataset:
    """Bring a raw image to the mosaic's grid (mProject).

    Raises:
        FileNotFoundError: there is no such image.
        ValueError: it is no FITS image, or shows another part of the sky.
    """
    raw = lake / "raw"
    if image not in raw.list():
        raise FileNotFoundError(f"there is no {raw.uri}/{image}; load it with: python -m blueprints.montage.load")
    projected = projection.project(fits.decode(raw.read_bytes(image)), MOSAIC)
    return (lake / "projected").write_bytes(image, fits.encode(projected), "fits")


def difference(first: Dataset, second: Dataset, numbers: list[int]) -> PlaneFit:
    """Fit a plane to the difference of two overlapping images (mDiffFit)."""
    one, two = numbers
    return background.fit(_read(first), _read(second), (one, two), MOSAIC)


def fits_table(differences: list[PlaneFit]) -> list[PlaneFit]:
    """Collect the differences of a band (mConcatFit)."""
    return background.table(differences)


def model(differences: list[PlaneFit], images: int, levels_only: bool) -> Backgrounds:
    """Find the backgrounds that explain all differences best (mBgModel)."""
    return background.model(differences, images, levels_only)


def correct(image: Dataset, backgrounds: Backgrounds, number: int, name: str) -> Dataset:
    """Take its background away from a projected image (mBackground)."""
    corrected = background.correct(_read(image), backgrounds.planes[number], MOSAIC)
    return (lake / "corrected").write_bytes(f"{backgrounds.kind}/{name}", fits.encode(corrected), "fits")


def image_table(images: list[Dataset]) -> list[Placed]:
    """Where the images of a band lie on the mosaic (mImgtbl)."""
    return [adding.placed(_read(image), MOSAIC) for image in images]


def add(band: str, images: list[Dataset], table: list[Placed]) -> Mosaic:
    """Add the images of a band up to its mosaic (mAdd).

    Raises:
        ValueError: an image is not as the table says.
    """
    mosaic, seams = adding.add([_read(image) for image in images], table, MOSAIC)
    kind = images[0].key.split("/")[1]
    written = (lake / "mosaics").write_bytes(f"{kind}/{band}.fits", fits.encode(mosaic), "fits")
    return Mosaic(band, written, adding.covered(mosaic), seams)


def view(mosaic: Mosaic) -> Dataset:
    """Make a picture of a mosaic (mViewer)."""
    return _picture(mosaic.band, [mosaic])


def colour(mosaics: list[Mosaic], backgrounds: list[Backgrounds]) -> Report:
    """Make a picture in colour of the three mosaics, the longest wave red (mViewer), and say how well they fit."""
    agreement = [
        Agreement(mosaic.band, planes.seams, mosaic.seams) for mosaic, planes in zip(mosaics, backgrounds, strict=True)
    ]
    return Report(_picture("colour", mosaics[::-1]), mosaics, agreement)


def _picture(name: str, mosaics: list[Mosaic]) -> Dataset:
    kind = mosaics[0].image.key.split("/")[1]
    png = picture.picture(*(_read(mosaic.image) for mosaic in mosaics))
    return (lake / "pictures").write_bytes(f"{kind}/{name}.png", png, "png")


def _read(image: Dataset) -> Image:
    return fits.decode(image.read_bytes())
