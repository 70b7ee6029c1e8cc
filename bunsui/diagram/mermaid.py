"""A drawing as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator

from bunsui.diagram.content import Content, Edge


def mermaid(found: Content) -> str:
    """Jobs as boxes, operations in them; solid arrows for data, dotted ones for order alone, thick ones into joins.

    An operation that waits in a join is a hexagon.
    """
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Content) -> Iterator[str]:
    yield "flowchart LR"
    for job, names in found.jobs.items():
        yield f"  subgraph {_id('job', job)}[{_label(job)}]"
        for name in names:
            left, right = ("{{", "}}") if name in found.joins else ("[", "]")
            yield f"    {_id('op', name)}{left}{_label(name)}{right}"
        yield "  end"
    for edge in found.edges:
        yield _edge("op", edge)
    for edge in found.order:
        yield _edge("job", edge)


def _edge(kind: str, edge: Edge) -> str:
    arrow = "==>" if edge.join else "-->" if edge.data else "-.->"
    return f"  {_id(kind, edge.source)} {arrow} {_id(kind, edge.target)}"


def _id(kind: str, name: str) -> str:
    """Jobs have hyphens and no underscores; a bare name could be a word of Mermaid."""
    return f"{kind}_{name.replace('-', '__')}"


def _label(name: str) -> str:
    return '"' + name.replace("#", "#35;").replace('"', "#quot;") + '"'
