"""Sessions of a pipeline that the compiler made: its state machines, its functions, its log lines."""

from dataclasses import replace

import pytest

from bunsui.aws import Aws, Credentials
from bunsui.compile.assets import build
from bunsui.deploy import deploy
from bunsui.local import credentials, ephemeral
from bunsui.model.job import Job
from bunsui.model.on_error import Fallback
from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.retry import Retry
from bunsui.session.model import Status
from bunsui.session.sessions import Sessions
from bunsui.session.watch import Pace
from bunsui.targets.lambda_ import Lambda
from bunsui.workspace import Workspace

WORK = """
import logging
import pathlib
import time


def load(mode: str, mark: str) -> int:
    if mode == "flaky" and not pathlib.Path(mark).exists():
        pathlib.Path(mark).touch()
        raise ConnectionError("the source is away")
    if mode == "broken":
        raise ValueError("row 7 has no day")
    logging.getLogger("work").info("loaded in mode %s", mode)
    return 3


def left(load: int, mode: str) -> int:
    if mode == "slow":
        time.sleep(4)
    return load + 1


def right(load: int) -> int:
    return load * 2


def extra(load: int, mode: str) -> list[int]:
    if mode == "handled":
        raise KeyError("rate")
    return [load]


def report(left: int, right: int, extra: list[int]) -> dict[str, int]:
    return {"sum": left + right + len(extra)}
"""
JOBS = {"ingest": ("load", "left", "right", "extra"), "publish": ("report",)}
TYPES = {"mode": str, "mark": str}


def pipeline():
    plain, quick = Lambda(timeout=30), Lambda(timeout=1)
    load = Operation(
        "load", handler="session_work:load", runs=plain, retry=Retry(attempts=2, interval=1, on=["ConnectionError"])
    )
    left = Operation("left", handler="session_work:left", runs=quick)
    right = Operation("right", handler="session_work:right", runs=plain)
    extra = Operation("extra", handler="session_work:extra", runs=plain, on_error=Fallback([]))
    report = Operation("report", handler="session_work:report", runs=plain)
    return Pipeline("fans", parameters=TYPES, jobs=[Job("ingest", load, left, right, extra), Job("publish", report)])


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "session_work.py").write_text(WORK)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root)
        assembly = Workspace.load(root, pipelines=[pipeline()]).compile("fans")
    known = credentials()
    with ephemeral() as server:
        keys = Credentials(known.access_key_id, known.secret_access_key)
        aws = Aws(region=known.region, endpoint_url=server.endpoint_url, credentials=keys)
        deploy(aws, assembly, build=lambda asset: build(asset, root / "assets"), approve=lambda plan: True)
        yield Sessions(aws, pipelines=("fans",))


def run(sessions, mode, mark="/none"):
    session = sessions.start("fans", TYPES, texts={"mode": mode, "mark": str(mark)})
    return list(sessions.watch(session, jobs=JOBS, pace=Pace(0.1, 1.2, 0.3)))[-1].report


def states(report):
    return {one.operation: one.status for job in report.jobs for one in job.operations}


def test_success_in_parallel(sessions):
    report = run(sessions, "ok")
    assert report.exit_code == 0, report.failure
    assert set(states(report).values()) == {Status.SUCCEEDED}
    assert report.session.outputs == {"publish": {"report": {"value": {"sum": 11}}}}
    assert all(one.memory_mb > 1 for job in report.jobs for one in job.operations)
    lines = list(sessions.logs(report.session.id, operation="load"))
    assert [line.event for line in lines] == ["operation.started", "log", "operation.finished"]
    assert lines[1].message == "loaded in mode ok"


def test_a_retry_that_succeeds(sessions, tmp_path):
    report = run(sessions, "flaky", tmp_path / "mark")
    assert report.exit_code == 0, report.failure
    load = report.jobs[0].operations[0]
    assert (load.operation, load.tries, load.status, load.error) == ("load", 2, Status.SUCCEEDED, "")


def test_a_failure(sessions):
    report = run(sessions, "broken")
    assert (report.session.status, report.session.error) == (Status.FAILED, "ValueError")
    failure = report.failure
    assert (failure.job, failure.operation, failure.message) == ("ingest", "load", "row 7 has no day")
    assert any("session_work.py" in line for line in failure.traceback)
    assert states(report) == {
        "load": Status.FAILED,
        **dict.fromkeys(("left", "right", "extra", "report"), Status.NOT_STARTED),
    }


def test_a_job_that_another_ones_failure_stopped_is_settled(sessions):
    report = run(sessions, "slow")
    assert (report.session.status, report.session.kind) == (Status.FAILED, "timeout")
    assert all(run.status.finished or run.status is Status.NOT_STARTED for run in report.jobs)
    assert report.failure.message == "timed out after 1 s"


def test_a_failure_with_a_fallback_does_not_fail_the_session(sessions):
    report = run(sessions, "handled")
    assert (report.exit_code, report.failure) == (0, None)
    assert report.session.outputs == {"publish": {"report": {"value": {"sum": 10}}}}


@pytest.mark.parametrize("mode", ["ok", "handled", "broken"])
def test_the_interpreter_comes_to_the_same(sessions, pipeline_runner, monkeypatch, tmp_path, mode):
    (tmp_path / "session_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    report = run(sessions, mode)
    here = pipeline_runner(pipeline()).run(mode=mode, mark="/none")
    assert here.status == report.session.status
    assert here.error == (report.failure.error if report.failure else "")
    assert here.session.get("outputs") == report.session.outputs
    assert here.jobs == {one.job: one.status for one in report.jobs if one.status is not Status.NOT_STARTED}


def test_a_session_is_known_from_its_start_on(sessions):
    """Watching what was just started needs no record."""
    alone = replace(sessions, pipelines=())
    session = alone.start("fans", TYPES, texts={"mode": "ok", "mark": ""})
    assert alone.get(session).id == session.id
    assert list(alone.watch(session, pace=Pace(0.1, 1.2, 0.3)))[-1].report.exit_code == 0
