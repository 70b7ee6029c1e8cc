"""Retry and Catch around the states that have them: Task, Parallel, Map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch, exhausted
from bunsui.interpreter.dataflow import finish, finish_caught
from bunsui.interpreter.definition import State
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonata import UNDEFINED
from bunsui.interpreter.retrying import catcher_for, delay, retrier_for
from bunsui.interpreter.scheduler import Turns
from bunsui.interpreter.steps import tell

Attempt = Callable[[Branch, Any, Any], Turns]


def guarded(branch: Branch, state: State, data: Any, attempt: Attempt) -> Turns:
    """Try until it works, retries are used up, or an error is caught; the value is the next state's name."""
    world = branch.run.world
    used = [0] * len(state.retry)
    while True:
        try:
            result = yield from attempt(branch, state, data)
            finish(branch, state, data, result)
            return state.next
        except Fault as fault:
            tell(branch, state, fault)
            at = retrier_for(state.retry, fault)
            if at is None or used[at] >= state.retry[at].attempts:
                return give_up(branch, state, data, fault)
            seconds = delay(state.retry[at], used[at], world.random)
        used[at] += 1
        branch.retries += 1
        branch.steps += 1
        if branch.steps > world.limits.steps:
            raise exhausted(branch.run.express)
        branch.partial = None
        branch.result = UNDEFINED
        branch.token = None
        branch.touch()
        yield world.scheduler.sleep(seconds)


def give_up(branch: Branch, state: State, data: Any, fault: Fault) -> str:
    """Catch, or pass the fault on.

    Raises:
        Fault: nothing catches it.
    """
    if state.kind in {"Parallel", "Map"} and (fault.error != faults.RUNTIME or fault.from_child):
        branch.event(state.kind + "StateFailed")
    at = catcher_for(state.catch, fault)
    if at is None:
        raise fault
    branch.partial = None
    finish_caught(branch, state, state.catch[at], data, fault)
    return state.catch[at].next
