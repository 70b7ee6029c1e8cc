from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from blueprints import embedded
from blueprints.flight_delays import demo, show
from bunsui.session.model import JobRun, OperationRun, Session, SessionReport, Status

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_table_of_worst_days_is_aligned():
    row = {
        "rank": 1, "day": "2013-03-08", "weekday": "Friday", "flights": 978, "cancelled": 180, "late": 632,
        "disrupted": 83.03, "arrival_delay": 85.86, "wind": None, "low_visibility": 47.03, "rain": 49.0,
    }  # fmt: skip
    other = row | {"rank": 10, "day": "2013-02-09", "weekday": "Saturday", "arrival_delay": 6.55, "wind": 20.1}
    assert show.table([row, other]).splitlines() == [
        " #  day              flights  cancelled  late  disrupted  mean delay    wind  low visibility  rain",
        " 1  2013-03-08  Fri      978        180   632     83.0 %    85.9 min       -            47 %  49 %",
        "10  2013-02-09  Sat      978        180   632     83.0 %     6.5 min  20 mph            47 %  49 %",
    ]


def ran(name, begin, end, status=Status.SUCCEEDED, **more):
    at = {"started": START + timedelta(seconds=begin), "finished": START + timedelta(seconds=end)}
    return OperationRun(operation=name, status=status, **at, **more)


def report(*jobs):
    session = Session(id="s", pipeline="p", status=Status.RUNNING)
    return SessionReport(session=session, jobs=tuple(jobs))


def test_the_timeline_has_one_scale():
    one = JobRun(job="ingest", status=Status.SUCCEEDED, operations=(ran("read", 0, 1, memory_mb=45.4), ran("b", 1, 4)))
    two = JobRun(
        job="out",
        status=Status.FAILED,
        operations=(
            ran("write", 3, 4, Status.FAILED, error="ValueError"),
            OperationRun(operation="tell", status=Status.NOT_STARTED),
        ),
    )
    assert show.timeline(report(one, two)).splitlines() == [
        f"ingest  read   {'█' * 10}{'·' * 30}   1.00 s    45 MB",
        f"        b      {'·' * 10}{'█' * 30}   3.00 s",
        f"out     write  {'·' * 30}{'█' * 10}   1.00 s  failed ValueError",
        "        tell   not started",
    ]


def test_what_took_no_time_is_visible():
    quick = JobRun(job="a", status=Status.SUCCEEDED, operations=(ran("x", 0, 10), ran("y", 10, 10)))
    assert show.timeline(report(quick)).splitlines()[1] == f"   y  {'·' * 39}█   0.00 s"


def test_before_anything_ran():
    assert show.timeline(report()) == "no operation has run"


def test_the_demo_refuses_what_is_no_month(capsys):
    assert demo.main(["13"]) == demo.main(["x"]) == 2
    assert "month=13 is not a month" in capsys.readouterr().err


def test_the_demo_names_the_command_as_it_can_be_typed(monkeypatch, tmp_path):
    scripts = tmp_path / "of project" / ".venv" / "bin"
    scripts.mkdir(parents=True)
    monkeypatch.setattr("sys.executable", str(scripts / "python"))
    assert embedded.script() == "bunsui"
    (scripts / "bunsui").touch()
    monkeypatch.chdir(scripts.parents[1])
    assert embedded.script() == ".venv/bin/bunsui"
    monkeypatch.chdir(scripts)
    assert embedded.script() == f"'{scripts / 'bunsui'}'"


def test_the_demo_says_what_to_type_next(monkeypatch, capsys):
    @contextmanager
    def running(workspace):
        yield False

    monkeypatch.setattr(embedded, "running", running)
    monkeypatch.setattr(demo, "run", lambda workspace, month: 0)
    monkeypatch.setattr(embedded, "script", lambda: ".venv/bin/bunsui")
    assert demo.main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Look around with: .venv/bin/bunsui local start; .venv/bin/bunsui list;"
        " .venv/bin/bunsui status latest; .venv/bin/bunsui logs latest"
    )
