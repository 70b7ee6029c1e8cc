"""Parallel and Succeed states in JSONata, and what the history says of them.

AWS: the `Arguments`, `Assign` and `Output` of a Parallel state count, and the `Output` of a Succeed state. A branch
sees the variables of the state machine but what it assigns stays its own; `State.Name` and `Task.Token` in the context
are those of the branch. The first branch that fails ends the others. The history has the states of every branch.

MiniStack: treats both as JSONPath, so `Assign` and `Output` are ignored; all branches share one context, so variables
leak and two branches that wait for a token may both register the same one; it waits for every branch before it fails;
branch states are missing from the history.
"""

from __future__ import annotations

import contextvars
import copy
import queue
import threading
from collections.abc import Callable
from typing import Any

from bunsui.local.traits import stopping
from bunsui.local.traits.anchor import wrap

_events = threading.Lock()
_last: contextvars.ContextVar[dict[str, int]] = contextvars.ContextVar("last event of each execution")


def apply() -> None:
    """Patch the Parallel state, the walk through a branch, the Succeed state and the history."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_run_parallel_branches", _in_jsonata)
    wrap(stepfunctions, "_run_sub_machine", lambda _: _run_branch)
    wrap(stepfunctions, "_apply_output_path", _with_succeed)
    wrap(stepfunctions, "_add_event", _numbered)


def _in_jsonata(in_jsonpath: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def run_parallel(state: dict[str, Any], value: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
        if sfn._state_query_language(state, ctx) != "JSONata":
            return in_jsonpath(state, value, execution, ctx)
        arguments = sfn._apply_jsonata_arguments(state, value, ctx)
        results = _run_branches(state.get("Branches", []), arguments, execution, ctx)
        output = sfn._apply_jsonata_output(state, value, ctx, result=results, default=results)
        sfn._apply_state_assign(state, value, ctx, result=results)
        return output, sfn._next_or_end(state)

    return run_parallel


def _run_branches(
    branches: list[dict[str, Any]], value: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> list[Any]:
    results: list[Any] = [None] * len(branches)
    ends: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    failed = threading.Event()

    def run(index: int, branch: dict[str, Any]) -> None:
        own = {**ctx, "variables": dict(ctx.get("variables", {}))}
        try:
            results[index] = _run_branch(branch.get("States", {}), branch.get("StartAt"), value, execution, own)
        except BaseException as error:
            ends.put(error)
        else:
            ends.put(None)

    with stopping.ending(failed.is_set):
        for index, branch in enumerate(branches):
            # MiniStack keeps the account and region of a request in the context.
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(run, index, branch), daemon=True).start()
    for _ in branches:
        error = ends.get()
        if error is not None:
            failed.set()
            raise error
    return results


def _run_branch(
    states: dict[str, Any], start_at: Any, value: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> Any:
    from ministack.services import stepfunctions as sfn

    handlers = {"Pass": sfn._execute_pass, "Choice": sfn._execute_choice, "Wait": sfn._execute_wait}
    nesting = {"Task": sfn._execute_task, "Parallel": sfn._execute_parallel, "Map": sfn._execute_map}
    name, value = start_at, copy.deepcopy(value)
    while name:
        stopping.check()
        state = states.get(name)
        if state is None:
            raise sfn._ExecutionError("States.Runtime", f"State '{name}' not found")
        kind = state.get("Type")
        ctx["State"] = {"Name": name, "EnteredTime": sfn.now_iso(), "RetryCount": 0}
        entered = {"name": name, "input": sfn.json.dumps(value)}
        sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
        if kind in handlers:
            value, following = handlers[kind](state, value, ctx)
        elif kind in nesting:
            value, following = nesting[kind](state, value, execution, ctx)
        elif kind == "Succeed":
            value, following = sfn._apply_output_path(state, sfn._apply_input_path(state, value, ctx), ctx), None
        elif kind == "Fail":
            raise sfn._ExecutionError(*sfn._fail_state_error(state, value, ctx))
        else:
            raise sfn._ExecutionError("States.Runtime", f"Unknown state type: {kind}")
        exited = {"name": name, "output": sfn.json.dumps(value)}
        sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": exited})
        name = following
    return value


def _with_succeed(apply_output_path: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def apply_path(state: dict[str, Any], data: Any, ctx: dict[str, Any] | None = None) -> Any:
        if state.get("Type") == "Succeed" and sfn._state_query_language(state, ctx) == "JSONata":
            return sfn._apply_jsonata_output(state, data, ctx, default=data)
        return apply_output_path(state, data, ctx)

    return apply_path


def _numbered(add: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Branches add to one history, numbered by its length; an event names the one before it in its own branch."""

    def add_event(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
        with _events:
            event = add(execution, kind, details)
        arn = execution["executionArn"]
        before = _last.get({})
        event["previousEventId"] = before.get(arn, 0)
        _last.set({**before, arn: event["id"]})
        return event

    return add_event
