"""Every format shows the same jobs, operations, edges and joins."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from bunsui.diagram.content import Edge, content
from bunsui.diagram.draw import FORMATS, draw
from tests.compile.pipelines import pipeline as made

from .pipelines import cross

JOINED = content(cross).joins["d"]
"""Whom `d` waits for in its join: it may stand behind one of its producers and wait for the other alone."""
SVG = "{http://www.w3.org/2000/svg}"


def test_the_content_says_what_joins() -> None:
    found = content(cross)
    assert found.jobs == {"fetch-all": ("a", "b", "c", "d", "e", "end"), "tidy-up": ("tidy",)}
    assert found.joins.keys() == {"d"}
    assert [Edge(name, "d", True, name in JOINED) for name in "ab"] == [one for one in found.edges if one.target == "d"]
    assert Edge("a", "c", True, False) in found.edges
    assert Edge("e", "end", False, False) in found.edges
    assert found.order == ()


def test_joins_between_jobs() -> None:
    jobs = {"one": ["a"], "two": ["b"], "three": ["c"], "four": ["d"]}
    found = content(made({"a": [], "b": [], "c": ["a"], "d": ["a", "b"]}, jobs))
    assert found.joins == {}
    assert found.order
    assert {(edge.source, edge.target, edge.join) for edge in found.order} <= {
        ("one", "four", True),
        ("two", "four", True),
    }


def test_mermaid() -> None:
    lines = draw(cross, "mermaid").splitlines()
    assert lines[:4] == ["flowchart LR", '  subgraph job_fetch__all["fetch-all"]', '    op_a["a"]', '    op_b["b"]']
    assert '    op_d{{"d"}}' in lines
    assert lines[-7:] == [
        "  op_a --> op_c",
        *(f"  op_{name} {'==>' if name in JOINED else '-->'} op_d" for name in "ab"),
        "  op_c --> op_e",
        "  op_d --> op_e",
        "  op_e -.-> op_end",
        "  op_e --> op_tidy",
    ]


def test_dot() -> None:
    drawn = draw(cross, "dot")
    assert drawn.startswith('digraph "cross" {\n')
    assert '  subgraph "cluster_fetch-all" {\n    label="fetch-all";\n    "a";\n' in drawn
    assert '    "d" [peripheries=2];\n' in drawn
    assert f'  "{JOINED[0]}" -> "d" [style=bold];\n' in drawn
    assert '  "e" -> "end" [style=dashed];\n' in drawn
    assert drawn.endswith('  "e" -> "tidy" [style=solid];\n}\n')


def test_svg_is_whole_and_nothing_lies_upon_another() -> None:
    root = ElementTree.fromstring(draw(cross, "svg"))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts == ["fetch-all", "tidy-up", "a", "b", "c", "d", "e", "end", "tidy"]
    assert len(root.findall(f"{SVG}path")) == 7
    assert len(root.findall(f"{SVG}path[@class='join']")) == len(JOINED)
    assert len(root.findall(f"{SVG}rect[@class='operation join']")) == 1
    boxes = [
        tuple(float(rect.get(side, "")) for side in ("x", "y", "width", "height")) for rect in root.iter(f"{SVG}rect")
    ]
    jobs, nodes = boxes[:2], boxes[2:]
    assert not any(
        overlap(one, other) for group in (jobs, nodes) for at, one in enumerate(group) for other in group[at + 1 :]
    )
    assert all(sum(inside(node, job) for job in jobs) == 1 for node in nodes)
    assert "http" not in re.sub(r'xmlns="[^"]+"', "", draw(cross, "svg"))


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(one[at] < other[at] + other[at + 2] and other[at] < one[at] + one[at + 2] for at in (0, 1))


def inside(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(other[at] <= one[at] and one[at] + one[at + 2] <= other[at] + other[at + 2] for at in (0, 1))


def test_text() -> None:
    assert draw(cross) == TEXT


TEXT = f"""\
job fetch-all
  ┌───┐  ┌───┐
  │ a │  │ b │
  └─┬─┘  └┬──┘
   ╭┴────╮│
┌──▼┐  ╔═▼▼═╗
│ c │  ║ d  ║
└─┬─┘  ╚══╤═╝
  ╰──╮ ╭──╯
   ┌─▼─▼┐
   │ e  │
   └──┬─┘
      │
   ┌──▼──┐
   │ end │
   └─────┘
  d waits in a join for: {", ".join(JOINED)}
  end only runs after: e

job tidy-up, after fetch-all
┌──────┐
│ tidy │
└──────┘
  tidy takes from other jobs: e
"""


def test_equal_operations_share_a_box_where_there_is_no_room() -> None:
    names = [f"part{number}" for number in range(30)]
    wide = made({"start": [], **{name: ["start"] for name in names}, "whole": names})
    drawn = draw(wide, "text", 60)
    assert "│ part0 … part29 (30) │" in drawn
    assert max(map(len, drawn.splitlines())) <= 60
    assert "│ part7 │" in draw(wide, "text", 1000)


def test_what_does_not_fit_is_listed() -> None:
    drawn = draw(cross, "text", 10).splitlines()
    assert drawn[0] == "job fetch-all"
    assert "  2 * d <- a, b" in drawn
    assert "  2   c <- a" in drawn
    assert "  4   end <- e" in drawn


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_declaration_gives_the_same_drawing(format: str) -> None:
    assert draw(cross, format) == draw(cross, format)
