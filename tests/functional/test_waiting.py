"""Waiting on the embedded AWS: questions that are answered, objects that come, loops that end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from bunsui import BunsuiError, Workspace
from bunsui.aws.s3 import S3
from bunsui.aws.sts import Sts
from bunsui.model.names import Names
from bunsui.session.model import Question
from bunsui.testing import PipelineRunner
from tests.functional import waiting
from tests.functional.embedded import deployed

Make = Callable[..., PipelineRunner]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with deployed(tmp_path_factory.mktemp("waiting"), waiting.ALL) as made:
        yield made


def question(workspace: Workspace, session: str) -> Question:
    for _ in range(100):
        if found := workspace.approvals(session).questions:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"session {session} asked nothing")


@pytest.fixture(scope="module")
def approved(workspace: Workspace) -> str:
    """A session of `asking` that was approved."""
    session = workspace.start("asking", amount=21).id
    asked = question(workspace, session)
    assert (asked.message, asked.operation, asked.answers) == ("Pay 42?", "pay", ("approve", "reject"))
    assert [one.session for one in workspace.approvals().questions] == [session]
    assert workspace.report(session).questions == (asked,)
    answer = workspace.answer(session, "approve", comment="fine")
    assert answer.by.startswith("arn:aws:")
    return session


def test_yes(workspace: Workspace, approved: str, pipeline_runner: Make) -> None:
    report = workspace.wait(approved)
    assert report.session.status == "SUCCEEDED"
    assert workspace.approvals(approved).questions == ()
    here = pipeline_runner(waiting.asking).answer("pay", "approve").run(amount=21)
    assert here.succeeded
    assert report.session.outputs == {"main": {"paid": {"value": "True 21: fine"}}}
    with pytest.raises(BunsuiError, match="BUN704"):
        workspace.answer(approved, "approve")


def test_no_as_a_decision(workspace: Workspace) -> None:
    session = workspace.start("asking", amount=1).id
    question(workspace, session)
    with pytest.raises(BunsuiError, match="BUN704"):
        workspace.answer(session, "perhaps")
    workspace.answer(session, "reject", "pay", comment="no")
    assert workspace.wait(session).session.outputs == {"main": {"paid": {"value": "False 1: no"}}}


def test_again_when_what_was_missing_is_there(workspace: Workspace) -> None:
    session = workspace.start("deciding").id
    asked = question(workspace, session)
    assert asked.message.startswith("flagged failed with FileNotFoundError: ")
    put(workspace, "deciding", "flag/now", b"up")
    workspace.answer(session, "retry")
    assert workspace.wait(session).session.outputs == {"main": {"flagged": {"value": "up"}}}


def test_an_object_that_comes(workspace: Workspace) -> None:
    session = workspace.start("arriving").id
    time.sleep(1)
    put(workspace, "arriving", "in/done.csv", b"x")
    report = workspace.wait(session)
    assert report.session.outputs == {"main": {"arrived_as": {"value": "in/done.csv"}}}


def test_a_loop_beside_a_wait_for_another_pipeline(workspace: Workspace, approved: str, pipeline_runner: Make) -> None:
    workspace.wait(approved)
    report = workspace.wait(workspace.start("repeating").id)
    assert report.session.outputs == {"main": {"last": {"value": [3]}}}
    told = {one.operation: one.status for one in report.jobs[0].operations}
    assert told == dict.fromkeys(("pages", "fetch", "upstream", "last"), "SUCCEEDED")


def put(workspace: Workspace, pipeline: str, key: str, content: bytes) -> None:
    account = Sts(workspace.aws).identity().account
    bucket = Names(pipeline).bucket("lake", account, workspace.aws.region_name())
    S3(workspace.aws, account).put(bucket, key, content)
