"""One state by itself, as the TestState API runs it: input in, status and data out, the service mocked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.interpreter import tasks, validation
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.calls import Call
from bunsui.interpreter.dataflow import arguments, effective_input, finish, finish_caught, written
from bunsui.interpreter.definition import Machine, MapState, PassState, State, TaskState
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonata import UNDEFINED
from bunsui.interpreter.maps import concurrency, items_of
from bunsui.interpreter.mocks import Mock, Shapes, StateTestRefused, check_context, check_mock, check_result
from bunsui.interpreter.parsing import Compiler, loaded
from bunsui.interpreter.retrying import catcher_for, delay, retrier_for
from bunsui.interpreter.run import Run
from bunsui.interpreter.scheduler import Strand, VirtualClock
from bunsui.interpreter.services.registry import registry
from bunsui.interpreter.steps import PLAIN, run_wait, tell
from bunsui.interpreter.validation import InvalidDefinition, Scope
from bunsui.interpreter.world import NO_LIMITS, new_world

UNNAMED = "StateName"


@dataclass(frozen=True, slots=True)
class StateResult:
    """What TestState answers.

    Attributes:
        status: SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR.
        inspection: the data at each step, for the levels DEBUG and TRACE.
    """

    status: str
    output: Any = UNDEFINED
    error: str | None = None
    cause: str | None = None
    next_state: str | None = None
    inspection: Mapping[str, Any] | None = None

    def response(self) -> dict[str, Any]:
        """The members that the API's response has."""
        found: dict[str, Any] = {"status": self.status}
        if self.output is not UNDEFINED:
            found["output"] = self.output
        named = {"error": self.error, "cause": self.cause, "nextState": self.next_state}
        found |= {name: value for name, value in named.items() if value is not None}
        if self.inspection is not None:
            found["inspectionData"] = dict(self.inspection)
        return found


@dataclass(frozen=True, slots=True)
class StateConfiguration:
    """Circumstances of the state under test."""

    retrier_retry_count: int = 0
    error_caused_by_state: str | None = None
    map_iteration_failure_count: int | None = None
    map_item_reader_data: Any = None


USUAL = StateConfiguration()


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


def try_state(
    definition: Any,
    input: Any = None,
    *,
    mock: Mock | None = None,
    state_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    configuration: StateConfiguration = USUAL,
    role_arn: str | None = None,
    inspection_level: str = "INFO",
    services: Mapping[str, Any] | None = None,
    shapes: Shapes | None = None,
) -> StateResult:
    """Run one state.

    Args:
        definition: a state, or a state machine together with `state_name`.
        input: the input as a value.
        mock: what to get instead of calling the service; Map and Parallel need it.
        state_name: which state of a state machine.
        variables: the variables in scope.
        context: the context object.
        configuration: circumstances, such as how often it was retried.
        role_arn: shown in the context object.
        inspection_level: INFO, or DEBUG and TRACE for the data at each step.
        services: what a Task calls when there is no mock.
        shapes: the models of services, to check a mocked result.

    Raises:
        StateTestRefused: the request does not make sense.
        InvalidDefinition: the state is not valid.
    """
    state = state_under_test(loaded(definition), state_name)
    check_mock(mock, state, configuration.map_iteration_failure_count)
    if context is not None:
        check_context(context, state)
    check_result(mock, state, shapes)
    data = {} if input is None else input
    branch = bench(state, data, variables or {}, context, role_arn, services)
    inspection: dict[str, Any] = {"input": data}
    if variables:
        inspection["variables"] = dict(variables)
    try:
        next_state = trial(branch, state, data, mock, inspection, configuration)
        result = StateResult("SUCCEEDED", branch.input, next_state=next_state)
    except Fault as fault:
        tell(branch, state, fault)
        result = failed(branch, state, data, fault, configuration, inspection)
    shown = inspection if inspection_level in {"DEBUG", "TRACE"} else None
    return StateResult(result.status, result.output, result.error, result.cause, result.next_state, shown)


