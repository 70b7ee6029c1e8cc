"""Steps that consist of others: maps, choices, loops, and what is skipped."""

from __future__ import annotations

from typing import Any

from bunsui.session.model import Status
from bunsui.simulate.assumption import Assumption, Failing
from bunsui.simulate.model import Simulation
from bunsui.simulate.simulation import parameters_of, simulate

from .mixed import mixed


def simulated(*failing: str, **assumed: Assumption) -> Simulation:
    return simulate(mixed, parameters_of(mixed), assumed, map(Failing.parse, failing))


def told(found: Simulation, field: str) -> dict[str, Any]:
    return {one.operation: getattr(one, field) for one in found.operations}


def test_a_step_takes_as_long_as_what_lies_within_it() -> None:
    found = simulated(check=Assumption(4.0), check_far=Assumption(7.0), fetch=Assumption(2.0))
    assert found.status is Status.SUCCEEDED
    assert told(found, "duration_s") == {
        "split": 1.0,
        "checked": 4.0,
        "far": 7.0,
        "total": 1.0,
        "large": 0.0,
        "chosen": 1.0,
        "pages": 2.0,
        "last": 1.0,
    }
    assert told(found, "source")["pages"] == "declared"
    assert found.makespan_s == 12.0
    assert "checked" not in found.critical_path


def test_what_is_skipped_says_why_and_is_on_no_path() -> None:
    found = simulated()
    assert told(found, "status")["large"] is Status.SKIPPED
    assert told(found, "message")["large"] == "total.output > 5 does not hold"
    assert told(found, "slack_s")["large"] is None
    assert "large" not in found.critical_path
    assert told(simulated(total=Assumption(1.0, 9)), "status")["large"] is Status.SUCCEEDED


def test_the_executions_of_a_distributed_map_count() -> None:
    """The pipeline's, two jobs' and three of the map, which enter a state each."""
    three = simulated()
    assert three.transitions.executions == 6
    one = simulated(split=Assumption(1.0, {"items": [1], "next": None}))
    assert one.transitions.executions == 4
    assert three.transitions.total - one.transitions.total == 2 * 2


def test_a_failure_within_a_map_is_the_operation_s() -> None:
    found = simulated("check:ValueError:1")
    assert found.failure is not None
    assert (found.failure.operation, found.failure.error) == ("check", "ValueError")
    assert told(found, "status")["checked"] is Status.FAILED
    assert told(found, "status")["far"] is Status.ABORTED


def test_a_failure_of_the_alternative_is_the_choice_s() -> None:
    found = simulated("small")
    assert told(found, "status")["chosen"] is Status.FAILED
    assert found.failure is not None
    assert found.failure.operation == "small"


def test_a_loop_that_does_not_end_is_at_fault_itself() -> None:
    found = simulated(fetch=Assumption(2.0, {"items": [], "next": "more"}))
    assert found.failure is not None
    assert (found.failure.operation, found.failure.error) == ("pages", "Bunsui.NotDone")
    assert told(found, "duration_s")["pages"] == 10.0
