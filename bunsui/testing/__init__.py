"""Pipelines tested like functions: the compiled state machines run in this process, on a virtual clock.

    def test_daily_delays(pipeline_runner):
        runner = pipeline_runner(pipeline).stub(raw_flights=Dataset("s3://lake/raw/1.csv"))
        runner.put("lake", "raw/1.csv", b"...")
        run = runner.run(month=1)
        assert run.succeeded and run.outputs["daily_delays"] == 31

The fixture comes with bunsui as a pytest plugin. Functions run through the runtime that is shipped to Lambda: inputs
are decoded, results are encoded, large ones are spilled, undeclared resources are refused.
"""

from bunsui.simulate.functions import Invocation
from bunsui.testing.run import PipelineRun
from bunsui.testing.runner import PipelineRunner
from bunsui.testing.started import Reply, Started

__all__ = ["Invocation", "PipelineRun", "PipelineRunner", "Reply", "Started"]
