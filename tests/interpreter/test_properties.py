"""Whatever the definition: it ends, in a States way, and the same way for the same seed; or it is refused clearly."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bunsui.interpreter import TaskFailed, Took, diagnose, execute
from tests.interpreter.strategies import damaged, definitions, inputs, values

EXAMPLES = int(os.environ.get("BUNSUI_EXAMPLES", "100"))
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT"}


def service(call):
    """Answers, fails, or takes its time; which of them depends on the attempt."""
    size = len(str(call.arguments)) + call.attempt
    if size % 3 == 0:
        raise TaskFailed("Busy", "too many requests")
    return Took(size, {"Payload": call.arguments}) if size % 3 == 1 else {"Payload": {"a": size}}


SERVICES = {"lambda:invoke": service, "sns:publish": service}


def run(definition, data, seed):
    return execute(definition, data, services=SERVICES, seed=seed)


@QUICK
@given(definitions(), inputs, st.integers(0, 3))
def test_a_well_formed_definition_ends(definition, data, seed):
    execution = run(definition, data, seed)
    assert execution.status in ENDED
    assert execution.error is None or isinstance(execution.error, str)
    assert execution.event_types[0] == "ExecutionStarted"
    assert execution.event_types[-1].startswith("Execution")


@QUICK
@given(definitions(), inputs, st.integers(0, 3))
def test_the_same_seed_gives_the_same_execution(definition, data, seed):
    first, second = run(definition, data, seed), run(definition, data, seed)
    assert first.history == second.history
    assert (first.status, first.output, first.error, first.cause) == (
        second.status,
        second.output,
        second.error,
        second.cause,
    )


@QUICK
@given(definitions(), inputs)
def test_every_event_follows_one_before_it(definition, data):
    for event in run(definition, data, 0).history:
        assert 0 <= event["previousEventId"] < event["id"]


def refused_clearly(definition):
    """A definition is taken, or every problem says what and where."""
    problems = diagnose(definition)
    for problem in problems:
        assert problem.message
        assert problem.location.startswith(("/", "[")) or "JSON" in problem.message
    return bool(problems)


@QUICK
@given(damaged())
def test_a_damaged_definition_is_refused_or_runs(definition):
    if not refused_clearly(definition):
        assert execute(definition, {}, services=SERVICES).status in ENDED


@QUICK
@given(values | st.text(max_size=20))
def test_no_definition_at_all_is_refused(value):
    assert refused_clearly(value)


@QUICK
@given(definitions())
def test_a_well_formed_definition_is_taken(definition):
    assert diagnose(definition) == ()
