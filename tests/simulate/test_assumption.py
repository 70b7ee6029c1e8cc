"""Durations from files and from recorded sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bunsui.errors import BunsuiErrors, UsageError
from bunsui.session.model import JobRun, OperationRun, Session, SessionReport, Status
from bunsui.simulate.assumption import UNSET, Assumption, from_file, from_report

from .flows import flow

START = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.json", '{"slow": 20, "quick": {"seconds": 0.5, "result": 7}}'),
        ("d.yaml", "slow: 20\nquick:\n  seconds: 0.5\n  result: 7\n"),
        ("d.csv", "operation,seconds,result\nslow,20,\nquick, 0.5, 7\n"),
        ("d.CSV", "\ufeffoperation, seconds, result\nslow, 20\nquick, 0.5, 7\n"),
    ],
)
def test_all_formats_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = from_file(tmp_path / name, flow)
    assert found == {"slow": Assumption(20.0, UNSET, "file"), "quick": Assumption(0.5, 7, "file")}


def test_a_star_stands_for_the_others(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"*": 3, "slow": 20}')
    found = from_file(tmp_path / "d.json", flow)
    assert {name: one.seconds for name, one in found.items()} == {
        "first": 3.0,
        "slow": 20.0,
        "quick": 3.0,
        "last": 3.0,
        "alone": 3.0,
    }


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("d.json", "[1]", 1, "no object"),
        ("d.json", '{\n"slow": 1,\n"quick": ]}', 3, ""),
        ("d.json", '{"slow": "fast"}', 1, "'slow': \"fast\""),
        ("d.json", '{"slow": true}', 1, "neither seconds"),
        ("d.json", '{"slow": -1}', 1, "neither seconds"),
        ("d.yaml", "slow: .inf", 1, "neither seconds"),
        ("d.json", '{"slow": {}}', 1, "neither seconds"),
        ("d.json", '{"slow": {"second": 1}}', 1, "neither seconds"),
        ("d.csv", "slow,20\n", 1, "columns operation and seconds"),
        ("d.csv", "operation,seconds\nslow,20\nquick,soon\n", 3, "'soon'"),
        ("d.csv", "operation,seconds,result\nslow,20,[\n", 2, ""),
    ],
)
def test_what_cannot_be_used_names_its_line(tmp_path: Path, name: str, text: str, line: int, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match="BUN407") as told:
        from_file(tmp_path / name, flow)
    assert told.value.where == (str(tmp_path / name), line)
    assert says in told.value.message


def test_unknown_operations_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"slwo": 1, "qiuck": 2, "last": 3}')
    with pytest.raises(BunsuiErrors) as told:
        from_file(tmp_path / "d.json", flow)
    assert [(one.code, one.hint) for one in told.value.errors] == [
        ("BUN703", "did you mean slow?"),
        ("BUN703", "did you mean quick?"),
    ]


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        from_file(tmp_path / "d.json", flow)


def report(*runs: OperationRun, pipeline: str = "flow") -> SessionReport:
    session = Session(id="s", pipeline=pipeline, status=Status.SUCCEEDED)
    return SessionReport(session=session, jobs=(JobRun(job="make", status=Status.SUCCEEDED, operations=runs),))


def run(operation: str, seconds: float, **more: object) -> OperationRun:
    told = {"status": Status.SUCCEEDED, "started": START, "finished": START + timedelta(seconds=seconds), **more}
    return OperationRun(operation=operation, **told)  # type: ignore[arg-type]


def test_a_session_tells_how_long_the_last_try_took() -> None:
    retried = run("slow", 30, tries=2, tried=START + timedelta(seconds=20))
    gone, failed = run("removed", 5), run("quick", 1, status=Status.FAILED)
    found = from_report(report(run("first", 2.5), retried, gone, failed), flow)
    assert found == {"first": Assumption(2.5, UNSET, "history"), "slow": Assumption(10.0, UNSET, "history")}


@pytest.mark.parametrize("told", [report(), report(run("first", 1), pipeline="other")])
def test_a_session_that_tells_nothing(told: SessionReport) -> None:
    with pytest.raises(UsageError, match="BUN407"):
        from_report(told, flow)
