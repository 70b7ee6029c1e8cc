"""Maps as the histories of real machines tell them: those that the interpreter writes."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui import Csv, Fallback, Map, Pipeline, Repeat, Retry, Wait
from bunsui.session.history import operation_runs
from bunsui.session.model import OperationRun, Status
from bunsui.session.staying import stay_runs, together
from bunsui.simulate.runs import _event
from bunsui.testing import PipelineRunner
from tests.compile.pipelines import operation
from tests.compile.test_distributed import double, lake

NAMES = ("rows", "checked", "check")


def runs(rows: list[int], **settings: Any) -> dict[str, OperationRun]:
    numbers = operation("rows", (), list[int])
    checked = Map("checked", operation("check", ("row",), int), over=numbers.output, concurrency=1, **settings)
    made = PipelineRunner(Pipeline("p", operations=[numbers, checked])).takes(check=10)
    run = made.stub(rows=rows, check=lambda row: 1 // row).run()
    events = [_event(told) for told in run.execution.nested[0].history]
    return together((*operation_runs(events, NAMES), *stay_runs(events, NAMES)))


def test_a_map_and_its_operation_are_told_once() -> None:
    found = runs([1, 2, 3])
    assert {name: run.status for name, run in found.items()} == dict.fromkeys(NAMES, Status.SUCCEEDED)
    assert (found["checked"].duration_s, found["check"].duration_s, found["check"].tries) == (30, 30, 3)


def test_an_element_that_fails() -> None:
    found = runs([1, 0, 3])
    assert found["checked"].status is found["check"].status is Status.FAILED
    assert (found["check"].error, found["check"].tries, found["checked"].handled) == ("ZeroDivisionError", 2, False)


@pytest.mark.parametrize("wrong", range(4))
def test_elements_at_a_time_are_told_apart(wrong: int) -> None:
    numbers = operation("rows", (), list[int])
    check = operation("check", ("row",), int, retry=Retry(attempts=2, jitter=False))
    checked = Map("checked", check, over=numbers.output)
    made = PipelineRunner(Pipeline("p", operations=[numbers, checked])).takes(check=0.5)
    run = made.stub(rows=[0 if row == wrong else 1 for row in range(4)], check=lambda row: 1 // row).run()
    found = operation_runs([_event(told) for told in run.execution.nested[0].history], NAMES)
    failed = [one for one in found if one.error]
    assert [(one.status, one.handled) for one in failed] == [(Status.FAILED, False)]


def test_a_failure_that_is_handled() -> None:
    found = runs([0], on_error=Fallback([]))
    assert found["checked"].status is Status.FAILED
    assert found["checked"].handled


@pytest.mark.parametrize(("rows", "status"), [(b"n\n1\n", Status.SUCCEEDED), (b"n\nx\n", Status.FAILED)])
def test_a_distributed_map(rows: bytes, status: Status) -> None:
    made = PipelineRunner(Pipeline("p", operations=[Map("checked", double, over=Csv(lake / "x"))]))
    run = made.put("lake", "x", rows).run()
    events = [_event(told) for told in run.execution.nested[0].history]
    assert [(one.operation, one.status) for one in stay_runs(events, ("checked", "double"))] == [("checked", status)]


def test_a_map_that_runs() -> None:
    numbers = operation("rows", (), list[int])
    checked = Map("checked", operation("check", ("row",), int), over=numbers.output)
    made = PipelineRunner(Pipeline("p", operations=[numbers, checked])).takes(check=10).stub(rows=[1], check=1)
    started = made.start()
    events = [_event(told) for told in started.now.execution.nested[0].history]
    assert [one.status for one in stay_runs(events, NAMES)] == [Status.RUNNING]
    stopped = started.stop()
    events = [_event(told) for told in stopped.execution.nested[0].history]
    assert [one.status for one in stay_runs(events, NAMES)] == [Status.ABORTED]


def test_a_wait_and_a_loop() -> None:
    again = operation("again", ("n",), int)
    loop = Repeat("loop", again, carry={"n": again.output}, inputs={"n": 1}, until=again.output >= 3, pause=5)
    there = Wait("there", object=lake / "x", every=5, timeout=60)
    declared = Pipeline("p", operations=[Wait("pause", seconds=7), loop, there])
    made = PipelineRunner(declared).stub(again=lambda n: n + 1).put("lake", "x", b"")
    events = [_event(told) for told in made.run().execution.nested[0].history]
    found = {
        one.operation: (one.status, one.duration_s) for one in stay_runs(events, ("pause", "loop", "again", "there"))
    }
    assert found == {name: (Status.SUCCEEDED, took) for name, took in {"pause": 7, "loop": 5, "there": 0}.items()}


def test_a_wait_that_was_for_nothing() -> None:
    made = PipelineRunner(Pipeline("p", operations=[Wait("there", object=lake / "x", every=5, timeout=10)]))
    events = [_event(told) for told in made.run().execution.nested[0].history]
    assert [(one.operation, one.status, one.handled) for one in stay_runs(events, ("there",))] == [
        ("there", Status.FAILED, False)
    ]
