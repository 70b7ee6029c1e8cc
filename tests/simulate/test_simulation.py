"""Simulated runs: time, slack, failures, transitions and prices."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui.errors import UsageError
from bunsui.session.model import Status
from bunsui.simulate.assumption import Assumption, Failing
from bunsui.simulate.model import Simulated, Simulation
from bunsui.simulate.prices import PRICES
from bunsui.simulate.simulation import parameters_of, simulate

from .flows import flow, waiting

SECONDS = {"first": 2.0, "slow": 20.0, "quick": 5.0, "last": 1.0, "alone": 3.0}


def simulated(*failing: str, seconds: dict[str, float] = SECONDS, **settings: Any) -> Simulation:
    assumed = {name: Assumption(value, source="file") for name, value in seconds.items()}
    return simulate(flow, parameters_of(flow, {"month": "1"}), assumed, map(Failing.parse, failing), **settings)


def of(found: Simulation, operation: str) -> Simulated:
    return next(one for one in found.operations if one.operation == operation)


def test_makespan_critical_path_and_slack() -> None:
    found = simulated()
    assert (found.status, found.makespan_s, found.critical_path_s) == (Status.SUCCEEDED, 23.0, 23.0)
    assert found.critical_path == ("first", "slow", "last")
    slack = {one.operation: one.slack_s for one in found.operations}
    assert slack == {"first": 0.0, "slow": 0.0, "quick": 15.0, "last": 0.0, "alone": 19.0}
    assert (of(found, "quick").started_s, of(found, "quick").finished_s) == (2.0, 7.0)


def test_waves_are_the_levels_of_the_graph() -> None:
    found = simulated()
    assert (found.waves.levels, found.waves.makespan_s, found.waves.ratio) == (3, 24.0, 1.043)


def test_a_job_waits_for_the_whole_job_before_it() -> None:
    found = simulated(seconds={**SECONDS, "alone": 50.0})
    assert (found.makespan_s, found.critical_path) == (51.0, ("alone", "last"))


def test_what_is_not_known_takes_a_second_and_says_so() -> None:
    found = simulated(seconds={})
    assert found.makespan_s == 3.0
    assert {one.source for one in found.operations} == {"default"}
    assert found.notes == ("nothing says how long they take, so 1 s each: every operation",)


def test_retries_count_as_time_and_transitions() -> None:
    once, twice = simulated(), simulated("slow:ValueError:2")
    assert twice.status is Status.SUCCEEDED
    assert of(twice, "slow").tries == 3
    assert of(twice, "slow").duration_s == 3 * 20.0 + 10.0 + 20.0
    assert twice.transitions.total == once.transitions.total + 2


def test_a_failure_ends_the_run_and_leaves_the_rest() -> None:
    found = simulated("slow")
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert (found.failure.job, found.failure.operation, found.failure.error) == ("make", "slow", "RuntimeError")
    statuses = {one.operation: one.status for one in found.operations}
    assert statuses["slow"] is Status.FAILED
    assert statuses["last"] is Status.NOT_STARTED
    assert of(found, "last").slack_s is None


def test_a_fallback_handles_a_failure() -> None:
    found = simulated("quick:KeyError")
    assert (found.status, of(found, "quick").handled, of(found, "quick").error) == (Status.SUCCEEDED, True, "KeyError")


def test_a_function_ends_at_its_own_timeout() -> None:
    found = simulated(seconds={**SECONDS, "first": 61.0})
    assert (found.status, of(found, "first").status, of(found, "first").duration_s) == ("FAILED", "TIMED_OUT", 60.0)


def test_transitions_are_the_states_of_all_executions() -> None:
    """Session: start, Parallel of jobs, end; job: started, run, finished; make: Parallel, four Tasks; tell: one."""
    found = simulated()
    assert found.transitions.executions == 3
    assert found.transitions.total == 3 + 2 * 3 + (1 + 1 + 4) + 1
    assert 0 < found.transitions.most_events < 100


def test_the_price_is_that_of_what_was_used() -> None:
    found = simulated(region="eu-west-3")
    used = {item.what: item.quantity for item in found.price.items}
    assert used["lambda:request"] == 5
    assert used["lambda:gb-second:x86_64"] == 2.0 + 20.0 + 1.0 + 3.0
    assert used["lambda:gb-second:arm64"] == 2.5
    assert used["lambda:storage-gb-second"] == 5.0
    assert used["states:transition"] == found.transitions.total
    assert used["dynamodb:write"] == 2 * 3 + 2 * 2
    assert found.price.usd == pytest.approx(sum(item.quantity * item.usd_each for item in found.price.items))
    elsewhere = {item.what: item.elsewhere for item in found.price.items}
    assert not elsewhere["states:transition"]
    assert elsewhere["dynamodb:write"]
    assert next(item.usd_each for item in found.price.items if item.what == "states:transition") == 0.0297e-3


def test_every_price_is_known_at_home() -> None:
    assert all(by_region["us-east-1"] > 0 for by_region in PRICES.values())


def test_parameters_are_made_up_where_nobody_gives_them() -> None:
    found = simulate(flow, parameters_of(flow), {})
    assert (found.parameters, found.made_up) == ({"month": 1}, ("month",))
    assert "month" in found.notes[-1]


def test_nobody_else_can_fail() -> None:
    with pytest.raises(UsageError, match=r"BUN703.*'slwo'") as told:
        simulated("slwo")
    assert told.value.hint == "did you mean slow?"


@pytest.mark.parametrize("text", ["", ":ValueError", "slow:ValueError:0", "slow::x"])
def test_what_is_no_failure_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="BUN406"):
        Failing.parse(text)


def test_an_error_may_have_dots() -> None:
    assert Failing.parse("slow:States.Timeout:2") == Failing("slow", "States.Timeout", 2)
    assert Failing.parse("slow") == Failing("slow", "RuntimeError", None)


def waited(**assumed: Assumption) -> Simulation:
    return simulate(waiting, parameters_of(waiting), assumed)


def test_what_steps_wait_for_comes() -> None:
    found = waited()
    assert found.status is Status.SUCCEEDED
    seconds = {one.operation: (one.assumed_s, one.source, one.duration_s) for one in found.operations}
    assert seconds["there"] == seconds["upstream"] == (0.0, "default", 0.0)
    assert seconds["nap"] == (None, "declared", 30.0)
    assert seconds["pay"] == (1.0, "default", 1.0)
    assert found.makespan_s == 30.0
    assert found.notes == ("nothing says how long they take, so 1 s each: every operation",)


def test_it_is_looked_for_until_it_is_there() -> None:
    """`there` is looked for every 10 s, `upstream` every minute."""
    found = waited(there=Assumption(25.0), upstream=Assumption(61.0), pay=Assumption(600.0))
    assert (of(found, "there").duration_s, of(found, "upstream").duration_s) == (30.0, 120.0)
    assert (of(found, "pay").duration_s, found.makespan_s) == (600.0, 722.0)


def test_an_approval_may_be_refused_or_left_alone() -> None:
    refused = waited(pay=Assumption(5.0, {"approved": False}))
    assert refused.failure is not None
    assert (refused.failure.operation, refused.failure.error) == ("pay", "Bunsui.Rejected")
    silent = waited(pay=Assumption(5.0, None))
    assert (of(silent, "pay").status, of(silent, "pay").duration_s) == (Status.TIMED_OUT, 3600.0)


def test_what_runs_no_function_cannot_be_let_fail() -> None:
    with pytest.raises(UsageError, match="BUN406"):
        simulate(waiting, parameters_of(waiting), {}, [Failing("pay")])
