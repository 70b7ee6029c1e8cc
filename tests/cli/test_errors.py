from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bunsui.errors import ApprovalError, AwsError, BunsuiErrors, DeclarationError, DeploymentError, UsageError, Where

from .samples import ID, snapshots

EXIT_CODES = [
    (DeploymentError("BUN602", "the stack failed"), 1),
    (UsageError("BUN701", "no such session"), 2),
    (DeclarationError("BUN103", "no source"), 2),
    (AwsError("BUN501", "no credentials"), 3),
    (ApprovalError("BUN604", "declined"), 4),
    (BunsuiErrors([DeclarationError("BUN103", "no source"), AwsError("BUN502", "no network")]), 3),
]


@pytest.mark.parametrize(("error", "code"), EXIT_CODES)
def test_exit_code_of_each_error(cli, workspace, error, code):
    workspace.answers["report"] = error
    result = cli("status", ID)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith("error BUN")
    assert "Traceback" not in result.err


@pytest.mark.parametrize(("error", "code"), EXIT_CODES)
def test_errors_as_json(cli, workspace, error, code):
    workspace.answers["report"] = error
    result = cli("status", ID, "--json")
    assert (result.code, result.err) == (code, "")
    told = result.json_as("errors")
    assert told["exit_code"] == code
    assert [one["code"] for one in told["errors"]] == [one.code for one in getattr(error, "errors", [error])]


