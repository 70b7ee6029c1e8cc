"""How much travels inside the state machines: never 256 KiB, however many results meet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bunsui import Fallback, Lambda, Pipeline, Retry
from bunsui.compile.budget import INLINE, QUOTA, SHARED
from bunsui.errors import DeclarationError

from .pipelines import World, compiled, expected, filled, operation, pipeline, states


def budgets(declared: Pipeline) -> dict[str, int]:
    return {
        state["Arguments"]["Payload"]["bunsui"]["operation"]: state["Arguments"]["Payload"]["bunsui"]["inline"]
        for machine in compiled(declared).jobs.values()
        for _, state in states(filled(machine.definition))
        if state["Type"] == "Task"
    }


def fan(width: int, name: str = "n") -> Pipeline:
    sources = [f"{name}{number}" for number in range(width)]
    return pipeline({**{source: [] for source in sources}, "all": sources})


@pytest.mark.parametrize(("width", "budget"), [(1, INLINE), (3, INLINE), (4, SHARED // 4), (100, SHARED // 100)])
def test_results_that_meet_share_the_room(width: int, budget: int) -> None:
    assert set(budgets(fan(width)).values()) == {budget}


def test_results_that_meet_in_the_output_share_the_room() -> None:
    assert set(budgets(pipeline({f"n{number}": [] for number in range(50)})).values()) == {SHARED // 50}


def test_a_long_chain_keeps_its_room() -> None:
    needs = {f"n{number}": [f"n{number - 1}"] if number else [] for number in range(100)}
    assert set(budgets(pipeline(needs)).values()) == {INLINE}


def test_jobs_share_the_room_of_the_pipelines_machine() -> None:
    needs = {f"n{number}": [] for number in range(20)}
    declared = pipeline(needs, {f"job-{number}": [f"n{number}"] for number in range(20)})
    assert set(budgets(declared).values()) == {SHARED // 20}


class Full(World):
    """Every result is as large as it may be."""

    largest = 0

    def handle(self, event: dict[str, Any]) -> Any:
        self.largest = max(self.largest, len(json.dumps(event)))
        super().handle(event)
        about = event["bunsui"]
        room = max(about["inline"], 128) - 2
        if about["operation"] in self.spilled:
            return {"pointer": "/".join(str(about[name]) for name in ("pipeline", "session", "job", "operation"))}
        return {"value": "x" * room}

    def read(self, envelope: dict[str, Any], about: Any = None) -> Any:
        return 0


@pytest.mark.parametrize("width", [1, 3, 10, 200])
def test_the_quota_is_never_reached(width: int) -> None:
    sources = [f"source_{number}" for number in range(width)]
    middle = {f"middle_{number}": [source] for number, source in enumerate(sources)}
    needs: dict[str, list[str]] = {**{source: [] for source in sources}, **middle, "all": list(middle)}
    world = Full(compiled(pipeline(needs, {"first": sources, "second": [*middle, "all"]})))
    result = world.run()
    assert result.status == "SUCCEEDED", f"{result.error}: {result.cause}"
    assert world.largest < QUOTA


def skippable(count: int, name: str) -> Pipeline:
    """Operations whose results the state machine has to see, because they may be missing."""
    made = [operation(f"{name}{number}", returns=int, on_error=Fallback(0)) for number in range(count)]
    return Pipeline("p", operations=made)


def test_as_many_references_as_fit_do_fit() -> None:
    name = "n" * 120
    compiled(skippable(700, name))
    with pytest.raises(DeclarationError) as raised:
        compiled(skippable(760, name))
    assert raised.value.code == "BUN301"
    assert "760 results meet in one place of job 'main'; a state machine can hold references" in raised.value.message
    assert "put operations into several jobs" in raised.value.hint
    room = int(raised.value.message.rpartition(" ")[2])
    names = [f"{name}{number}" for number in range(1000, 1000 + room)]
    references = {one: {"pointer": f"sessions/p/{'s' * 40}/99999/main/{one}.json"} for one in names}
    assert len(json.dumps(json.dumps(references, separators=(",", ":")))) < QUOTA


def test_constants_that_do_not_fit_are_an_error() -> None:
    compiled(Pipeline("p", operations=[operation("work", {"value": "x" * 60_000})]))
    work = operation("work", {"value": "x" * 40_000, "other": "é" * 20_000})
    with pytest.raises(DeclarationError) as raised:
        compiled(Pipeline("p", operations=[work]))
    assert raised.value.code == "BUN301"
    assert raised.value.where == work.where
    assert "constant inputs of 80,004 bytes of JSON; there is room for 65,536" in raised.value.message
    assert "keep large values in a file of the package or in a bucket" in raised.value.hint


def test_a_fallback_takes_no_more_room_than_a_result() -> None:
    def declared(size: int, others: int) -> Pipeline:
        made = [operation("work", returns=str, on_error=Fallback("x" * size))]
        return Pipeline("p", operations=made + [operation(f"n{number}") for number in range(others)])

    compiled(declared(30_000, 0))
    with pytest.raises(DeclarationError, match="fallback of 30,002 bytes of JSON; there is room for 1,927"):
        compiled(declared(30_000, 50))


def timeouts(*made: Any) -> int:
    machine = filled(compiled(Pipeline("p", operations=list(made))).machine.definition)
    return next(state["TimeoutSeconds"] for name, state in states(machine) if name == "main")


def test_a_job_may_take_as_long_as_its_operations_and_their_retries() -> None:
    once = timeouts(operation("a", runs=Lambda(timeout=100)))
    assert once >= 7 * 130
    assert timeouts(operation("a", runs=Lambda(timeout=100)), operation("b", runs=Lambda(timeout=100))) > once
    patient = Retry(attempts=5, interval=100, backoff=2.0, max_delay=300)
    waits = 100 + 200 + 300 + 300
    assert timeouts(operation("a", runs=Lambda(timeout=100), retry=patient)) >= once + 4 * 130 + waits


def test_a_job_takes_a_year_at_most() -> None:
    endless = Retry(attempts=100, interval=31_536_000, backoff=1000.0)
    assert timeouts(operation("a", retry=endless)) == 31_536_000


def test_spilled_values_are_read_back() -> None:
    declared = pipeline({"a": [], "b": ["a"], "c": ["a", "b"]}, {"one": ["a"], "two": ["b", "c"]})
    world = World(compiled(declared), spilled=["a", "b", "c"])
    result = world.run()
    pointer = result.output["two"]["c"]
    assert pointer == {"pointer": "sessions/p/s-1/1/two/c.json"}
    assert world.read(pointer) == expected(declared, {})["c"]
