"""How many events the history of an execution can have at most; AWS Step Functions allows 25,000.

| state | events |
|---|---|
| Pass, Choice, Wait, Succeed | 2: entered, exited |
| Fail | 1: entered |
| Task | 2, and 3 for each try: scheduled, started, ended; 4 where it waits for a job or a token: submitted |
| Parallel | 4, and those of its branches |
| inline Map | 4, and for each item 2 and those of the item's states |
| distributed Map | 6: its items have executions of their own |

Every retry that a state allows is counted, and every state once, though of a Choice's ways only one is gone. An
execution has 2 events more, and one for an error of evaluation that ends it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bunsui.model.target import State

QUOTA = 25_000
"""Events of an execution (AWS Step Functions quotas)."""

EXECUTION = 3
"""Started, ended, and an error of evaluation."""

RETRIES = 3
"""`MaxAttempts` of a retrier that does not say it (Amazon States Language specification, "Retrying after error")."""

_EVALUATION = {"States.ALL", "States.QueryEvaluationError"}
"""Errors that stand for one of evaluation, which is an event of its own in every try that is repeated for it."""

Times = Mapping[str, int]
"""Name of a Map, or of a Parallel whose branch is a loop -> items or rounds at most."""


def most(definition: State, times: Times) -> int:
    """Events that an execution of a state machine has at most."""
    return EXECUTION + of_states(definition["States"], times)


def of_states(states: Mapping[str, State], times: Times) -> int:
    """Events of all states of a machine, each entered once."""
    return sum(_of_state(name, state, times) for name, state in states.items())


def _of_state(name: str, state: State, times: Times) -> int:
    match state["Type"]:
        case "Fail":
            return 1
        case "Task":
            return 2 + tries(state) * _of_try(state)
        case "Parallel":
            inside = sum(of_states(branch["States"], times) for branch in state["Branches"])
            return tries(state) * (4 + times.get(name, 1) * inside)
        case "Map":
            return tries(state) * _of_map(name, state, times)
        case _:
            return 2


def tries(state: State) -> int:
    """How often a state is tried at most; every retrier counts for itself."""
    return 1 + sum(int(retrier.get("MaxAttempts", RETRIES)) for retrier in state.get("Retry", ()))


def _of_try(task: State) -> int:
    waits = any(pattern in task["Resource"] for pattern in (".sync", ".waitForTaskToken"))
    evaluated = any(_EVALUATION & set(retrier["ErrorEquals"]) for retrier in task.get("Retry", ()))
    return 3 + waits + evaluated


def _of_map(name: str, state: State, times: Times) -> int:
    processor = state["ItemProcessor"]
    if processor["ProcessorConfig"]["Mode"] == "DISTRIBUTED":
        return 6
    items = state["Items"]
    count = len(items) if isinstance(items, list) else times[name]
    return 4 + count * (2 + of_states(processor["States"], times))