def test_an_error_shows_place_source_related_and_hint(cli, workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etl.py").write_text("first\n    def clean(raw): ...\n")
    elsewhere = tmp_path.parent / "other.py"
    workspace.answers["permissions"] = DeclarationError(
        "BUN103",
        "parameter 'raw' has no source",
        where=Where(str(tmp_path / "etl.py"), 2),
        hint="did you mean 'raws'?",
        related=[("the other", Where(str(elsewhere), 7))],
    )
    assert cli("permissions").err == (
        "error BUN103: parameter 'raw' has no source\n"
        "  at etl.py:2\n"
        "  2 | def clean(raw): ...\n"
        f"  the other: {elsewhere}:7\n"
        "  hint: did you mean 'raws'?\n"
    )
    told = cli("permissions", "--json").json_as("errors")["errors"][0]
    assert told["where"] == {"file": "etl.py", "line": 2}
    assert told["related"] == [{"label": "the other", "file": str(elsewhere), "line": 7}]


def test_a_place_that_cannot_be_read_is_told_all_the_same(cli, workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.py").write_text("one\n")
    for name in ("gone.py", "short.py"):
        workspace.answers["permissions"] = DeclarationError("BUN103", "x", where=Where(str(tmp_path / name), 9))
        assert cli("permissions").err == f"error BUN103: x\n  at {name}:9\n"


USAGE = [
    (("synt",), "there is no command 'synt'", "did you mean 'synth'?"),
    (("xyzzy",), "there is no command 'xyzzy'", "there is: synth, permissions"),
    (("synth", "--chek"), "no such option '--chek'. did you mean '--check'?", "bunsui synth --help"),
    (("--nope", "synth"), "no such option '--nope'", "bunsui --help"),
    (("synth", "--format", "xml"), "'xml' is not one of 'json', 'yaml'", "bunsui synth --help"),
    (("status",), "missing argument 'SESSION'", "`bunsui status latest` is about the newest session; bunsui status"),
    (("logs",), "missing argument 'SESSION'", "`bunsui logs latest` is about the newest session; bunsui logs --help"),
    (("status", "a", "b"), "unexpected extra argument", "bunsui status --help"),
    (("list", "--limit", "0"), "0 is not in the range", "bunsui list --help"),
    (("list", "--status", "DONE"), "'DONE' is not one of", "bunsui list --help"),
    (("list", "--since", "yesterday"), "'yesterday' is no time", "bunsui list --help"),
    (("logs", "x", "--since", "2026-13-01"), "'2026-13-01' is no time", "bunsui logs --help"),
    (("deploy", "--root", "/no/such/folder"), "does not exist", "bunsui deploy --help"),
    (("local", "begin"), "no such command 'begin'", "bunsui local --help"),
    (("run", "sums", "count"), "'count' is not of the form name=value", "write for example month=1"),
    (("run", "sums", "a=1", "a=2"), "parameter 'a' is given twice", "give it once"),
    (("destroy", "--env"), "option '--env' requires an argument", "bunsui destroy --help"),
]


@pytest.mark.parametrize(("words", "message", "hint"), USAGE)
def test_wrong_usage(cli, words, message, hint):
    result = cli(*words)
    assert (result.code, result.out) == (2, "")
    assert message in result.err.lower() or message in result.err
    assert hint in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("words", [("--frob", "list"), ("list", "--frob")])
def test_an_option_that_is_like_none_suggests_none(cli, words):
    assert cli(*words).err.splitlines()[0] == "error BUN406: no such option '--frob'"


@pytest.mark.parametrize(("words", "message", "hint"), USAGE)
def test_wrong_usage_as_json(cli, words, message, hint):
    result = cli("--json", *words)
    assert (result.code, result.err) == (2, "")
    told = result.json_as("errors")["errors"][0]
    assert told["code"] in ("BUN405", "BUN406")
    assert hint in told["hint"]


def test_json_is_known_even_when_the_words_before_it_are_wrong(cli):
    assert cli("synth", "--chek", "--json").json_as("errors")["exit_code"] == 2


@pytest.mark.parametrize("command", [("synth",), ("deploy",), ("run", "count=1"), ("permissions",), ("list",)])
def test_an_environment_that_is_not_there(cli, project, command):
    result = cli(*command, "--env", "prd")
    assert result.code == 2
    assert "BUN404: there is no environment 'prd'" in result.err
    assert "bunsui.toml:1" in result.err


@pytest.mark.parametrize("command", [("synth", "sum"), ("permissions", "sum"), ("deploy", "sum"), ("run", "sum")])
def test_a_pipeline_that_is_not_there(cli, project, command):
    result = cli(*command)
    assert result.code == 2
    assert "BUN403: there is no pipeline 'sum'" in result.err
    assert "did you mean 'sums'?" in result.err


@pytest.mark.parametrize(
    "command", [("deploy",), ("diff",), ("bootstrap",), ("list",), ("status", "x"), ("run", "count=1")]
)
def test_the_embedded_aws_does_not_run(cli, project, command):
    result = cli(*command)
    assert result.code == 3
    assert "BUN803" in result.err
    assert "bunsui local start" in result.err


def test_what_was_not_foreseen(cli, workspace, monkeypatch):
    workspace.answers["report"] = RuntimeError("the moon is full")
    result = cli("status", ID)
    assert (result.code, result.out) == (1, "")
    assert "unexpected error: RuntimeError: the moon is full" in result.err
    assert "BUNSUI_DEBUG=1" in result.err
    assert "Traceback" not in result.err
    monkeypatch.setenv("BUNSUI_DEBUG", "1")
    assert "Traceback (most recent call last)" in cli("status", ID).err


def test_what_was_not_foreseen_as_json(cli, workspace):
    workspace.answers["report"] = KeyError("moon")
    told = cli("status", ID, "--json").json_as("errors")
    assert told["errors"][0]["code"] is None
    assert told["errors"][0]["message"] == "KeyError: 'moon'"


@pytest.mark.parametrize("words", [("status", ID), ("deploy", "--yes"), ("watch", ID), ("synth",)])
def test_ctrl_c(cli, workspace, words):
    for name in ("report", "deploy", "watch", "synth"):
        workspace.answers[name] = KeyboardInterrupt()
    workspace.pipelines = ["sums"]
    result = cli(*words)
    assert (result.code, result.out) == (130, "")
    assert result.err.strip() == "interrupted"


def test_a_reader_who_goes_away(project):
    words = [sys.executable, "-m", "bunsui", "permissions"]
    done = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    err = done.stderr.read()
    done.stderr.close()
    assert (done.wait(), err) == (1, b"")


def test_a_stdout_that_knows_only_ascii(project):
    words = [sys.executable, "-m", "bunsui", "run", "count=é", "--json"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(words, env=env, capture_output=True, check=False)
    assert done.returncode == 2 or done.returncode == 3
    assert json.loads(done.stdout)["errors"]


def test_snapshots_are_not_lost_to_an_error_in_between(cli, workspace):
    def broken(id):
        yield snapshots()[0]
        raise AwsError("BUN502", "no network")

    workspace.answers["watch"] = broken
    result = cli("watch", ID)
    assert result.code == 3
    assert "session RUNNING" in result.out
    assert "BUN502" in result.err
