"""Load the delivery and what it is held against into the pipeline's bucket: `python -m blueprints.invoices.load`.

The pipeline has to be deployed; what is there already with the same content is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from blueprints import loading
from blueprints.invoices.pipeline import lake, pipeline
from blueprints.invoices.source import raw_objects

if TYPE_CHECKING:
    from bunsui import Workspace


def into(workspace: Workspace) -> tuple[str, loading.Put]:
    """The URI that the objects are loaded to, and the function that puts them there.

    Raises:
        AwsError, DeploymentError: see `blueprints.loading.bucket_of`.
    """
    return loading.into(workspace, pipeline, lake, folder="")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    return loading.run(loading.parser("blueprints.invoices.load", __doc__).parse_args(arguments), into, raw_objects)


if __name__ == "__main__":
    sys.exit(main())
