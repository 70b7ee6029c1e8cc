"""The pytest plugin: the fixture `pipeline_runner`. Nothing heavy is imported before a test asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bunsui.model.pipeline import Pipeline
    from bunsui.testing.runner import PipelineRunner


@pytest.fixture
def pipeline_runner() -> Callable[..., PipelineRunner]:
    """Makes a `PipelineRunner` for a pipeline: `pipeline_runner(pipeline)`."""

    def make(pipeline: Pipeline, **settings: Any) -> PipelineRunner:
        from bunsui.testing.runner import PipelineRunner

        return PipelineRunner(pipeline, **settings)

    return make
