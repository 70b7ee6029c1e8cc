"""The loop that takes a branch from state to state, and the states that answer at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.dataflow import effective_input, finish_plain, leave, written
from bunsui.interpreter.definition import (
    ChoiceState,
    FailState,
    Machine,
    MapState,
    ParallelState,
    PassState,
    State,
    TaskState,
    WaitState,
)
from bunsui.interpreter.faults import Fault, TaskFailed
from bunsui.interpreter.scheduler import Turns

LOCATED: Final = frozenset(
    {
        faults.INTRINSIC_FAILURE,
        faults.ITEM_READER_FAILED,
        faults.NO_CHOICE_MATCHED,
        faults.QUERY_EVALUATION_ERROR,
        faults.RESULT_PATH_MATCH_FAILURE,
        faults.RUNTIME,
    }
)
"""Errors whose cause names the state."""


def run_machine(branch: Branch, machine: Machine, data: Any, resume: str | None = None) -> Turns:
    """Run states until one ends the machine; the value of the generator is the output.

    Args:
        branch: the line of control.
        machine: the states.
        data: the input of the first one.
        resume: the state at which a redrive goes on.

    Raises:
        Fault: a state failed and nothing caught it.
    """
    states = machine.states
    name: str | None = machine.start_at
    if resume is not None:
        name = yield from redriven(branch, states[resume], data)
        data = branch.input
    pauses = branch.run.world.scheduler.shuffles
    while name is not None:
        state = states[name]
        branch.enter(state, data)
        if pauses:
            yield None
        try:
            plain = PLAIN.get(state.kind)
            name = plain(branch, state, data) if plain else (yield from WAITING[state.kind](branch, state, data))
        except Fault as fault:
            tell(branch, state, fault)
            raise
        data = branch.input
    return data


def redriven(branch: Branch, state: State, data: Any) -> Turns:
    """Do a failed state again: a transition, but it is not entered anew, and its events follow those of its entry."""
    branch.run.transitions += 1
    branch.retries = 0
    if state.kind != "Fail":
        branch.previous = branch.entered
    branch.input = data
    branch.touch()
    try:
        plain = PLAIN.get(state.kind)
        return plain(branch, state, data) if plain else (yield from WAITING[state.kind](branch, state, data))
    except Fault as fault:
        tell(branch, state, fault)
        raise


def tell(branch: Branch, state: State, fault: Fault) -> None:
    """Complete a fault with its place, and record it where AWS does."""
    if fault.located or isinstance(fault, TaskFailed):
        return
    fault.located = True
    if fault.error in LOCATED:
        fault.cause = (
            f"An error occurred while executing the state '{state.name}' (entered at the event id #{branch.entered}). "
            f"{fault.cause}"
        )
    if fault.error == faults.QUERY_EVALUATION_ERROR or fault.location is not None:
        run = branch.run
        branch.previous = run.history.add(
            "EvaluationFailed",
            run.history.previous_of(branch.entered),
            run.world.scheduler.now,
            (state.name, fault.error, fault.cause, fault.location),
        )


def run_pass(branch: Branch, state: State, data: Any) -> str | None:
    """Pass."""
    assert isinstance(state, PassState)
    if state.jsonata:
        finish_plain(branch, state, data, state)
        return state.next
    result = data if state.input_path is None else state.input_path(branch, data)
    if state.parameters is not None:
        result = state.parameters(branch, result)
    if state.has_result:
        result = state.result
    steps = state.result_path
    output = data if steps is None else written(data, steps, result) if steps else result
    if state.output_path is not None:
        output = state.output_path(branch, output)
    leave(branch, state, output, None if state.assign is None else state.assign(branch, result))
    return state.next


def run_succeed(branch: Branch, state: State, data: Any) -> str | None:
    """Succeed."""
    finish_plain(branch, state, data, state)
    return None


def run_fail(branch: Branch, state: State, data: Any) -> str | None:
    """Fail."""
    assert isinstance(state, FailState)
    error = None if state.error is None else state.error(branch, data)
    cause = None if state.cause is None else state.cause(branch, data)
    fault = Fault(error, cause)
    fault.located = True
    raise fault


def run_choice(branch: Branch, state: State, data: Any) -> str | None:
    """Choice."""
    assert isinstance(state, ChoiceState)
    seen = data if state.jsonata else effective_input(branch, state, data)
    for rule in state.rules:
        if rule.condition(branch, seen):
            finish_plain(branch, state, data, rule)
            return rule.next
    if state.default is None:
        raise Fault(
            faults.NO_CHOICE_MATCHED,
            "Failed to transition out of the state. The state does not point to a next state.",
        )
    finish_plain(branch, state, data, state)
    return state.default


def run_wait(branch: Branch, state: State, data: Any) -> Turns:
    """Wait."""
    assert isinstance(state, WaitState)
    scheduler = branch.run.world.scheduler
    effective = data if state.jsonata else effective_input(branch, state, data)
    until = state.until(branch, effective)
    if until > scheduler.now:
        yield scheduler.sleep(until - scheduler.now)
    finish_plain(branch, state, data, state)
    return state.next


# The states below run machines in turn, so that their modules import this one, and are imported here when needed.


def run_task(branch: Branch, state: State, data: Any) -> Turns:
    """Task."""
    from bunsui.interpreter.guarding import guarded
    from bunsui.interpreter.tasks import attempt

    assert isinstance(state, TaskState)
    return (yield from guarded(branch, state, data, attempt))


def run_parallel(branch: Branch, state: State, data: Any) -> Turns:
    """Parallel."""
    from bunsui.interpreter.guarding import guarded
    from bunsui.interpreter.parallels import attempt

    assert isinstance(state, ParallelState)
    return (yield from guarded(branch, state, data, attempt))


def run_map(branch: Branch, state: State, data: Any) -> Turns:
    """Map, inline or distributed."""
    from bunsui.interpreter import distributed, maps
    from bunsui.interpreter.guarding import guarded

    assert isinstance(state, MapState)
    return (yield from guarded(branch, state, data, distributed.attempt if state.distributed else maps.attempt))


PLAIN: Final[Mapping[str, Callable[[Branch, State, Any], str | None]]] = {
    "Pass": run_pass,
    "Succeed": run_succeed,
    "Fail": run_fail,
    "Choice": run_choice,
}
WAITING: Final[Mapping[str, Callable[[Branch, State, Any], Turns]]] = {
    "Wait": run_wait,
    "Task": run_task,
    "Parallel": run_parallel,
    "Map": run_map,
}
