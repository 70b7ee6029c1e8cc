"""Streams, colours, questions, bars and tables."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import click
import pytest

from bunsui.cli.approval import Conversation
from bunsui.cli.follow import Follower
from bunsui.cli.options import App
from bunsui.cli.output import Output
from bunsui.cli.plans import show_plan
from bunsui.cli.reports import change_text, failure_lines, log_text, sessions_table, show_report
from bunsui.cli.values import Moment
from bunsui.cli.words import clock, duration, moment, number, shortened, size
from bunsui.deploy.events import Note, ResourceEvent, Uploaded
from bunsui.deploy.models import Plan, Widening
from bunsui.session.model import LogLine, SessionReport, Status

from . import samples

RED = "\x1b[31m"
UP = "\x1b[1A"


class Stream(io.StringIO):
    """A stream that says of itself what a test wants."""

    def __init__(self, terminal: bool, text: str = "") -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch):
    """Replaces stdin, stdout and stderr; a terminal has 120 columns."""

    def make(terminal: bool, answer: str = "") -> tuple[Stream, Stream]:
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setenv("TERM", "xterm-256color")
        out, err = Stream(terminal), Stream(terminal)
        monkeypatch.setattr("sys.stdin", Stream(terminal, answer))
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", err)
        return out, err

    return make


# colours


@pytest.mark.parametrize(
    ("terminal", "no_color", "variable", "coloured"),
    [(True, False, "", True), (True, True, "", False), (True, False, "1", False), (False, False, "", False)],
)
def test_colours(streams, monkeypatch, terminal, no_color, variable, coloured):
    out, err = streams(terminal)
    monkeypatch.setenv("NO_COLOR", variable)
    output = Output(no_color=no_color)
    output.print(click.style("x", fg="red"))
    output.err(click.style("x", fg="red"))
    show_plan(output, samples.PLAN, err=False)
    assert (RED in out.getvalue()) is (RED in err.getvalue()) is coloured
    assert ("\x1b[" in out.getvalue()) is coloured


def test_quiet_leaves_notes_out(streams):
    _, err = streams(False)
    output = Output(quiet=True)
    output.note("noise")
    output.err("error")
    assert err.getvalue() == "error\n"


# plans


def test_a_plan(streams):
    out, _ = streams(False)
    show_plan(Output(), samples.PLAN, err=False)
    assert out.getvalue() == (
        "Stack sums would change\n"
        "  + added     LakeBucket        AWS::S3::Bucket\n"
        "  ~ changed   TotalFunction     AWS::Lambda::Function  Code, MemorySize\n"
        "  ! REPLACED  Nested/DaysTable  AWS::DynamoDB::Table   KeySchema\n"
        "  - removed   OldRole           AWS::IAM::Role         old\n"
        "  = retained  OldBucket         AWS::S3::Bucket        sums-old\n"
        "  the outputs of the stack change\n"
        "  1 added, 1 changed, 1 replaced, 1 removed, 1 retained\n"
        "  1 resource will be REPLACED: a new one is made, the old one goes: DaysTable\n"
        "\n"
        "Permissions that widen:\n"
        "  WHERE      WHAT   ACTION          RESOURCE                 WHO\n"
        "  TotalRole  grant  s3:GetObject    arn:aws:s3:::lake/raw/*\n"
        "                    s3:PutObject    arn:aws:s3:::other/*\n"
        "  TotalRole  trust  sts:AssumeRole                           Service:lambda\n"
    )


ROLES = ("ARole", "BRole", "CRole", "DRole")
SHARED = tuple(
    Widening(kind=kind, subject=role, action=action, resource="*", principal=who)
    for role in ROLES
    for kind, action, who in (
        ("grant", "xray:PutTelemetryRecords", ""),
        ("grant", "xray:PutTraceSegments", ""),
        ("trust", "sts:AssumeRole", "Service:lambda"),
    )
)
OWN = Widening(kind="grant", subject="ARole", action="s3:GetObject", resource="arn:aws:s3:::lake/raw/*")
PAIR = tuple(
    Widening(kind="grant", subject=role, action="s3:PutObject", resource="arn:aws:s3:::x") for role in ROLES[:2]
)


def _widening_lines(streams, operation):
    out, _ = streams(False)
    plan = Plan(stack="s", operation=operation, outputs_change=True, permission_widenings=(OWN, *PAIR, *SHARED))
    show_plan(Output(), plan, err=False)
    return out.getvalue().partition("Permissions that widen:\n")[2].splitlines()[1:]


def test_what_many_new_roles_share_is_told_once(streams):
    assert _widening_lines(streams, "create") == [
        "  4 roles  grant  xray:PutTelemetryRecords  *",
        "                  xray:PutTraceSegments",
        "  4 roles  trust  sts:AssumeRole            *                        Service:lambda",
        "  ARole    grant  s3:GetObject              arn:aws:s3:::lake/raw/*",
        "  ARole    grant  s3:PutObject              arn:aws:s3:::x",
        "  BRole",
        "  `bunsui diff --json` names the roles that are only counted here",
    ]


def test_of_a_stack_that_is_there_every_role_is_named(streams):
    told = _widening_lines(streams, "update")
    assert [line[:9].strip() for line in told] == ["ARole", "ARole", "BRole", *ROLES, *ROLES]


def test_a_plan_without_changes(streams):
    out, _ = streams(False)
    show_plan(Output(), samples.EMPTY, err=False)
    assert out.getvalue() == "Stack sums stays as it is\n"


# narrow terminals

WHOLE = [(120, ["SESSION", "PIPELINE", "STATUS", "STARTED", "DURATION", "PARAMETERS", "ERROR"])]
NARROW = [
    (98, ["SESSION", "PIPELINE", "STATUS", "STARTED", "PARAMETERS", "ERROR"]),
    (80, ["SESSION", "PIPELINE", "STATUS", "PARAMETERS", "ERROR"]),
    (60, ["SESSION", "PIPELINE", "STATUS", "ERROR"]),
    (50, ["SESSION", "STATUS", "ERROR"]),
    (20, ["SESSION", "STATUS", "ERROR"]),
]


@pytest.mark.parametrize(("columns", "headers"), WHOLE + NARROW)
def test_a_narrow_list_leaves_columns_out_and_no_id_in_pieces(streams, monkeypatch, columns, headers):
    out, _ = streams(True)
    monkeypatch.setenv("COLUMNS", str(columns))
    error = "aws.Exceptions.SomethingWentWrong"
    Output(no_color=True).show(sessions_table((samples.FAILED.model_copy(update={"error": error}),)))
    first, *lines = click.unstyle(out.getvalue()).splitlines()
    assert columns == 20 or first.split() == headers
    assert any(re.match(rf"{samples.ID}  (sums      )?FAILED  ", line) for line in lines)


@pytest.mark.parametrize("columns", [60, 40])
def test_a_narrow_report_keeps_names_and_statuses_whole(streams, monkeypatch, columns):
    out, _ = streams(True)
    monkeypatch.setenv("COLUMNS", str(columns))
    name = "a_long_name_of_an_operation"
    wrong = {"operation": name, "status": Status.FAILED, "error": "SomethingWentWrongAndWasToldAtLength"}
    one = samples.RUNS[0].operations[0].model_copy(update=wrong)
    run = samples.RUNS[0].model_copy(update={"operations": (one,)})
    show_report(App(), samples.REPORT.model_copy(update={"jobs": (run,)}))
    lines = click.unstyle(out.getvalue()).splitlines()
    assert any(re.match(rf"  {name}  FAILED     \S", line) for line in lines)
    assert not any("MEMORY" in line or "STARTED" in line for line in lines)


# asking


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)]
)
def test_the_question(streams, answer, agreed):
    out, err = streams(True, answer)
    with Conversation(Output(no_color=True), yes=False) as conversation:
        assert conversation.approve is not None
        assert conversation.approve(samples.PLAN) is agreed
    assert "REPLACED" in err.getvalue()
    assert "Deploy these changes? [y/N] " in err.getvalue()
    assert out.getvalue() == ""


def test_the_question_before_a_deletion(streams):
    _, err = streams(True, "y\n")
    with Conversation(Output(), yes=False) as conversation:
        assert conversation.approve is not None
        assert conversation.approve(samples.DELETION)
    assert "Delete this stack? [y/N] " in err.getvalue()


def test_yes_shows_the_plan_and_asks_nothing(streams):
    _, err = streams(False)
    with Conversation(Output(), yes=True) as conversation:
        assert conversation.approve is not None
        assert conversation.approve(samples.PLAN)
    assert "REPLACED" in err.getvalue()
    assert "[y/N]" not in err.getvalue()


@pytest.mark.parametrize(("terminal", "json"), [(False, False), (True, True)])
def test_there_is_nobody_to_ask(streams, terminal, json):
    streams(terminal, "y\n")
    with Conversation(Output(json=json), yes=False) as conversation:
        assert conversation.approve is None


# events


def resource(status: str, logical_id: str = "LakeBucket", reason: str = "") -> ResourceEvent:
    return ResourceEvent(
        stack="sums",
        path="",
        logical_id=logical_id,
        physical_id="x",
        type="AWS::S3::Bucket",
        status=status,
        reason=reason,
        time=samples.START,
    )


EVENTS = (
    Note(stack="sums", text="working out what changes"),
    Uploaded(key="assets/1.zip", size=2048, skipped=False, number=1, total=2),
    Uploaded(key="assets/2.zip", size=0, skipped=True, number=2, total=2),
    resource("CREATE_IN_PROGRESS"),
    resource("CREATE_COMPLETE"),
    resource("CREATE_FAILED", "Role", "no such principal"),
)


def test_events_as_lines(streams):
    _, err = streams(False)
    with Conversation(Output(), yes=True) as conversation:
        for event in EVENTS:
            conversation.notify(event)
    assert err.getvalue() == (
        "sums: working out what changes\n"
        "uploaded 1/2 assets/1.zip (2.0 KiB)\n"
        "10:00:00.000Z CREATE_IN_PROGRESS AWS::S3::Bucket LakeBucket\n"
        "10:00:00.000Z CREATE_COMPLETE    AWS::S3::Bucket LakeBucket\n"
        "10:00:00.000Z CREATE_FAILED      AWS::S3::Bucket Role: no such principal\n"
    )


def test_events_with_bars(streams):
    out, err = streams(True)
    with Conversation(Output(), yes=True) as conversation:
        assert conversation.approve is not None
        conversation.approve(samples.PLAN)
        for event in EVENTS:
            conversation.notify(event)
    told = click.unstyle(err.getvalue())
    assert "uploading" in told
    assert "2/2" in told
    assert "2/5" in told
    assert "CREATE_FAILED      AWS::S3::Bucket Role: no such principal" in told
    assert "\x1b[?25h" in err.getvalue(), "the cursor is shown again"
    assert out.getvalue() == ""


def test_no_events_when_quiet(streams):
    for terminal in (True, False):
        _, err = streams(terminal)
        with Conversation(Output(quiet=True), yes=True) as conversation:
            for event in EVENTS:
                conversation.notify(event)
        assert err.getvalue() == ""


# sessions


def test_a_report_of_a_failed_session(streams):
    out, _ = streams(False)
    app = App()
    app.settings.environment = "prod"
    show_report(app, samples.FAILED_REPORT)
    assert out.getvalue() == (
        f"Session {samples.ID} of sums: FAILED, started 2026-01-31 10:00:00Z, 1 min 23 s\n"
        "  parameters: count=3\n"
        "\n"
        "JOB / OPERATION  STATUS       STARTED        DURATION  TRIES  MEMORY\n"
        "make             SUCCEEDED    10:00:00.000Z  1.0 s\n"
        "  numbers        SUCCEEDED    10:00:00.000Z  1.0 s     3      72 MiB\n"
        "add              NOT_STARTED\n"
        "  total          NOT_STARTED\n"
        "\n"
        "Failed: job add, operation total (error)\n"
        "  ValueError: no such key\n"
        "    nor any other\n"
        "    Traceback (most recent call last):\n"
        '      File "/var/task/etl.py", line 7, in total\n'
        "  log: 10:00:02.000Z add/total (try 2) ERROR failed: ValueError: no such key\n"
        "\n"
        "Next:\n"
        f"  bunsui logs {samples.ID} --failed --env prod\n"
        f"  bunsui logs {samples.ID} --job add --operation total --env prod\n"
    )


def test_a_report_of_a_session_that_succeeded(streams):
    out, _ = streams(False)
    show_report(App(), samples.REPORT)
    assert "Outputs:\n  add/total  3\n  add/table  sessions/sums/x.json\n" in out.getvalue()
    assert "Next:" not in out.getvalue()


@pytest.mark.parametrize(
    ("envelope", "told"),
    [
        ({"value": [1], "facts": {}}, "[1]"),
        ({"stored": "total", "job": "add"}, "in the artefact bucket, as add/total.json"),
        ({"skipped": "rows.output > 0 is false"}, "skipped: rows.output > 0 is false"),
        ({"list": [{"value": 1}]}, "1 result"),
        ({"parts": "sessions/sums/s-1/1/add/total", "count": 3}, "3 results below sessions/sums/s-1/1/add/total/"),
    ],
)
def test_a_report_tells_every_kind_of_result(streams, envelope, told):
    out, _ = streams(False)
    session = samples.REPORT.session.model_copy(update={"outputs": {"add": {"total": envelope}}})
    show_report(App(), samples.REPORT.model_copy(update={"session": session}))
    assert f"Outputs:\n  add/total  {told}\n" in out.getvalue()


def test_a_report_of_a_running_session(streams):
    out, _ = streams(False)
    show_report(App(), samples.RUNNING_REPORT)
    assert " so far\n" in out.getvalue()
    assert out.getvalue().endswith(f"Next:\n  bunsui watch {samples.ID}\n  bunsui cancel {samples.ID}\n")


def test_a_report_of_a_session_that_asks(streams):
    out, _ = streams(False)
    show_report(App(), samples.RUNNING_REPORT.model_copy(update={"questions": (samples.QUESTION,)}))
    assert "\nWaiting: pay asks until 2026-02-07 10:00:00Z: Pay 42?\n" in out.getvalue()
    assert f"  bunsui answer {samples.ID} approve pay\n  bunsui answer {samples.ID} reject pay\n" in out.getvalue()


def test_a_failure_of_the_session_as_a_whole():
    failure = samples.FAILURE.model_copy(update={"job": "", "operation": "", "traceback": (), "log": None})
    assert click.unstyle(next(failure_lines(failure))) == "Failed: the session (error)"


def test_a_session_that_was_cancelled(streams):
    out, _ = streams(False)
    session = samples.FAILED.model_copy(update={"status": Status.ABORTED, "kind": "cancelled"})
    failure = samples.FAILURE.model_copy(update={"kind": "cancelled", "message": "cancelled by ada: wrong month"})
    show_report(App(), SessionReport(session=session, jobs=samples.RUNS, failure=failure))
    assert out.getvalue().endswith("\n\nCancelled: cancelled by ada: wrong month\n")


def test_all_lines_of_the_log_line_are_indented():
    from bunsui.session.model import Failure

    said = LogLine(time=datetime(2026, 11, 21, tzinfo=UTC), event="operation.failed", error="E", message="one\ntwo")
    told = list(failure_lines(Failure(kind="error", error="E", message="one", log=said)))
    assert told[-1] == "    two"


def test_a_failure_that_a_fallback_handled_says_so():
    change = samples.snapshots()[1].changes[0].model_copy(update={"handled": True})
    told = click.unstyle(change_text(change))
    assert told == "10:00:00.000Z add/total FAILED (try 2) (handled): ValueError: no such key"


def test_messages_are_no_markup(streams):
    out, _ = streams(False)
    error = samples.RUNS[0].operations[0].model_copy(update={"error": "[bold]Odd[/]"})
    run = samples.RUNS[0].model_copy(update={"operations": (error,)})
    show_report(App(), samples.REPORT.model_copy(update={"jobs": (run,)}))
    assert "[bold]Odd[/]" in out.getvalue()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({"event": "operation.started"}, "started"),
        ({"event": "operation.finished", "duration_ms": 1234.0, "memory_mb": 99.7}, "finished in 1.2 s, 100 MiB"),
        ({"event": "operation.finished"}, "finished"),
        ({"event": "log", "message": "hi", "level": "WARNING"}, "WARNING hi"),
        ({"event": "platform", "message": "Task timed out"}, "Task timed out"),
    ],
)
def test_log_lines(line, text):
    made = LogLine(time=samples.START, job="make", operation="numbers", **line)
    assert click.unstyle(log_text(made)) == f"10:00:00.000Z make/numbers {text}"


def test_a_live_table(streams):
    out, err = streams(True)
    follower = Follower(Output(), err=False)
    follower.follow(samples.snapshots())
    assert follower.last is samples.REPORT
    assert "NOT_STARTED" in out.getvalue()
    assert UP in out.getvalue()
    assert "\x1b[?25h" in out.getvalue(), "the cursor is shown again"
    assert err.getvalue() == ""


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_a_dumb_terminal_gets_lines(streams, monkeypatch, term):
    out, _ = streams(True)
    monkeypatch.setenv("TERM", term)
    Follower(Output(), err=False).follow(samples.snapshots())
    assert (UP in out.getvalue()) is (term != "dumb")


# words


def test_words():
    assert [duration(each) for each in (None, 0, 0.44, 59.94, 59.96, 185, 3599.6, 7620)] == [
        *("", "0.0 s", "0.4 s", "59.9 s", "1 min 00 s", "3 min 05 s", "1 h 00 min", "2 h 07 min"),
    ]
    assert [size(each) for each in (0, 1023, 1024, 8 * 1024**2)] == ["0 B", "1023 B", "1.0 KiB", "8.0 MiB"]
    assert (number(1, "file"), number(2, "file"), number(0, "entry", "entries")) == ("1 file", "2 files", "0 entries")
    assert shortened({"é": "x" * 200}, 10) == '{"é": "xx…'
    assert (moment(None), clock(None)) == ("", "")
    abroad = datetime.fromisoformat("2026-01-31T12:00:00.0425+02:00")
    assert (moment(abroad), clock(abroad)) == ("2026-01-31 10:00:00Z", "10:00:00.042Z")


@pytest.mark.parametrize(
    ("text", "ago"), [("90s", 90), ("10m", 600), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("0s", 0)]
)
def test_so_long_ago(text, ago):
    found = Moment().convert(text, None, None)
    assert abs(datetime.now(UTC) - found - timedelta(seconds=ago)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T10:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00+02:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_times(text, time):
    assert Moment().convert(text, None, None) == time


@pytest.mark.parametrize("text", ["", "10", "m", "10y", "-5m", "999999999999w", "2026-13-01"])
def test_no_times(text):
    with pytest.raises(click.BadParameter, match="is no time"):
        Moment().convert(text, None, None)


def test_nested_pipelines_are_followed_to_their_sessions(capsys):
    failed = samples.RUNS[1].operations[0].model_copy(update={"nested": True, "session": "inner-1"})
    runs = (samples.RUNS[0], samples.RUNS[1].model_copy(update={"operations": (failed,)}))
    session = samples.FAILED.model_copy(update={"parent": "outer-1", "step": "pay/billed"})
    failure = samples.FAILURE.model_copy(update={"session": "inner-1"})
    show_report(App(), SessionReport(session=session, jobs=runs, failure=failure))
    told = click.unstyle(capsys.readouterr().out)
    assert "part of session outer-1: pay/billed" in told
    assert f"Failed: job {failure.job}, operation {failure.operation}, session inner-1 (error)" in told
    assert re.search(rf"Sessions of nested pipelines:\n +{runs[1].job}/{failed.operation} +inner-1", told)
    *_, first, second = told.rstrip().splitlines()
    assert (first.split()[-2:], second.split()[-3:]) == (["status", "inner-1"], ["logs", "inner-1", "--failed"])
