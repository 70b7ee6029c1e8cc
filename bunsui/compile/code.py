"""The code of each operation: which asset holds it, and the locks of its requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bunsui.compile.assets import Asset, collect
from bunsui.model.binding import Bound
from bunsui.model.pipeline import Pipeline
from bunsui.model.target import Code


class Collector:
    """Collects the assets of one pipeline, each code unit once."""

    def __init__(self, pipeline: Pipeline, folder: Path, exclude: tuple[str, ...]) -> None:
        self._pipeline = pipeline
        self._folder = folder
        self._exclude = exclude
        self._memo: dict[Any, Any] = {}
        self.assets: dict[str, Asset] = {}
        self.locks: dict[str, str] = {}

    def code_of(self, bound: Bound) -> Code:
        """The code that an operation runs.

        Raises:
            DeclarationError: BUN110, BUN302, BUN303.
        """
        operation = bound.operation
        module = operation.handler.partition(":")[0]
        requirements = tuple(sorted({*self._pipeline.requirements, *operation.requirements}))
        python, architecture = operation.runs.platform
        asset = collect(
            module,
            requirements,
            python,
            architecture,
            self._exclude,
            self._folder,
            memo=self._memo,
            where=operation.where,
        )
        self.assets[asset.digest] = asset
        if asset.lock is not None and asset.lock_name is not None:
            self.locks[asset.lock_name] = asset.lock
        return Code(operation.handler, asset.digest)
