"""Load the raw images into the pipeline's bucket: `python -m blueprints.montage.load`.

The pipeline has to be deployed; what is there already with the same content is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from blueprints import loading
from blueprints.montage.lake import lake
from blueprints.montage.pipeline import pipeline
from blueprints.montage.source import raw_objects

if TYPE_CHECKING:
    from bunsui import Workspace


def into(workspace: Workspace) -> tuple[str, loading.Put]:
    """The URI that raw images are loaded to, and the function that puts them there.

    Raises:
        AwsError, DeploymentError: see `blueprints.loading.bucket_of`.
    """
    return loading.into(workspace, pipeline, lake, "image/fits")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    return loading.run(loading.parser("blueprints.montage.load", __doc__).parse_args(arguments), into, raw_objects)


if __name__ == "__main__":
    sys.exit(main())
