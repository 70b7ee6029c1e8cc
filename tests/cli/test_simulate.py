"""`bunsui simulate` and `bunsui graph`, on a project of their own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli, FakeWorkspace
from tests.cli.samples import ID, REPORT

DURATIONS = {"numbers": {"seconds": 3.5, "result": [1, 2]}, "total": 20}


def test_a_simulated_run_for_people(cli: Cli, project: Path) -> None:
    (project / "d.json").write_text(json.dumps(DURATIONS))
    result = cli("simulate", "--durations", "d.json", "--set", "count=2")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == "Simulated run of sums: SUCCEEDED after 23.5 s"
    assert lines[1] == "  parameters: count=2"
    assert lines[3].split() == ["JOB", "/", "OPERATION", "STATUS", "START", "DURATION", "SLACK", "TRIES"]
    assert lines[5].split() == ["numbers", "SUCCEEDED", "0.0", "s", "3.5", "s", "critical", "1"]
    assert "Critical path 23.5 s: numbers -> total" in lines
    assert "In waves 23.5 s, 1.00 times as long: 2 levels, each waiting for all of the one before" in lines
    assert any(line.startswith("Price in us-east-1, ") and line.endswith(" for 1,000 runs") for line in lines)
    assert any(line.startswith("  left out: logs and traces") for line in lines)


def test_a_simulated_run_as_json(cli: Cli, project: Path) -> None:
    told = cli("simulate", "--json", "--region", "eu-west-3").json_as("simulate")
    assert (told["status"], told["made_up"], told["makespan_s"]) == ("SUCCEEDED", ["count"], 2.0)
    assert told["price"]["region"] == "eu-west-3"
    assert {one["source"] for one in told["operations"]} == {"default"}


def test_a_simulated_failure_is_a_result(cli: Cli, project: Path) -> None:
    result = cli("simulate", "--fail", "numbers:ValueError")
    assert result.code == 0
    assert "Failed: job make, operation numbers (error)" in result.out
    assert "ValueError: simulated" in result.out
    told = cli("simulate", "--fail", "numbers:ValueError", "--json").json_as("simulate")
    assert told["failure"]["error"] == "ValueError"
    assert [one["status"] for one in told["operations"]] == ["FAILED", "NOT_STARTED"]


def test_wrong_words_are_told(cli: Cli, project: Path) -> None:
    wrong = cli("simulate", "--fail", "totl", "--json")
    assert (wrong.code, wrong.json_as("errors")["errors"][0]["code"]) == (2, "BUN703")
    assert "BUN405" in cli("simulate", "--set", "count=many").err
    assert "BUN405" in cli("simulate", "--set", "cuont=1").err
    (project / "d.csv").write_text("operation,seconds\nnumbers,soon\n")
    told = cli("simulate", "--durations", "d.csv")
    assert told.code == 2
    assert "BUN407" in told.err
    assert "at d.csv:2" in told.err


def test_history_is_that_of_a_session(cli: Cli, workspace: FakeWorkspace) -> None:
    workspace.answers = {"simulate": KeyError("asked"), "latest": REPORT.session}
    cli("simulate", "sums", "--history", "latest", "--fail", "total")
    asked = {"texts": {}, "durations": None, "history": ID, "fail": ("total",)}
    assert workspace.calls[-1] == ("simulate", ("sums",), asked)


def test_the_graph_as_text(cli: Cli, project: Path) -> None:
    result = cli("graph")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "job make\n┌─────────┐\n│ numbers │\n└─────────┘\n\n"
        "job add, after make\n┌───────┐\n│ total │\n└───────┘\n  total takes from other jobs: numbers\n"
    )


def test_the_graph_in_other_formats(cli: Cli, project: Path) -> None:
    assert cli("graph", "sums", "--format", "mermaid").out.startswith("flowchart LR\n")
    assert cli("graph", "--format", "dot").out.startswith('digraph "sums" {\n')
    told = cli("graph", "--format", "svg", "--json").json_as("graph")
    assert (told["pipeline"], told["format"]) == ("sums", "svg")
    assert told["text"].startswith("<svg ")
    wrong = cli("graph", "--format", "png")
    assert (wrong.code, "BUN406" in wrong.err) == (2, True)


def test_the_graph_of_the_assembly_is_the_same(cli: Cli, project: Path) -> None:
    cli("synth")
    written = (project / "cfn-out" / "sums" / "graph.mmd").read_text()
    assert cli("graph", "--format", "mermaid").out == written
