"""The pipeline's own machine: starts jobs in order, hands results on, and writes the record."""

from __future__ import annotations

from typing import Any

import pytest
from statelint.linter import Linter

from bunsui import Job, Pipeline

from .pipelines import World, compiled, expected, filled, operation, pipeline, states


def diamond() -> Pipeline:
    return pipeline(
        {"a": ["month"], "b": ["a"], "c": ["a"], "d": ["b", "c"]},
        {"first": ["a"], "left": ["b"], "right": ["c"], "last-one": ["d"]},
    )


def test_definition_is_valid() -> None:
    assert Linter.validate(filled(compiled(diamond()).machine.definition)) == []


def test_outputs_pass_from_job_to_job() -> None:
    declared = diamond()
    world = World(compiled(declared), spilled=["a"])
    result = world.run({"month": 4})
    assert result.status == "SUCCEEDED"
    assert result.output == {"last-one": {"d": {"value": expected(declared, {"month": 4})["d"]}}}
    assert world.order()[0] == "a"
    assert set(world.order()[1:3]) == {"b", "c"}


def test_children_are_named_and_told_what_they_need() -> None:
    world = World(compiled(diamond()))
    children = world.run({"month": 4}).nested
    assert [child.name for child in children] == ["s-1-1-first", "s-1-1-left", "s-1-1-right", "s-1-1-last-one"]
    given = {child.name: child._run.input for child in children}
    assert given["s-1-1-first"] | {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": ""} == {
        "session": "s-1",
        "attempt": 1,
        "parameters": {"month": 4},
        "inputs": {},
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "",
    }
    assert given["s-1-1-left"]["parameters"] == {}
    assert set(given["s-1-1-last-one"]["inputs"]) == {"b", "c"}


def test_names_of_children_stay_within_80_characters() -> None:
    declared = Pipeline("p", jobs=[Job("j" * 40, operation("a"))])
    world = World(compiled(declared))
    (child,) = world.run().nested
    assert child.status == "SUCCEEDED"
    assert len(child.name) <= len("s-1-1-") + 32


def record(world: World) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    def plain(item: dict[str, Any]) -> dict[str, Any]:
        return {name: next(iter(value.values())) for name, value in item.items()}

    (session,) = world.tables.tables["bunsui-sessions"].items.values()
    runs = world.tables.tables["bunsui-job-runs"].items.values()
    return plain(session), {plain(run)["run"]: plain(run) for run in runs}


def test_record_of_a_session_that_succeeds() -> None:
    declared = diamond()
    world = World(compiled(declared))
    world.seconds = {"a": 10.0, "d": 5.0}
    result = world.run({"month": 4})
    session, runs = record(world)
    value = expected(declared, {"month": 4})["d"]
    assert session == {
        "session": "s-1",
        "pipeline": "p",
        "kind": "session",
        "status": "SUCCEEDED",
        "attempt": "1",
        "started": "2025-01-01T00:00:00.000Z",
        "finished": "2025-01-01T00:00:15.000Z",
        "parameters": '{"month":4}',
        "parent": "",
        "step": "",
        "outputs": f'{{"last-one":{{"d":{{"value":"{value}"}}}}}}',
        "execution": result.arn,
    }
    assert set(runs) == {"1#first", "1#left", "1#right", "1#last-one"}
    assert runs["1#last-one"] == {
        "session": "s-1",
        "run": "1#last-one",
        "job": "last-one",
        "attempt": "1",
        "status": "SUCCEEDED",
        "started": "2025-01-01T00:00:10.000Z",
        "finished": "2025-01-01T00:00:15.000Z",
        "outputs": f'{{"d":{{"value":"{value}"}}}}',
        "execution": result.nested[-1].arn,
    }


def test_record_of_a_session_that_fails() -> None:
    world = World(compiled(diamond()), fails={"b": (ValueError("bad row"), 99)})
    result = world.run({"month": 4})
    session, runs = record(world)
    assert result.status == "FAILED"
    assert (session["status"], session["error"]) == ("FAILED", result.error)
    assert "finished" in session
    assert "outputs" not in session
    assert runs["1#first"]["status"] == "SUCCEEDED"
    assert runs["1#left"]["status"] == "FAILED"
    assert "bad row" in runs["1#left"]["cause"]
    assert "1#last-one" not in runs


def test_second_attempt_clears_what_the_first_left() -> None:
    world = World(compiled(pipeline({"a": []})), fails={"a": (ValueError("no"), 99)})
    world.run()
    started = record(world)[0]["started"]
    world.fails.clear()
    world.run()
    session, _ = record(world)
    assert session["status"] == "SUCCEEDED"
    assert session["started"] == started
    assert not {"error", "cause"} & session.keys()


def test_a_long_cause_is_cut() -> None:
    world = World(compiled(pipeline({"a": []})), fails={"a": (ValueError("x" * 20_000), 99)})
    world.run()
    session, runs = record(world)
    assert len(session["cause"]) <= 8000
    assert len(runs["1#main"]["cause"]) <= 8000


def test_jobs_that_only_wait_for_each_other_run_in_order() -> None:
    one, two = Job("one", operation("a")), Job("two", operation("b"))
    two >> one
    world = World(compiled(Pipeline("p", jobs=[one, two])))
    assert world.run().status == "SUCCEEDED"
    assert world.order() == ["b", "a"]


def test_every_task_has_a_timeout_and_retries() -> None:
    tasks = [state for _, state in states(filled(compiled(diamond()).machine.definition)) if state["Type"] == "Task"]
    assert len(tasks) == 3 + 4 * 4
    assert all(task["TimeoutSeconds"] > 0 and task["Retry"] for task in tasks)


def test_inner_variables_never_shadow_outer_ones() -> None:
    needs = {"a": [], "b": ["a"], "c": ["b"], "d": ["b"], "e": ["c", "d"], "f": ["a"], "g": ["e", "f"]}
    made = filled(compiled(pipeline(needs, {name: [name] for name in needs})).machine.definition)

    def assigned(machine: dict[str, Any]) -> set[str]:
        tables = [state.get("Assign", {}) for state in machine["States"].values()]
        tables += [one.get("Assign", {}) for state in machine["States"].values() for one in state.get("Catch", ())]
        return {name for table in tables for name in table}

    def walk(machine: dict[str, Any], outer: set[str]) -> None:
        own = assigned(machine)
        assert not own & outer
        for state in machine["States"].values():
            for branch in state.get("Branches", ()):
                walk(branch, outer | own)

    walk(made, set())


@pytest.mark.parametrize(
    "job", ["session", "pipeline", "jobs", "failure", "Failed", "Jobs", "Session", "Parallel", "a-b"]
)
def test_jobs_may_be_named_like_our_own_states(job: str) -> None:
    declared = pipeline({"a": [], "b": ["a"]}, {job: ["a"], "next": ["b"]})
    made = compiled(declared)
    assert Linter.validate(filled(made.machine.definition)) == []
    world = World(made)
    assert world.run().output == {"next": {"b": {"value": expected(declared, {})["b"]}}}


@pytest.mark.parametrize("name", ["Failed", "Jobs", "Session"])
def test_failure_of_jobs_named_like_our_own_states(name: str) -> None:
    world = World(compiled(pipeline({"a": []}, {name: ["a"]})), fails={"a": (ValueError("no"), 99)})
    assert world.run().status == "FAILED"
    assert record(world)[0]["status"] == "FAILED"
