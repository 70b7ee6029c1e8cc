"""The code of each operation: which asset holds it, and the locks of its requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bunsui.compile.assets import Asset, collect
from bunsui.errors import Where
from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.target import Code

Kind = tuple[str, tuple[str, ...], str, str]
"""Module, requirements, Python version, architecture."""


class Collector:
    """Collects the assets of one pipeline, each code unit once."""

    def __init__(self, pipeline: Pipeline, folder: Path, exclude: tuple[str, ...]) -> None:
        self._pipeline = pipeline
        self._folder = folder
        self._exclude = exclude
        self._memo: dict[Any, Any] = {}
        self._digests: dict[Kind, str] = {}
        self.assets: dict[str, Asset] = {}
        self.locks: dict[str, str] = {}

    def code_of(self, operation: Operation) -> Code:
        """The code that an operation runs.

        Raises:
            DeclarationError: BUN110, BUN302, BUN303.
        """
        module = operation.handler.partition(":")[0]
        requirements = tuple(sorted({*self._pipeline.requirements, *operation.requirements}))
        kind = (module, requirements, *operation.runs.platform)
        if kind not in self._digests:
            self._digests[kind] = self._collect(kind, operation.where)
        return Code(operation.handler, self._digests[kind])

    def _collect(self, kind: Kind, where: Where) -> str:
        asset = collect(*kind, self._exclude, self._folder, memo=self._memo, where=where)
        self.assets[asset.digest] = asset
        if asset.lock is not None and asset.lock_name is not None:
            self.locks[asset.lock_name] = asset.lock
        return asset.digest
