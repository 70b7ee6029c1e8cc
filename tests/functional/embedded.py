"""Pipelines on an embedded AWS of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from bunsui import Pipeline, Workspace


@contextmanager
def deployed(folder: Path, pipelines: Collection[Pipeline]) -> Iterator[Workspace]:
    """A workspace with the pipelines, which are deployed; the embedded AWS is stopped in the end."""
    with started(folder, pipelines) as workspace:
        for pipeline in pipelines:
            workspace.deploy(pipeline.name, approve=lambda plan: True)
        yield workspace


@contextmanager
def started(folder: Path, pipelines: Collection[Pipeline]) -> Iterator[Workspace]:
    """A workspace with the pipelines, none of which is deployed."""
    workspace = Workspace.load(folder, pipelines=tuple(pipelines))
    workspace.local.start()
    try:
        yield workspace
    finally:
        workspace.aws.close()
        workspace.local.stop()
