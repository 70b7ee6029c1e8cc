"""What each command asks of the workspace, and what it prints for people."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from bunsui.cli.options import App
from bunsui.cli.output import Output
from bunsui.errors import AwsError
from bunsui.local import LocalStatus
from bunsui.session.model import Status
from bunsui.workspace import Workspace

from . import samples
from .samples import ID


def test_global_options_reach_the_workspace_from_both_sides(cli, monkeypatch, tmp_path):
    found = []
    monkeypatch.setattr(Workspace, "load", lambda *args, **kwargs: found.append((args, kwargs)))
    front = (
        "--env",
        "prod",
        "--profile",
        "p",
        "--region",
        "eu-west-1",
        "--endpoint-url",
        "http://x",
        "--root",
        str(tmp_path),
    )
    cli(*front, "diff")
    cli("diff", *front)
    cli("--env", "dev", "diff", "--env", "prod", *front[2:])
    given = {"environment": "prod", "profile": "p", "region": "eu-west-1", "endpoint_url": "http://x"}
    assert found == [((str(tmp_path),), given)] * 3


def test_next_commands_name_the_environment():
    app = App()
    app.settings.environment, app.settings.root = "prod", "a b"
    assert app.next_command("logs", "x") == "bunsui logs x --env prod --root 'a b'"


# synth


def test_synth_writes_every_pipeline(cli, project):
    first = cli("synth")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("sums -> cfn-out/sums (1 template, ")
    assert "2 functions" in first.out
    assert (project / "cfn-out" / "sums" / "manifest.json").is_file()
    again = cli("synth", "sums")
    assert "nothing changed" in again.out
    assert again.out.split()[-1] == first.out.split()[-1]


def test_synth_check(cli, project):
    missing = cli("synth", "--check")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err == "sums: cfn-out/sums is not written yet; `bunsui synth sums` writes it\n"
    assert cli("synth", "--check", "--json").json_as("synth-check")["same"] is False
    assert not (project / "cfn-out").exists()
    (project / "cfn-out" / "sums" / "requirements").mkdir(parents=True)
    assert cli("synth", "--check").err == missing.err
    cli("synth")
    same = cli("synth", "--check")
    assert (same.code, same.out) == (0, "")
    file = project / "cfn-out" / "sums" / "graph.mmd"
    file.write_text(file.read_text() + "more\n")
    differs = cli("synth", "--check")
    assert differs.code == 1
    assert "-more\n" in differs.out
    assert "cfn-out/sums differs; `bunsui synth sums` writes it" in differs.err
    changed = cli("synth", "--check", "--json").json_as("synth-check")
    assert changed["same"] is False
    assert "-more\n" in changed["pipelines"][0]["diff"]


def test_synth_in_yaml(cli, project):
    assert cli("synth", "--format", "yaml").code == 0
    assert (project / "cfn-out" / "sums" / "template.yaml").read_text().startswith(("AWSTemplateFormatVersion", "Desc"))


def test_synth_without_pipelines(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = cli("synth")
    assert result.code == 2
    assert "BUN403: the project has no pipelines" in result.err


def test_a_wrong_declaration_shows_its_line(cli, project):
    (module,) = project.glob("stub_*.py")
    module.write_text(module.read_text().replace("numbers: list[int]", "numbres: list[int]"))
    result = cli("synth")
    assert result.code == 2
    assert f"at {module.name}:" in result.err
    assert "| def total(numbres: list[int]) -> int:" in result.err or "| @operation" in result.err
    assert "numbers" in result.err.partition("hint:")[2]


def test_root(cli, project, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert cli("synth", "--root", str(project)).code == 0
    assert (project / "cfn-out" / "sums" / "template.json").is_file()


# permissions


def test_permissions_for_people(cli, project):
    lines = cli("permissions").out.splitlines()
    assert lines[0].split() == ["ROLE", "ACTION", "RESOURCE", "WHY"]
    assert any(re.search(r"sums-lake-.+/raw(/\*)? +numbers: .+ \(stub_\d+\.py:\d+\)", line) for line in lines)
    assert any("* (NO-RESOURCE-TYPE)" in line for line in lines)
    assert all(line == line.rstrip() for line in lines)


# deploying


def test_diff_goes_to_stdout(cli, workspace):
    workspace.answers["diff"] = samples.PLAN
    result = cli("diff", "sums")
    assert (result.code, result.err) == (0, "")
    assert "would change" in result.out
    name, args, _ = workspace.calls[0]
    assert (name, args) == ("diff", ("sums",))


@pytest.mark.parametrize("words", [("deploy", "sums"), ("destroy", "sums"), ("bootstrap",)])
def test_nobody_to_ask(cli, workspace, words):
    workspace.answers[words[0]] = samples.DEPLOYMENT if words[0] != "destroy" else samples.DESTRUCTION
    assert cli(*words).code == 0
    assert workspace.calls[0][2]["approve"] is None


def test_deploy_ends_with_outputs(cli, workspace):
    workspace.answers["deploy"] = samples.DEPLOYMENT
    assert cli("deploy", "--yes").out == (
        "Stack sums deployed in 12.3 s: 1 added, 1 changed, 1 replaced, 1 removed, 1 retained\n"
        "Outputs:\n"
        "  Machine  arn:aws:states:1\n"
        "  Bucket   sums-lake\n"
    )


def test_deploy_without_changes(cli, workspace):
    workspace.answers["deploy"] = samples.DEPLOYMENT.model_copy(update={"changed": False, "outputs": {}})
    assert cli("deploy", "--yes").out == "Stack sums is as declared; nothing to change\n"


def test_destroy(cli, workspace):
    workspace.answers["destroy"] = samples.DESTRUCTION
    out = cli("destroy", "--yes").out
    assert "Stack sums deleted in 3.0 s: 1 removed, 1 retained\n" in out
    assert "  OldBucket  AWS::S3::Bucket  sums-old\n" in out
    workspace.answers["destroy"] = samples.DESTRUCTION.model_copy(update={"status": "ABSENT"})
    assert cli("destroy", "--yes").out == "There is no stack sums; nothing to delete\n"


# sessions


def test_run_waits(cli, workspace):
    workspace.answers = {"start": samples.RUNNING, "watch": samples.snapshots()}
    result = cli("run", "sums", "count=3", "name=a=b", "--session", "mine")
    assert result.code == 0
    assert workspace.calls == [
        ("start", ("sums",), {"session": "mine", "texts": {"count": "3", "name": "a=b"}}),
        ("watch", (ID,), {}),
    ]
    assert f"session {ID} of sums has started\n" in result.err
    assert f"Session {ID} of sums: SUCCEEDED" in result.out


def test_run_without_a_name(cli, workspace):
    workspace.answers = {"start": samples.RUNNING}
    result = cli("run", "count=3", "--detach")
    assert (result.code, result.out) == (0, f"{ID}\n")
    assert workspace.calls == [("start", (None,), {"session": None, "texts": {"count": "3"}})]
    assert result.err == f"to follow it: bunsui watch {ID}\n"


def test_run_that_fails(cli, workspace):
    workspace.answers = {"start": samples.RUNNING, "watch": samples.snapshots(samples.FAILED_REPORT)}
    result = cli("run", "sums")
    assert result.code == 1
    assert "Failed: job add, operation total (error)" in result.out


@pytest.mark.parametrize("json", [False, True])
def test_ctrl_c_leaves_the_session_alone(cli, workspace, json):
    def interrupted(id):
        yield samples.snapshots()[0]
        raise KeyboardInterrupt

    workspace.answers = {"start": samples.RUNNING, "watch": interrupted}
    result = cli("run", "sums", "--env", "prod", *(["--json"] if json else []))
    assert result.code == 130
    assert f"the session goes on; to follow it: bunsui watch {ID} --env prod\n" in result.err
    assert f"bunsui cancel {ID} --env prod\n" in result.err
    assert [name for name, *_ in workspace.calls] == ["start", "watch"]
    if json:
        assert result.json_as("run")["session"]["status"] == "RUNNING"
    else:
        assert result.out == ""


@pytest.mark.parametrize(
    ("report", "code"), [(samples.REPORT, 0), (samples.FAILED_REPORT, 1), (samples.RUNNING_REPORT, 8)]
)
def test_status(cli, workspace, report, code):
    workspace.answers["report"] = report
    result = cli("status", ID)
    assert (result.code, result.err) == (code, "")
    assert result.out.startswith(f"Session {ID} of sums: {report.session.status}")
    assert workspace.calls == [("report", (ID,), {})]


@pytest.mark.parametrize(
    ("command", "method", "answer"),
    [
        ("status", "report", samples.REPORT),
        ("logs", "logs", []),
        ("watch", "watch", samples.snapshots()),
        ("cancel", "cancel", samples.CANCELLATION),
    ],
)
def test_the_latest_session(cli, workspace, command, method, answer):
    workspace.answers = {method: answer, "latest": samples.SESSION}
    assert cli(command, "latest").code == 0
    assert [(name, args) for name, args, _ in workspace.calls] == [("latest", ()), (method, (ID,))]


def test_list(cli, workspace):
    workspace.answers["list"] = samples.PAGE
    words = ("--pipeline", "sums", "--status", "failed", "--since", "2026-01-31", "--limit", "5", "--token", "t")
    result = cli("list", *words)
    assert workspace.calls[0][2] == {
        "pipeline": "sums",
        "status": Status.FAILED,
        "since": datetime(2026, 1, 31, tzinfo=UTC),
        "limit": 5,
        "token": "t",
    }
    header, first, second = result.out.splitlines()
    assert header.split() == ["SESSION", "PIPELINE", "STATUS", "STARTED", "DURATION", "PARAMETERS", "ERROR"]
    assert first == f"{ID}  sums      SUCCEEDED  2026-01-31 10:00:00Z  1 min 23 s  count=3"
    assert second.endswith("count=3     ValueError")
    assert result.err == "more: --token page-2\n"


def test_an_empty_list(cli, workspace):
    workspace.answers["list"] = samples.PAGE.model_copy(update={"sessions": (), "next": None})
    result = cli("list")
    assert (result.code, result.out, result.err) == (0, "", "no sessions\n")


def test_logs(cli, workspace):
    workspace.answers["logs"] = [samples.LINE]
    result = cli(
        "logs", ID, "--job", "add", "--operation", "total", "--failed", "--follow", "--since", "2026-01-31T09:00Z"
    )
    assert workspace.calls == [
        (
            "logs",
            (ID,),
            {
                "job": "add",
                "operation": "total",
                "failed": True,
                "follow": True,
                "since": datetime(2026, 1, 31, 9, tzinfo=UTC),
            },
        )
    ]
    assert result.out == (
        "10:00:02.000Z add/total (try 2) ERROR failed: ValueError: no such key\n"
        "    Traceback (most recent call last):\n"
        '      File "/var/task/etl.py", line 7, in total\n'
    )


def test_lines_before_an_error_are_printed(cli, workspace):
    def broken(*args, **kwargs):
        yield samples.LINE
        raise AwsError("BUN502", "no network")

    workspace.answers["logs"] = broken
    result = cli("logs", ID)
    assert result.code == 3
    assert "no such key" in result.out


def test_watch_without_a_terminal_prints_changes(cli, workspace):
    workspace.answers["watch"] = samples.snapshots()
    lines = cli("watch", ID).out.splitlines()
    assert lines[:3] == [
        "10:00:00.000Z session RUNNING",
        "10:00:00.000Z add/total FAILED (try 2): ValueError: no such key",
        f"Session {ID} of sums: SUCCEEDED, started 2026-01-31 10:00:00Z, 1 min 23 s",
    ]


def test_cancel(cli, workspace, monkeypatch):
    monkeypatch.setenv("USER", "ada")
    workspace.answers["cancel"] = samples.CANCELLATION
    result = cli("cancel", ID, "--why", "wrong month")
    assert (result.code, result.out) == (0, "it is cancelled\n")
    assert workspace.calls == [("cancel", (ID,), {"who": "ada", "why": "wrong month"})]


def test_approvals(cli, workspace):
    workspace.answers["approvals"] = samples.QUESTIONS
    out = cli("approvals").out
    assert out.splitlines()[0].split() == ["SESSION", "OPERATION", "ASKED", "UNTIL", "ANSWERS", "QUESTION"]
    assert "approve | reject" in out
    assert "Pay 42?" in out
    workspace.answers["approvals"] = samples.Questions(questions=())
    assert "nothing waits for an answer" in cli("approvals", ID).err
    assert workspace.calls == [("approvals", (None,), {}), ("approvals", (ID,), {})]


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        (("approve", ID, "--comment", "fine"), (ID, "approve", None, "fine"), f"pay of session {ID}: approve\n"),
        (("reject", ID, "pay"), (ID, "reject", "pay", ""), f"pay of session {ID}: approve\n"),
        (("answer", ID, "retry", "pay"), (ID, "retry", "pay", ""), f"pay of session {ID}: approve\n"),
    ],
)
def test_answering(cli, workspace, words, given, told):
    workspace.answers["answer"] = samples.ANSWER
    result = cli(*words)
    assert (result.code, result.out) == (0, told)
    assert workspace.calls == [("answer", given, {})]


# local reset


class Local:
    """An embedded AWS that counts how often it is reset."""

    def __init__(self, folder):
        self.resets = 0
        self._status = LocalStatus(False, None, None, None, folder, None, None, folder / "server.log")

    def status(self):
        return self._status

    def reset(self):
        self.resets += 1
        return self._status


WHAT = "all stacks, buckets, tables, sessions and logs of the embedded AWS (.bunsui/local)"


@pytest.fixture
def local(workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    workspace.local = Local(tmp_path / ".bunsui" / "local")
    return workspace.local


@pytest.mark.parametrize(("answer", "code", "resets"), [(True, 0, 1), (False, 4, 0)])
def test_local_reset_asks(cli, local, monkeypatch, answer, code, resets):
    asked = []
    monkeypatch.setattr(Output, "can_ask", True)
    monkeypatch.setattr(Output, "ask", lambda _, question: asked.append(question) or answer)
    result = cli("local", "reset")
    assert (result.code, local.resets, asked) == (code, resets, [f"Delete {WHAT}?"])
    assert (f"deleted: {WHAT}\n" in result.out) is answer
    assert ("error BUN604" in result.err) is not answer


def test_local_reset_without_anybody_to_ask(cli, local):
    refused = cli("local", "reset")
    assert (refused.code, local.resets) == (4, 0)
    assert f"error BUN603: somebody has to agree to deleting {WHAT}\n" in refused.err
    assert cli("local", "reset", "--json").json_as("errors")["errors"][0]["code"] == "BUN603"
    agreed = cli("local", "reset", "--yes")
    assert (agreed.code, local.resets) == (0, 1)
    assert (agreed.out, agreed.err) == (f"deleted: {WHAT}\nthe embedded AWS is not running\n", "")
