"""How many events an execution can have: counted from the definition, never fewer than it really has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunsui import Fallback, Job, Map, Pipeline, Retry
from bunsui.compile.events import most
from bunsui.interpreter import Execution, TaskFailed, execute
from bunsui.interpreter.calls import Submitted
from tests.graph.dags import Needs, dense_dags

from .pipelines import World, compiled, filled, operation, pipeline
from .test_random_pipelines import SLOW, durations


def machine(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def task(resource: str = "lambda:invoke", **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True, **more}


def fails(error: str) -> Any:
    def fail(call: Any) -> Any:
        raise TaskFailed(error, "no")

    return fail


def iteration(**states: Any) -> dict[str, Any]:
    return {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": next(iter(states)), "States": states}


RETRY = [{"ErrorEquals": ["A"], "MaxAttempts": 2}, {"ErrorEquals": ["B"]}]
INNER, OTHER = ({"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}} for name in ("one", "other"))
START = {"states:startExecution": lambda call: Submitted({}, 1)}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "pass": (machine(P={"Type": "Pass", "End": True}), {}, 4),
    "fail": (machine(F={"Type": "Fail"}), {}, 3),
    "wait and choice": (
        machine(
            W={"Type": "Wait", "Seconds": 1, "Next": "C"},
            C={"Type": "Choice", "Choices": [{"Condition": True, "Next": "S"}]},
            S={"Type": "Succeed"},
        ),
        {},
        8,
    ),
    "task": (machine(T=task()), {"lambda:invoke": 1}, 7),
    "job": (
        machine(T=task("states:startExecution.sync:2")),
        {"states:startExecution": lambda call: Submitted({}, 1)},
        8,
    ),
    "retries": (machine(T=task(Retry=RETRY[:1])), {"lambda:invoke": fails("A")}, 1 + 1 + 3 * 3 + 1),
    "caught": (
        machine(T=task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "P"}]), P={"Type": "Pass", "End": True}),
        {"lambda:invoke": fails("A")},
        9,
    ),
    "parallel": (machine(P={"Type": "Parallel", "Branches": [INNER, OTHER], "End": True}), {}, 10),
    "map": (
        machine(M={"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": iteration(T=task()), "End": True}),
        {"lambda:invoke": 1},
        2 + 4 + 3 * 7,
    ),
}


def ran(definition: dict[str, Any], services: dict[str, Any]) -> Execution:
    return execute(definition, {}, services=services)


@pytest.mark.parametrize("case", CASES)
def test_as_many_as_there_are(case: str) -> None:
    """One event of every count is for an error of evaluation, which none of these has."""
    definition, services, events = CASES[case]
    execution = ran(definition, services)
    assert len(execution.event_types) == events, execution.event_types
    never_exited = case == "retries"
    assert most(definition, {}) == events + 1 + never_exited


def test_retriers_add_up() -> None:
    assert most(machine(T=task(Retry=RETRY)), {}) == 3 + 2 + 3 * (1 + 2 + 3)


def test_an_error_of_evaluation_is_an_event_of_its_try() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    definition = machine(T=task(Retry=retry, Output="{% $nothing %}"))
    events = ran(definition, {"lambda:invoke": 1}).event_types
    assert events.count("EvaluationFailed") == 4
    assert len(events) <= most(definition, {})


def test_rounds_and_items_count_as_often_as_they_may() -> None:
    loop = {"Type": "Parallel", "Branches": [INNER], "End": True}
    assert most(machine(L=loop), {"L": 10}) == 3 + 4 + 10 * 2
    items = {"Type": "Map", "Items": "{% $states.input %}", "ItemProcessor": iteration(T=task()), "End": True}
    assert most(machine(M=items), {"M": 10}) == 3 + 4 + 10 * (2 + 5)


@given(dense_dags(14), st.integers(0, 2**32), st.integers(1, 2**32), st.data())
@SLOW
def test_no_compiled_machine_has_more(needs: Needs, seed: int, chance: int, data: st.DataObject) -> None:
    """With retries, failures, handled or not, joins, and jobs."""
    made = {
        name: operation(
            name,
            tuple(sorted(wanted)),
            retry=data.draw(st.sampled_from([None, Retry(attempts=2, on=[ValueError]), Retry(attempts=3)])),
            on_error=data.draw(st.sampled_from([None, None, Fallback(1)])),
        )
        for name, wanted in needs.items()
    }
    world = World(compiled(Pipeline("p", jobs=[Job("main", *made.values())])))
    world.seconds = durations(needs, seed)
    world.fails = {
        name: (ValueError("no"), data.draw(st.integers(1, 4)))
        for name in data.draw(st.sets(st.sampled_from(sorted(needs)), max_size=5))
    }
    result = world.run(seed=chance)
    counted = {one.name: one.events for one in world.plan.machines}
    assert len(result.event_types) <= counted["p"]
    assert all(len(child.event_types) <= counted["p-main"] for child in result.nested)


def test_a_map_counts_for_all_it_may_meet() -> None:
    rows = operation("rows", returns=list)
    each = operation("each", ("row",))
    few, many = (
        compiled(Pipeline("p", operations=[rows, Map("all", each, over=rows.output, item="row", at_most=items)]))
        for items in (10, 100)
    )
    assert many.jobs["main"].events - few.jobs["main"].events >= 90 * 7


def test_the_count_is_told(tmp_path: Any) -> None:
    made = compiled(pipeline({"a": [], "b": ["a"]}))
    (job,) = made.jobs.values()
    assert job.events == most(filled(job.definition), {}) == 3 + 2 * (2 + 3 * 7)
