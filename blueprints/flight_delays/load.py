"""Load the raw data into the pipeline's bucket: `python -m blueprints.flight_delays.load --all`.

The pipeline has to be deployed; what is there already with the same content is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from blueprints import loading
from blueprints.flight_delays.periods import WHOLE_YEAR, period
from blueprints.flight_delays.pipeline import lake, pipeline
from blueprints.flight_delays.source import raw_objects
from blueprints.loading import Loaded, Put

if TYPE_CHECKING:
    from bunsui import Workspace


def load(put: Put, months: Sequence[int]) -> Loaded:
    """Put the raw objects for these months.

    Raises:
        FileNotFoundError: the package with the data is not installed.
    """
    return loading.load(put, raw_objects(tuple(months)))


def into(workspace: Workspace) -> tuple[str, Put]:
    """The URI that raw objects are loaded to, and the function that puts them there.

    Raises:
        AwsError, DeploymentError: see `blueprints.loading.bucket_of`.
    """
    return loading.into(workspace, pipeline, lake, "text/csv")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    parser = loading.parser("blueprints.flight_delays.load", __doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--month", type=int, choices=range(1, 13), metavar="N", help="flights of one month, 1 to 12")
    what.add_argument("--all", action="store_true", help="flights of the whole year")
    given = parser.parse_args(arguments)
    months = period(WHOLE_YEAR if given.all else given.month).months
    return loading.run(given, into, lambda: raw_objects(months))


if __name__ == "__main__":
    sys.exit(main())