def state_under_test(value: Any, name: str | None) -> State:
    """Find and compile the state.

    Raises:
        StateTestRefused: the machine has no such state.
        InvalidDefinition: it is not valid.
    """
    jsonata = False
    if isinstance(value, dict) and "States" in value:
        if name is None:
            raise StateTestRefused("A state name is needed to test a state of a state machine")
        found = located(value, name, False)
        if found is None:
            raise StateTestRefused(f"The state '{name}' does not exist in the definition")
        value, jsonata = found
    if not isinstance(value, dict):
        raise InvalidDefinition((validation.Diagnostic(validation.SCHEMA_FAILED, "Definition must be a JSON object"),))
    path = f"/States/{name or UNNAMED}"
    problems = list(validation.state(value, Scope(path, jsonata, False)))
    if problems:
        raise InvalidDefinition(tuple(problems))
    state = Compiler(problems).state(name or UNNAMED, value, path, jsonata)
    if problems:
        raise InvalidDefinition(tuple(problems))
    return state


def located(machine: Mapping[str, Any], name: str, jsonata: bool) -> tuple[Any, bool] | None:
    """A state by name, however deep, and whether JSONata is its default."""
    jsonata = machine.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONata"
    states = machine.get("States", {})
    if name in states:
        return states[name], jsonata
    for content in states.values():
        below = content.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONata"
        for inner in [*content.get("Branches", ()), content.get("ItemProcessor"), content.get("Iterator")]:
            found = located(inner, name, below) if inner else None
            if found is not None:
                return found
    return None


def bench(
    state: State,
    data: Any,
    variables: Mapping[str, Any],
    context: Mapping[str, Any] | None,
    role: str | None,
    services: Mapping[str, Any] | None,
) -> Bench:
    """A world with nothing in it but the state."""
    world = new_world(registry(services), VirtualClock(), 0, NO_LIMITS)
    machine = Machine(start_at=state.name, states={state.name: state})
    run = Run(
        world,
        machine,
        data,
        name=world.identifier(),
        machine_arn=f"arn:aws:states:{world.region}:{world.account}:stateMachine:{world.identifier()}",
        role=role,  # type: ignore[arg-type]
        express=True,
    )
    branch = Bench(run, variables, context)
    branch.enter(state, data)
    return branch


def trial(
    branch: Branch,
    state: State,
    data: Any,
    mock: Mock | None,
    seen: dict[str, Any],
    configuration: StateConfiguration,
) -> str | None:
    """Run the state once and note the data at each step; the value is where it goes next."""
    if isinstance(state, TaskState):
        return try_task(branch, state, data, mock, seen)
    if state.kind in {"Map", "Parallel"} and mock is not None:
        return try_mocked(branch, state, data, mock, seen, configuration)
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
    configuration: StateConfiguration,
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


def failed(
    branch: Branch,
    state: State,
    data: Any,
    fault: Fault,
    configuration: StateConfiguration,
    seen: dict[str, Any],
) -> StateResult:
    """What becomes of a fault: a retry, a catch, or the end."""
    at = retrier_for(state.retry, fault)
    details: dict[str, Any] = {}
    if at is not None:
        retrier = state.retry[at]
        details["retryIndex"] = at
        if configuration.retrier_retry_count < retrier.attempts:
            seconds = delay(retrier, configuration.retrier_retry_count, branch.run.world.random)
            details["retryBackoffIntervalSeconds"] = int(seconds)
            seen["errorDetails"] = details
            return StateResult("RETRIABLE", error=fault.error, cause=fault.cause)
    at = catcher_for(state.catch, fault)
    if at is not None:
        seen["errorDetails"] = {"catchIndex": at}
        finish_caught(branch, state, state.catch[at], data, fault)
        return StateResult("CAUGHT_ERROR", branch.input, fault.error, fault.cause, state.catch[at].next)
    if details:
        seen["errorDetails"] = details
    return StateResult("FAILED", error=fault.error, cause=fault.cause)
