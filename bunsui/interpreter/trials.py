"""One run of one state under test, noting the data at each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bunsui.interpreter import tasks
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.calls import Call
from bunsui.interpreter.dataflow import arguments, effective_input, finish, written
from bunsui.interpreter.definition import MapState, PassState, State, TaskState
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.maps import concurrency, items_of
from bunsui.interpreter.mocks import Mock, StateTestRefused
from bunsui.interpreter.run import Run
from bunsui.interpreter.scheduler import Strand
from bunsui.interpreter.steps import PLAIN, run_wait

UNNAMED = "StateName"
"""What AWS calls a state that is tested by itself."""


class Bench(Branch):
    """A branch for one state, with the context object that the test gives."""

    __slots__ = ("_given",)

    def __init__(self, run: Run, variables: Mapping[str, Any], given: Mapping[str, Any] | None) -> None:
        super().__init__(run, 0, variables)
        self._given = given

    def context(self) -> dict[str, Any]:
        """The given context object, or the usual one, in which AWS calls every state the same."""
        if self._given is not None:
            return dict(self._given)
        usual = super().context()
        return {**usual, "State": {**usual["State"], "Name": UNNAMED}}


def trial(
    branch: Branch,
    state: State,
    data: Any,
    mock: Mock | None,
    seen: dict[str, Any],
) -> str | None:
    """Run the state once and note the data at each step; the value is where it goes next."""
    if isinstance(state, TaskState):
        return try_task(branch, state, data, mock, seen)
    if state.kind in {"Map", "Parallel"} and mock is not None:
        return try_mocked(branch, state, data, mock, seen)
    if not state.jsonata:
        note_paths(branch, state, data, seen)
    if state.kind == "Wait":
        drain(branch, run_wait(branch, state, data))
        return state.next
    return PLAIN[state.kind](branch, state, data)


def drain(branch: Branch, turns: Any) -> Any:
    """Run a generator to its end on the virtual clock."""
    outcome: list[Any] = []
    scheduler = branch.run.world.scheduler
    strand = Strand(turns, lambda value, error: outcome.extend((value, error)))
    scheduler.ready(strand)
    scheduler.run(lambda: bool(outcome))
    if not outcome:
        raise StateTestRefused("The state waits for an answer; give it a mock")
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def note_paths(branch: Branch, state: State, data: Any, seen: dict[str, Any]) -> None:
    """The steps of a JSONPath state that calls nothing."""
    effective = effective_input(branch, state, data)
    if not isinstance(state, PassState):
        seen["afterInputPath"] = effective
        return
    if state.has_result:
        result = seen["result"] = state.result
    else:
        seen["afterInputPath"] = effective
        result = seen["afterParameters"] = arguments(branch, state, effective, effective)
    note_result(state, data, result, seen)


def note_result(state: State, data: Any, selected: Any, seen: dict[str, Any]) -> None:
    """The last two steps of a JSONPath state."""
    seen["afterResultSelector"] = selected
    steps = state.result_path
    if steps is not None:
        seen["afterResultPath"] = written(data, steps, selected) if steps else selected
    else:
        seen["afterResultPath"] = data


def try_task(branch: Branch, state: TaskState, data: Any, mock: Mock | None, seen: dict[str, Any]) -> str | None:
    """A Task."""
    effective = effective_input(branch, state, data)
    given = arguments(branch, state, effective, effective)
    if state.jsonata:
        seen["afterArguments"] = given
    else:
        seen["afterInputPath"], seen["afterParameters"] = effective, given
    if mock is None:
        result = drain(branch, tasks.attempt(branch, state, data))
    else:
        world = branch.run.world
        call = Call(
            state.resource.name, state.resource.arn, given, None, state.name, 0, world.scheduler.now, branch.run
        )
        result = mock.answer(call)
    seen["result"] = result
    return ended(branch, state, data, result, seen)


def try_mocked(
    branch: Branch,
    state: State,
    data: Any,
    mock: Mock,
    seen: dict[str, Any],
) -> str | None:
    """A Map or Parallel, whose result is mocked."""
    if isinstance(state, MapState):
        effective = effective_input(branch, state, data)
        if state.reader is None:
            items_of(branch, state, effective)
        seen["maxConcurrency"] = concurrency(branch, state, effective)
        if state.tolerated_count is not None:
            seen["toleratedFailureCount"] = state.tolerated_count(branch, effective)
        if state.tolerated_percentage is not None:
            seen["toleratedFailurePercentage"] = float(state.tolerated_percentage(branch, effective))
    if mock.failing:
        raise mocked_fault(mock)
    return ended(branch, state, data, mock.result, seen)


def mocked_fault(mock: Mock) -> Fault:
    """The error of a mock."""
    fault = Fault(mock.error, mock.cause)
    fault.located = True
    return fault


def ended(branch: Branch, state: State, data: Any, result: Any, seen: dict[str, Any]) -> str | None:
    """The way out of a state with a result."""
    if not state.jsonata:
        selected = result if state.result_selector is None else state.result_selector(branch, result)
        note_result(state, data, selected, seen)
    finish(branch, state, data, result)
    return state.next
