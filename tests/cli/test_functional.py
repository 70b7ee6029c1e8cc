"""The whole way on the embedded AWS: start it, deploy, run, ask, destroy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bunsui.local import LocalServer

from .conftest import Cli, Result, write_project


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """A folder while the embedded AWS runs for it."""
    server = LocalServer(folder, persist=False, tied=True)
    server.start()
    try:
        yield folder
    finally:
        server.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with its embedded AWS, which several tests use."""
    folder = tmp_path_factory.mktemp("project")
    path = list(sys.path)
    write_project(folder)
    with serving(folder):
        yield folder
    sys.path[:] = path


@pytest.fixture
def fresh(project: Path) -> Iterator[Path]:
    """A project with an embedded AWS in which there is nothing."""
    with serving(project):
        yield project


@pytest.fixture
def stack(shared: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    """What deploying said; the first time it creates, later it has nothing to do."""
    monkeypatch.chdir(shared)
    result = cli("deploy", "--yes")
    assert result.code == 0, result.err
    return result


def test_deploying_asks_first_then_does_and_then_has_nothing_to_do(cli, fresh):
    asked = cli("deploy", "sums")
    assert (asked.code, asked.out) == (4, "")
    assert "BUN603" in asked.err
    assert "--yes" in asked.err
    assert cli("deploy", "--json").json_as("errors")["errors"][0]["code"] == "BUN603"
    assert "BUN605" in cli("run", "count=1").err
    boot = cli("bootstrap", "--yes", "--json").json_as("bootstrap")
    assert (boot["stack"], boot["changed"]) == ("bunsui-control", True)
    assert cli("diff", "--json").json_as("diff")["operation"] == "create"
    done = cli("deploy", "--yes", "--json")
    told = done.json_as("deploy")
    assert told["status"] == "CREATE_COMPLETE"
    assert "+ added" in done.err
    assert "CREATE_COMPLETE    AWS::Lambda::Function TotalFunction" in done.err
    assert cli("diff").out == "Stack sums stays as it is\n"
    again = cli("deploy")
    assert (again.code, again.out.splitlines()[0]) == (0, "Stack sums is as declared; nothing to change")


def test_a_session_that_succeeds(cli, stack):
    result = cli("run", "sums", "count=3", "--session", "good")
    assert result.code == 0
    assert "Session good of sums: SUCCEEDED" in result.out
    assert "add/total  3" in result.out
    status = cli("status", "good", "--json").json_as("status")
    assert status["session"]["outputs"] == {"add": {"total": {"value": 3}}}
    assert [run["status"] for run in status["jobs"]] == ["SUCCEEDED", "SUCCEEDED"]
    lines = cli("logs", "good", "--operation", "total").out.splitlines()
    assert [line.partition("add/total ")[2][:8] for line in lines] == ["started", "finished"]
    again = cli("run", "sums", "count=3", "--session", "good", "--detach")
    assert (again.code, again.out) == (0, "good\n")


def test_a_session_that_fails(cli, stack):
    result = cli("run", "sums", "count=9", "--session", "bad")
    assert result.code == 1
    assert "Failed: job add, operation total (error)" in result.out
    assert "ValueError: too many numbers: [bold]" in result.out
    assert "add/total ERROR failed: ValueError: too many numbers: [bold]\n" in result.out.partition("  log: ")[2]
    assert "bunsui logs bad --failed" in result.out
    assert cli("status", "bad").code == 1
    failure = cli("watch", "bad", "--json").json_as("watch")["failure"]
    assert (failure["job"], failure["operation"], failure["error"]) == ("add", "total", "ValueError")
    failed = cli("logs", "bad", "--failed", "--json").json_as("logs")["lines"]
    assert {line["operation"] for line in failed} == {"total"}
    newest = cli("list", "--status", "failed", "--json").json_as("list")["sessions"][0]
    assert (newest["id"], newest["error"]) == ("bad", "ValueError")


def test_parameters_are_checked(cli, stack):
    for words, hint in [
        (("count=x",), "whole number"),
        (("cuont=1", "count=1"), "did you mean count?"),
        ((), "count=VALUE"),
    ]:
        result = cli("run", "sums", *words)
        assert result.code == 2
        assert "BUN405" in result.err
        assert hint in result.err


def test_sessions_and_places_that_are_not_there(cli, stack):
    for words in (("status", "nope"), ("logs", "nope"), ("watch", "nope"), ("cancel", "nope")):
        result = cli(*words)
        assert result.code == 2
        assert "BUN701" in result.err
    cli("run", "sums", "count=1", "--session", "one", "--detach")
    missing = cli("logs", "one", "--job", "ad")
    assert missing.code == 2
    assert "BUN703" in missing.err


def test_list_goes_on_page_by_page(cli, stack):
    for name in ("page-a", "page-b"):
        assert cli("run", "sums", "count=1", "--session", name).code == 0
    first = cli("list", "--limit", "1", "--json").json_as("list")
    assert [one["id"] for one in first["sessions"]] == ["page-b"]
    second = cli("list", "--limit", "1", "--token", first["next"], "--json").json_as("list")
    assert [one["id"] for one in second["sessions"]] == ["page-a"]
    assert cli("list", "--token", "no token").code == 2
    assert cli("status", "latest").out.startswith("Session page-b of sums")


def test_cancelling_what_is_over(cli, stack):
    assert cli("run", "sums", "count=1", "--session", "over").code == 0
    told = cli("cancel", "over", "--why", "too late", "--json").json_as("cancel")
    assert (told["stopped"], told["session"]["status"]) == (False, "SUCCEEDED")


def test_the_embedded_aws_itself(cli, project):
    assert cli("local", "status", "--json").json_as("local-status")["running"] is False
    assert cli("local", "stop", "--json").json_as("local-stop")["was_running"] is False
    try:
        started = cli("local", "start", "--json").json_as("local-start")
        assert cli("local", "start", "--json").json["pid"] == started["pid"]
        assert cli("local", "status").out.startswith(f"the embedded AWS runs at {started['endpoint_url']} (process ")
        assert cli("local", "reset", "--yes", "--json").json_as("local-reset")["running"] is True
    finally:
        stopped = cli("local", "stop", "--json").json_as("local-stop")
    assert stopped["was_running"] is True
    assert cli("local", "status").out == "the embedded AWS is not running\n"
    with pytest.raises(ProcessLookupError):
        os.kill(started["pid"], 0)


def test_destroying(cli, stack):
    asked = cli("destroy")
    assert asked.code == 4
    told = cli("destroy", "--yes", "--json").json_as("destroy")
    assert told["status"] == "DELETE_COMPLETE"
    assert [change["type"] for change in told["retained"] if change["type"] == "AWS::S3::Bucket"]
    assert cli("destroy", "--yes").out == "There is no stack sums; nothing to delete\n"
