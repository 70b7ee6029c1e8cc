"""The formats of drawings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bunsui.diagram.content import Content, content
from bunsui.diagram.dot import dot
from bunsui.diagram.mermaid import mermaid
from bunsui.diagram.svg import svg
from bunsui.diagram.text import text
from bunsui.model.pipeline import Pipeline

FORMATS = ("text", "mermaid", "dot", "svg")
WIDTH = 100
"""Columns of text where nobody says how many there are."""

_DRAWN: Mapping[str, Callable[[Content], str]] = {"mermaid": mermaid, "dot": dot, "svg": svg}


def draw(pipeline: Pipeline, format: str = "text", width: int = WIDTH) -> str:
    """The drawing in one of `FORMATS`; the same for the same declaration.

    Args:
        pipeline: what to draw.
        format: of the drawing.
        width: columns that a text may have; where boxes do not fit, operations are listed.
    """
    found = content(pipeline)
    return text(found, width) if format == "text" else _DRAWN[format](found)
