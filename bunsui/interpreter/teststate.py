"""One state by itself, as the TestState API runs it: input in, status and data out, the service mocked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.interpreter import validation
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.dataflow import finish_caught
from bunsui.interpreter.definition import Machine, State
from bunsui.interpreter.diagnostics import SCHEMA_FAILED, Diagnostic, InvalidDefinition, Scope
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonata import UNDEFINED
from bunsui.interpreter.loading import loaded
from bunsui.interpreter.mocks import Mock, Shapes, StateTestRefused, check_context, check_mock, check_result
from bunsui.interpreter.parsing import Compiler
from bunsui.interpreter.retrying import catcher_for, delay, retrier_for
from bunsui.interpreter.run import Run
from bunsui.interpreter.scheduler import VirtualClock
from bunsui.interpreter.services.registry import registry
from bunsui.interpreter.steps import tell
from bunsui.interpreter.trials import UNNAMED, Bench, trial
from bunsui.interpreter.world import NO_LIMITS, new_world


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
    """Circumstances of the state under test.

    Attributes:
        retrier_retry_count: how often the retrier that matches has already retried.
        map_iteration_failure_count: how many iterations of a Map have failed.
    """

    retrier_retry_count: int = 0
    map_iteration_failure_count: int | None = None


USUAL = StateConfiguration()


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
        next_state = trial(branch, state, data, mock, inspection)
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
        raise InvalidDefinition((Diagnostic(SCHEMA_FAILED, "Definition must be a JSON object"),))
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
