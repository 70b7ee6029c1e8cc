"""Every command with `--json`: one object on stdout that fits its schema, and nothing else there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bunsui.cli.menu import COMMANDS
from bunsui.cli.results import RESULTS
from bunsui.cli.schemas import main as write_schemas
from bunsui.cli.schemas import schemas
from bunsui.local import LocalStatus, StopResult
from bunsui.project import Comparison, Synthesis

from . import samples
from .conftest import SCHEMAS

RUNS = LocalStatus(
    True, "http://127.0.0.1:4566", 7, 4566, Path("state"), "1.5.33", "2026-01-31T10:00:00+00:00", Path("log")
)
SYNTHESIS = Synthesis(
    pipeline="sums", folder="cfn-out/sums", digest="ab" * 32, changed=("x",), templates=1, machines=3, workers=2
)
SAME = Comparison(pipeline="sums", folder="cfn-out/sums", same=True, diff="")
DIFFERS = Comparison(pipeline="sums", folder="cfn-out/sums", same=False, diff="-a\n+b\n")


class Local:
    """The embedded AWS as its room describes it."""

    def start(self):
        return RUNS

    status = reset = start

    def stop(self):
        return StopResult(True, True, "it has stopped")


CASES = [
    ("synth", ("synth", "sums"), "synth", SYNTHESIS, 0),
    ("synth-check", ("synth", "--check", "sums"), "check", SAME, 0),
    ("synth-check", ("synth", "--check", "sums"), "check", DIFFERS, 1),
    ("diff", ("diff",), "diff", samples.PLAN, 0),
    ("diff", ("diff",), "diff", samples.EMPTY, 0),
    ("deploy", ("deploy", "--yes"), "deploy", samples.DEPLOYMENT, 0),
    ("destroy", ("destroy", "--yes"), "destroy", samples.DESTRUCTION, 0),
    ("bootstrap", ("bootstrap", "--yes"), "bootstrap", samples.DEPLOYMENT, 0),
    ("status", ("status", "x"), "report", samples.REPORT, 0),
    ("status", ("status", "x"), "report", samples.FAILED_REPORT, 1),
    ("status", ("status", "x"), "report", samples.RUNNING_REPORT, 8),
    ("list", ("list",), "list", samples.PAGE, 0),
    ("logs", ("logs", "x"), "logs", [samples.LINE], 0),
    ("watch", ("watch", "x"), "watch", samples.snapshots(), 0),
    ("watch", ("watch", "x"), "watch", samples.snapshots(samples.FAILED_REPORT), 1),
    ("run", ("run", "sums"), "watch", samples.snapshots(), 0),
    ("run", ("run", "sums"), "watch", samples.snapshots(samples.FAILED_REPORT), 1),
    ("run", ("run", "sums"), "watch", [], 8),
    ("run", ("run", "sums", "--detach"), "watch", None, 0),
    ("approvals", ("approvals",), "approvals", samples.QUESTIONS, 0),
    ("approve", ("approve", "x", "--comment", "fine"), "answer", samples.ANSWER, 0),
    ("reject", ("reject", "x", "pay"), "answer", samples.ANSWER, 0),
    ("answer", ("answer", "x", "retry", "pay"), "answer", samples.ANSWER, 0),
    ("cancel", ("cancel", "x"), "cancel", samples.CANCELLATION, 0),
    ("local-start", ("local", "start"), "local", None, 0),
    ("local-stop", ("local", "stop"), "local", None, 0),
    ("local-status", ("local", "status"), "local", None, 0),
    ("local-reset", ("local", "reset", "--yes"), "local", None, 0),
]


@pytest.mark.parametrize("front", [True, False], ids=["before", "behind"])
@pytest.mark.parametrize(("schema", "words", "method", "answer", "code"), CASES)
def test_one_object_that_fits_its_schema(cli, workspace, schema, words, method, answer, code, front):
    workspace.answers = {method: answer, "start": samples.RUNNING}
    workspace.local = Local()
    result = cli("--json", *words) if front else cli(*words, "--json")
    assert result.code == code
    assert result.json_as(schema)


def test_permissions(cli, project):
    told = cli("permissions", "--json").json_as("permissions")
    assert told["pipeline"] == "sums"
    grants = [grant for role in told["roles"].values() for grant in role["grants"]]
    assert any("lambda:InvokeFunction" in grant["actions"] for grant in grants)


def test_every_command_has_a_schema_and_a_case():
    assert {command.split()[0] for command in RESULTS} - {"errors"} == set(COMMANDS)
    tested = {schema for schema, *_ in CASES} | {"permissions", "graph", "simulate", "errors"}
    assert {name.removesuffix(".json") for name in schemas()} == tested


def test_the_schemas_are_those_of_the_code():
    kept = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    assert kept == schemas(), "python -m bunsui.cli.schemas docs/schemas"


def test_writing_the_schemas_removes_what_is_no_more(tmp_path):
    (tmp_path / "old.json").write_text("{}")
    write_schemas(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(schemas())


def test_a_schema_refuses_another_command_s_result(cli, workspace):
    import jsonschema

    workspace.answers["report"] = samples.REPORT
    with pytest.raises(jsonschema.ValidationError):
        cli("status", "x", "--json").json_as("deploy")


def test_values_are_as_python_has_them(cli, workspace):
    workspace.answers["report"] = samples.FAILED_REPORT
    told = cli("status", "x", "--json").json
    assert told["session"]["started"] == "2026-01-31T10:00:00Z"
    assert told["session"]["duration_s"] == 83.2
    assert told["failure"]["log"]["try"] == 1
    assert json.loads(samples.FAILED_REPORT.model_dump_json(by_alias=True)) == told


def test_progress_goes_to_stderr(cli, workspace):
    workspace.answers = {"start": samples.RUNNING, "watch": samples.snapshots()}
    result = cli("run", "--json", "count=3")
    assert "session RUNNING" in result.err
    assert "add/total FAILED (try 2): ValueError: no such key\n" in result.err
    assert cli("run", "--json", "--quiet", "count=3").err == ""


@pytest.mark.parametrize("words", [("deploy",), ("destroy",), ("bootstrap",)])
def test_it_never_asks(cli, workspace, monkeypatch, words):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    workspace.answers[words[0]] = lambda *args, approve, **_: pytest.fail("asked") if approve else samples.DEPLOYMENT
    assert cli(*words, "--json").code == 0
    assert workspace.calls[0][2]["approve"] is None
