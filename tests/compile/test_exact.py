"""Numbers are handed on as they are, also where the state machine writes them down as text: in the item of a join."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bunsui import Lambda, Map, Pipeline, operation
from bunsui.testing import PipelineRunner

NUMBERS = [0.1 + 0.2, 1234567890123456, 1e22, 5e-324, 2.0**60 + 2.0**10, 2**62 + 1]
Numbers = list[float | int]


@operation(runs=Lambda())
def left() -> Numbers:
    return NUMBERS


@operation(runs=Lambda())
def right() -> Numbers:
    return NUMBERS


@operation(runs=Lambda())
def left_end(left: Numbers) -> int:
    return len(left)


@operation(runs=Lambda())
def both(left: Numbers, right: Numbers) -> Numbers:
    return [*left, *right]


@operation(runs=Lambda())
def of_left(number: float | int, right: Numbers) -> bool:
    return number in right


@operation(runs=Lambda())
def of_right(number: float | int, left: Numbers) -> bool:
    return number in left


@operation(runs=Lambda())
def right_end(right: Numbers) -> int:
    return len(right)


@pytest.mark.parametrize("taking", [{"left": 3.0}, {"right": 3.0}, {}])
def test_numbers_cross_a_join(pipeline_runner: Callable[..., PipelineRunner], taking: dict[str, float]) -> None:
    maps = [
        Map("each_left", of_left, over=left.output, item="number"),
        Map("each_right", of_right, over=right.output, item="number"),
    ]
    declared = Pipeline("p", operations=[left, right, left_end, both, *maps, right_end])
    run = pipeline_runner(declared).takes(**taking).run()
    assert run.succeeded, run.message
    assert run.outputs["both"] == [*NUMBERS, *NUMBERS]
    for name in ("of_left", "of_right"):
        given = [one.inputs["number"] for one in run.invocations if one.operation == name]
        assert given[:-1] == NUMBERS[:-1]  # the last has no double of its own, and JSONata knows no other number
    scheduled = [str(event.get("taskScheduledEventDetails")) for event in run.execution.nested[0].history]
    assert any("waitForTaskToken" in one for one in scheduled)
