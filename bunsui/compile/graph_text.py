"""The graph of a pipeline as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator

from bunsui.model.pipeline import Pipeline


def mermaid(pipeline: Pipeline) -> str:
    """Jobs as boxes, operations in them, solid arrows for data and dotted ones for order alone."""
    return "\n".join(_lines(pipeline)) + "\n"


def _lines(pipeline: Pipeline) -> Iterator[str]:
    yield "flowchart LR"
    for job in pipeline.jobs:
        yield f'  subgraph {_id("job", job.name)}["{job.name}"]'
        for operation in job.operations:
            yield f'    {_id("op", operation.name)}["{operation.name}"]'
        yield "  end"
    for name, bound in pipeline.operations.items():
        for source in sorted(bound.feeds):
            yield f"  {_id('op', source)} --> {_id('op', name)}"
        for earlier in sorted(set(bound.after) - bound.feeds):
            yield f"  {_id('op', earlier)} -.-> {_id('op', name)}"
    for job in pipeline.jobs:
        for earlier, _ in job.predecessors:
            yield f"  {_id('job', earlier.name)} -.-> {_id('job', job.name)}"


def _id(kind: str, name: str) -> str:
    return f"{kind}_{name.replace('-', '__')}"
