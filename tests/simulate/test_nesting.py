"""Pipelines within pipelines, and jobs that handle failures of others."""

from __future__ import annotations

from bunsui.diagram.content import Edge, content
from bunsui.session.model import Status
from bunsui.simulate.assumption import Assumption, Failing
from bunsui.simulate.model import Simulation
from bunsui.simulate.simulation import parameters_of, simulate

from .nesting import nesting


def simulated(*failing: str, **assumed: Assumption) -> Simulation:
    given = {name.replace("__", "."): one for name, one in assumed.items()}
    return simulate(nesting, parameters_of(nesting), given, map(Failing.parse, failing))


def test_a_nested_pipeline_takes_the_time_of_its_operations() -> None:
    found = simulated(billing__total=Assumption(8.0, source="file"))
    assert found.status is Status.SUCCEEDED
    assert found.critical_path == ("find", "billed", "tell", "after")
    assert found.makespan_s == found.critical_path_s == 11.0
    used = {item.what: item.quantity for item in found.price.items}
    assert used["lambda:request"] == 4
    assert used["lambda:gb-second:x86_64"] == 11.0
    assert found.transitions.executions == 6


def test_a_nested_failure_is_that_of_the_step() -> None:
    found = simulated("billing.total:ValueError")
    assert found.failure is not None
    assert (found.failure.operation, found.failure.error) == ("billed", "ValueError")


def test_who_waits_for_a_job_waits_for_what_handles_its_failure() -> None:
    found = simulated("tell", mend=Assumption(5.0))
    assert found.status is Status.SUCCEEDED
    assert found.critical_path == ("find", "billed", "tell", "mend", "after")
    assert found.makespan_s == found.critical_path_s == 9.0
    well = {one.operation: one.status for one in simulated().operations}
    assert well["mend"] is Status.NOT_STARTED


def test_a_drawing_puts_it_behind_the_job_that_fails() -> None:
    assert Edge("report", "report-handler", False, False) in content(nesting).order
