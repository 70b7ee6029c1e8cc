import json

import pytest

from bunsui.session.model import JobRun, LogLine, OperationRun, Session, SessionReport, Status

from .fakes import START, at


@pytest.mark.parametrize(
    ("status", "code"),
    [("SUCCEEDED", 0), ("FAILED", 1), ("TIMED_OUT", 1), ("ABORTED", 1), ("RUNNING", 8), ("NOT_STARTED", 8)],
)
def test_exit_codes(status, code):
    report = SessionReport(session=Session(id="s", pipeline="p", status=Status(status)))
    assert report.exit_code == code


def test_a_duration_is_known_once_it_is_over():
    run = JobRun(job="j", status=Status.RUNNING, started=START)
    assert run.duration_s is None
    assert run.model_copy(update={"finished": at(1.25)}).duration_s == 1.25


def test_json_and_back():
    line = LogLine(time=START, event="operation.failed", retry=2, traceback=("a", "b"))
    operation = OperationRun(operation="o", status=Status.FAILED, started=START, finished=at(2), log=line)
    job = JobRun(job="j", status=Status.FAILED, started=START, finished=at(3), operations=(operation,))
    report = SessionReport(session=Session(id="s", pipeline="p", status=Status.FAILED), jobs=(job,))
    text = report.model_dump_json()
    told = json.loads(text)
    assert told["jobs"][0]["duration_s"] == 3
    assert told["jobs"][0]["started"] == "2026-11-21T10:15:30Z"
    assert told["jobs"][0]["operations"][0]["log"]["try"] == 2
    assert SessionReport.model_validate_json(text) == report
