"""A drawing in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from bunsui.diagram.content import Content


def dot(found: Content) -> str:
    """Jobs as clusters; dashed edges for order alone, bold ones into joins, whose operations have two borders."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Content) -> Iterator[str]:
    yield f"digraph {_quoted(found.name)} {{"
    yield "  rankdir=LR; compound=true; node [shape=box];"
    for job, names in found.jobs.items():
        yield f"  subgraph {_quoted(f'cluster_{job}')} {{"
        yield f"    label={_quoted(job)};"
        for name in names:
            yield f"    {_quoted(name)}{' [peripheries=2]' if name in found.joins else ''};"
        yield "  }"
    for edge in found.edges:
        style = "bold" if edge.join else "solid" if edge.data else "dashed"
        yield f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [style={style}];"
    for edge in found.order:
        ends = f"ltail={_quoted(f'cluster_{edge.source}')}, lhead={_quoted(f'cluster_{edge.target}')}"
        last, first = found.jobs[edge.source][-1], found.jobs[edge.target][0]
        yield f"  {_quoted(last)} -> {_quoted(first)} [{ends}, style={'bold' if edge.join else 'dashed'}];"
    yield "}"


def _quoted(text: str) -> str:
    """A quoted ID of the DOT language (graphviz.org/doc/info/lang.html)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
