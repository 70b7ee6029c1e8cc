"""Pipelines within pipelines: on the embedded AWS as in the interpreter, and what is told of their sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from bunsui import BunsuiError, Workspace
from bunsui.deploy.models import Plan
from bunsui.session.model import SessionReport, Status
from bunsui.session.store import Store
from bunsui.testing import PipelineRunner
from tests.functional.embedded import started
from tests.functional.nesting import orders, patient


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """An embedded AWS of their own, without any of them."""
    with started(tmp_path_factory.mktemp("nesting"), (orders, patient)) as made:
        yield made


@pytest.fixture(scope="module")
def deployed(workspace: Workspace) -> Workspace:
    """All of them, each after those that it runs; `between` and `waiting` are nested in `patient` and in each other."""
    shown: list[Plan] = []
    with pytest.raises(BunsuiError, match="pipeline 'waiting' is not deployed here, and 'between' runs it"):
        workspace.deploy("patient", approve=lambda plan: bool(shown.append(plan)) or True)
    assert shown == []
    workspace.deploy("waiting", approve=lambda plan: True)
    workspace.deploy("patient", approve=lambda plan: bool(shown.append(plan)) or True)
    assert [(one.stack, [before.stack for before in one.first]) for one in shown] == [("patient", ["between"])]
    made = workspace.deploy("orders", approve=lambda plan: True)
    assert [one.stack for one in made.first] == ["billing"]
    assert workspace.diff("orders").empty
    return workspace


@pytest.fixture(scope="module")
def report(deployed: Workspace) -> SessionReport:
    return deployed.wait(deployed.start("orders", number=3).id)


def test_both_agree(report: SessionReport, pipeline_runner: Callable[..., PipelineRunner]) -> None:
    run = pipeline_runner(orders).run(number=3)
    assert (run.status, report.session.status) == ("SUCCEEDED", "SUCCEEDED")
    assert run.session["outputs"] == report.session.outputs
    told = {"first": 3, "lines": 30_000, "rate": 0.5, "none": -1}
    assert report.session.outputs["tell"]["summed"]["value"] == told
    assert report.session.outputs["tell"]["dear"] == {"skipped": "billed.output.rate > 4.5 does not hold"}


def test_each_step_tells_its_session(report: SessionReport, deployed: Workspace) -> None:
    (bill,) = [job for job in report.jobs if job.job == "bill"]
    of_step = {one.operation: one for one in bill.operations}
    assert [one.nested for one in of_step.values()] == [name != "order" for name in of_step]
    assert (of_step["lenient"].status, of_step["lenient"].error, of_step["lenient"].handled) == (
        "FAILED",
        "ValueError",
        True,
    )
    inner = deployed.report(of_step["lenient"].session)
    assert (inner.session.pipeline, inner.session.status) == ("billing", "FAILED")
    assert (inner.session.parent, inner.session.step) == (report.session.id, "bill/lenient")
    assert inner.failure is not None
    assert (inner.failure.operation, inner.failure.message) == ("lines", "x has -1 lines")
    assert inner.failure.log is not None


def test_the_newest_session_is_one_that_no_other_runs(report: SessionReport, deployed: Workspace) -> None:
    assert {one.pipeline for one in deployed.list().sessions} >= {"orders", "billing"}
    assert deployed.latest().parent == ""
    assert deployed.latest("billing").parent == report.session.id


def test_a_failure_names_the_session_that_it_happened_in(deployed: Workspace) -> None:
    report = deployed.wait(deployed.start("orders", number=-2).id)
    assert report.failure is not None
    assert (report.failure.job, report.failure.operation) == ("bill", "billed")
    assert (report.failure.error, report.failure.message) == ("ValueError", "customer-2 has -2 lines")
    assert deployed.report(report.failure.session).session.status is Status.FAILED


def test_cancelling_ends_the_sessions_within(deployed: Workspace) -> None:
    session = deployed.start("patient", seconds=15.0)
    store = Store(deployed.aws)

    def within() -> list[tuple[str, str]]:
        found, level = [], [deployed.report(session.id).session]
        while level:
            level = [inner for one in level for inner in store.children(one)]
            found += [(one.pipeline, deployed.sessions.get(one.id).status.value) for one in level]
        return found

    for _ in range(100):
        if len(within()) == 2:
            break
        time.sleep(0.1)
    assert within() == [("between", "RUNNING"), ("waiting", "RUNNING")]
    done = deployed.cancel(session.id, who="me")
    assert done.session.status is Status.ABORTED
    assert [status for _, status in within()] == ["ABORTED", "ABORTED"]
