"""The whole way on the embedded AWS: `python -m blueprints.montage.demo`.

Starts the embedded AWS, deploys the pipeline, loads the raw images, runs a session, and writes the picture to
`montage.png`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from blueprints.embedded import demonstrate, failed, session_of
from blueprints.montage import load
from blueprints.montage.pipeline import pipeline
from blueprints.montage.source import raw_objects
from bunsui import Dataset, Workspace

PICTURE = Path("montage.png")


def run(workspace: Workspace) -> int:
    """Deploy, load, run and show; gives the exit code.

    Raises:
        BunsuiError: whatever went wrong on the way.
    """
    report = session_of(workspace, pipeline, load.into, raw_objects)
    if not failed(report):
        found = workspace.sessions.output(report.session.id, "colour", "colour")
        picture = Dataset(**found["picture"])
        data = workspace.aws.client("s3").get_object(Bucket=picture.bucket, Key=picture.key)["Body"].read()
        PICTURE.write_bytes(data)
        print(summary(found, PICTURE))
    return int(report.exit_code)


def summary(found: dict[str, Any], picture: Path) -> str:
    """The last operation's result in words."""
    return "\n".join(
        [
            "\nHow much overlapping images differ, in counts, before and after their backgrounds were taken away\n",
            *(f"  {one['band']}  {one['before']:6.2f}  {one['after']:6.2f}" for one in found["agreement"]),
            f"\nThe picture is in {picture}",
        ]
    )


if __name__ == "__main__":
    sys.exit(demonstrate(run))
