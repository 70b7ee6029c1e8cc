"""Running definitions: time, retries, parallel branches, stopping, redriving, tokens, limits."""

import json
import pickle
import subprocess
import sys

import pytest

from bunsui.errors import BunsuiError
from bunsui.interpreter import (
    InvalidDefinition,
    Lambda,
    Limits,
    NotRedrivable,
    StateMachines,
    TaskFailed,
    Took,
    VirtualClock,
    diagnose,
    execute,
    parse,
    start,
)

INVOKE = "arn:aws:states:::lambda:invoke"
YEAR = 31_536_000


def machine(**states):
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def task(name="f", **fields):
    arguments = {"FunctionName": name, "Payload": "{% $states.input %}"}
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": arguments,
        "Output": "{% $states.result.Payload %}",
        **fields,
    }


def test_a_year_takes_no_time():
    execution = execute(machine(W={"Type": "Wait", "Seconds": YEAR, "End": True}), {"a": 1})
    assert (execution.status, execution.output, execution.duration) == ("SUCCEEDED", {"a": 1}, YEAR)


def test_more_than_a_year_is_too_long():
    execution = execute(machine(W={"Type": "Wait", "Seconds": YEAR + 1, "End": True}))
    assert execution.status == "TIMED_OUT"
    assert execution.event_types[-1] == "ExecutionTimedOut"


def test_the_timeout_of_the_machine_counts():
    definition = {**machine(W={"Type": "Wait", "Seconds": 60, "End": True}), "TimeoutSeconds": 30}
    execution = execute(definition)
    assert (execution.status, execution.duration) == ("TIMED_OUT", 30)


def test_virtual_time_starts_where_it_is_told_to():
    execution = execute(
        machine(P={"Type": "Pass", "Output": "{% $now() %}", "End": True}), clock=VirtualClock(start=86_400.0)
    )
    assert execution.output == "1970-01-02T00:00:00.000Z"


def test_real_time_passes():
    execution = execute(machine(W={"Type": "Wait", "Seconds": 0, "End": True}), clock="real")
    assert execution.status == "SUCCEEDED"
    assert execution.started.year >= 2025


def test_retries_wait_longer_each_time_up_to_a_cap():
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 3, "MaxDelaySeconds": 10}]
    tries = []

    def busy(call):
        tries.append((call.time, call.attempt))
        raise TaskFailed("Busy", "later")

    execution = execute(machine(T=task(Retry=retry, End=True)), services={"lambda:invoke": busy})
    begin = tries[0][0]
    assert [(at - begin, attempt) for at, attempt in tries] == [(0, 0), (2, 1), (8, 2), (18, 3), (28, 4)]
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Busy", "later")


def test_jitter_is_decided_by_the_seed():
    retry = [{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL", "IntervalSeconds": 100}]

    def durations(seed):
        def busy(call):
            raise TaskFailed("Busy")

        return execute(machine(T=task(Retry=retry, End=True)), services={"lambda:invoke": busy}, seed=seed).duration

    assert durations(1) == durations(1) != durations(2)


def test_a_caught_error_assigns_and_goes_on():
    definition = machine(
        T=task(
            Catch=[
                {
                    "ErrorEquals": ["Broken"],
                    "Next": "After",
                    "Assign": {"why": "{% $states.errorOutput.Cause %}"},
                    "Output": {"was": "{% $states.input.n %}"},
                }
            ],
            End=True,
        ),
        After={"Type": "Pass", "Output": "{% $merge([$states.input, {'why': $why}]) %}", "End": True},
    )

    def broken(arguments):
        raise TaskFailed("Broken", "a reason")

    execution = execute(definition, {"n": 7}, services={"lambda:invoke": broken})
    assert execution.output == {"was": 7, "why": "a reason"}


def test_retry_count_and_name_are_in_the_context():
    definition = machine(
        T=task(Retry=[{"ErrorEquals": ["States.ALL"]}], End=True)
        | {"Output": "{% [$states.context.State.RetryCount, $states.context.Execution.Name] %}"}
    )
    calls = iter([True, True, False])

    def twice(arguments):
        if next(calls):
            raise TaskFailed("Busy")
        return {"Payload": 1}

    assert execute(definition, services={"lambda:invoke": twice}, name="mine").output == [2, "mine"]


def test_a_task_that_takes_too_long_times_out():
    execution = execute(
        machine(T=task(TimeoutSeconds=5, End=True)), services={"lambda:invoke": lambda given: Took(60, {"Payload": 1})}
    )
    assert (execution.status, execution.error, execution.duration) == ("FAILED", "States.Timeout", 5)
    assert "TaskTimedOut" in execution.event_types


def test_a_missing_service_is_named():
    with pytest.raises(BunsuiError, match="lambda:invoke") as caught:
        execute(machine(T=task(End=True)))
    assert caught.value.code == "BUN902"


def test_an_undefined_result_is_an_error_that_can_be_caught():
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Done"}]
    definition = machine(
        P={
            "Type": "Parallel",
            "Branches": [machine(X={"Type": "Pass", "End": True})],
            "Output": "{% $nothing %}",
            "Catch": catch,
            "End": True,
        },
        Done={"Type": "Pass", "End": True},
    )
    for branch in definition["States"]["P"]["Branches"]:
        del branch["QueryLanguage"]
    execution = execute(definition)
    assert execution.output["Error"] == "States.QueryEvaluationError"
    assert "EvaluationFailed" in execution.event_types


def branches(*states):
    return [{"StartAt": f"B{at}", "States": {f"B{at}": {**state, "End": True}}} for at, state in enumerate(states)]


def test_a_failing_branch_ends_its_siblings():
    slow = {"Type": "Wait", "Seconds": 100}
    definition = machine(P={"Type": "Parallel", "Branches": branches(slow, task()), "End": True})

    def broken(arguments):
        return Took(10, error=TaskFailed("Broken"))

    execution = execute(definition, services={"lambda:invoke": broken})
    assert (execution.status, execution.error, execution.duration) == ("FAILED", "Broken", 10)
    assert {"WaitStateAborted", "TaskStateAborted", "ParallelStateFailed"} <= set(execution.event_types)


def test_branches_and_iterations_start_together():
    called = []

    def broken(arguments):
        called.append(arguments["Payload"])
        raise TaskFailed("Broken")

    services = {"lambda:invoke": broken}
    definition = machine(P={"Type": "Parallel", "Branches": branches(task(), task(), task()), "End": True})
    assert execute(definition, 0, services=services).error == "Broken"
    assert called == [0, 0, 0]
    called.clear()
    items = {"Type": "Map", "MaxConcurrency": 2, "End": True, "ItemProcessor": branches(task())[0]}
    assert execute(machine(M=items), [1, 2, 3], services=services).error == "Broken"
    assert called == [1, 2]


def test_variables_of_a_branch_stay_in_it():
    inner = {"Type": "Pass", "Assign": {"y": 2}, "Output": "{% $x %}"}
    definition = machine(
        A={"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
        P={"Type": "Parallel", "Branches": branches(inner), "Output": "{% [$x, $exists($y)] %}", "End": True},
    )
    assert execute(definition).output == [1, False]


def test_a_branch_cannot_assign_a_variable_of_the_outside():
    definition = machine(
        A={"Type": "Pass", "Assign": {"x": 1, "states": 2}, "Next": "P"},
        P={"Type": "Parallel", "Branches": branches({"Type": "Pass", "Assign": {"x": 1}}), "End": True},
    )
    assert [problem.location for problem in diagnose(definition)] == [
        "/States/A/Assign/states",
        "/States/P/Branches[0]/States/B0/Assign/x",
    ]


def test_seeds_find_different_interleavings():
    def inner(name):
        states = machine(
            **{f"{name}1": {"Type": "Pass", "Next": f"{name}2"}, f"{name}2": {"Type": "Pass", "End": True}}
        )
        del states["QueryLanguage"]
        return states

    definition = machine(P={"Type": "Parallel", "Branches": [inner("A"), inner("B")], "End": True})

    def order(seed):
        history = execute(definition, seed=seed).history
        return "".join(e["stateEnteredEventDetails"]["name"] for e in history if e["type"] == "PassStateEntered")

    assert order(0) == "A1A2B1B2"
    assert {order(seed) for seed in range(1, 40)} == {
        "A1A2B1B2",
        "A1B1A2B2",
        "A1B1B2A2",
        "B1A1A2B2",
        "B1A1B2A2",
        "B1B2A1A2",
    }


def test_seeds_order_what_happens_at_the_same_time():
    waits = [{"StartAt": name, "States": {name: {"Type": "Wait", "Seconds": 5, "End": True}}} for name in "ABC"]
    definition = machine(P={"Type": "Parallel", "Branches": waits, "End": True})

    def order(seed):
        history = execute(definition, seed=seed).history
        return "".join(e["stateExitedEventDetails"]["name"] for e in history if e["type"] == "WaitStateExited")

    assert order(0) == "ABC"
    assert len({order(seed) for seed in range(1, 60)}) == 6


def test_a_map_keeps_the_order_of_its_items():
    definition = machine(
        M={
            "Type": "Map",
            "Items": "{% $states.input %}",
            "MaxConcurrency": 2,
            "ItemProcessor": {"StartAt": "S", "States": {"S": {**task(), "End": True}}},
            "End": True,
        }
    )
    service = {"lambda": Lambda({"f": lambda event: Took(10 - event, event * 2)})}
    execution = execute(definition, [1, 2, 3, 4], services=service)
    assert execution.output == [2, 4, 6, 8]
    assert execution.duration == 15


def test_a_loop_ends_as_on_aws():
    definition = machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"})
    execution = execute(definition)
    assert execution.status == "FAILED"
    assert "maximum number of history events" in execution.cause
    assert execute(definition, workflow_type="EXPRESS").status == "TIMED_OUT"


def counting(states):
    """A machine of Pass states, two events each; the execution has two more."""
    names = [f"S{at}" for at in range(states)]
    following = [{"Next": name} for name in names[1:]] + [{"End": True}]
    return machine(**{name: {"Type": "Pass", **way} for name, way in zip(names, following, strict=True)})


def test_the_last_event_has_to_be_success():
    assert execute(counting(9), limits=Limits(history_events=20)).status == "SUCCEEDED"
    execution = execute(counting(10), limits=Limits(history_events=20))
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.cause == "The execution reached the maximum number of history events (20)."
    assert len(execution.event_types) == 20
    assert execution.event_types[-1] == "ExecutionFailed"


@pytest.mark.parametrize("most", range(10, 26))
@pytest.mark.parametrize("kind", ["Map", "Parallel"])
def test_events_may_run_out_anywhere(most, kind):
    inner = {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}}
    parts = {"ItemProcessor": inner} if kind == "Map" else {"Branches": [renamed(inner, at) for at in range(9)]}
    caught = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "X"}], "Next": "X"}
    definition = machine(M={"Type": kind, **parts, **caught}, X={"Type": "Pass", "End": True})
    execution = execute(definition, [0] * 9, limits=Limits(history_events=most))
    assert (execution.status, len(execution.event_types)) == ("FAILED", most)


def renamed(branch, number):
    (state,) = branch["States"].values()
    return {"StartAt": f"S{number}", "States": {f"S{number}": state}}


def test_a_large_map_has_no_room_in_a_standard_execution():
    definition = machine(
        M={
            "Type": "Map",
            "ItemProcessor": {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}},
            "Output": "{% $count($states.result) %}",
            "End": True,
        }
    )
    items = [0] * 7000
    assert execute(definition, items).status == "FAILED"
    assert execute(definition, items, workflow_type="EXPRESS").output == 7000
    assert execute(definition, items, limits=Limits(history_events=None)).output == 7000


def test_an_execution_that_is_full_cannot_be_redriven():
    handle = start(counting(10), limits=Limits(history_events=20))
    with pytest.raises(NotRedrivable, match="history events"):
        handle.redrive()


def test_large_data_is_refused():
    execution = execute(machine(P={"Type": "Pass", "Output": "{% $pad('', 300000, 'x') %}", "End": True}))
    assert execution.error == "States.DataLimitExceeded"


@pytest.mark.parametrize(
    ("assign", "cause"),
    [
        (
            {"x": "{% $pad('', 262143, 'x') %}"},
            "Variable size limit exceeded. Variable 'x' in state 'P' was assigned 262145 bytes.",
        ),
        (
            {"x": "{% $pad('', 131071, 'x') %}", "y": "{% $pad('', 131071, 'x') %}"},
            "State total variable size limit exceeded. Variable 'y' in state 'P' was assigned 131073 bytes, which "
            "caused the size of variables assigned in the state to exceed its limit by 2 bytes.",
        ),
    ],
)
def test_large_variables_are_refused(assign, cause):
    execution = execute(machine(P={"Type": "Pass", "Assign": assign, "End": True}))
    assert (execution.error, execution.cause) == ("States.DataLimitExceeded", cause)
    assert execution.event_types[-2:] == ["EvaluationFailed", "ExecutionFailed"]


def test_variables_as_large_as_they_may_be():
    assign = {"x": "{% $pad('', 131070, 'x') %}", "y": "{% $pad('', 131070, 'x') %}"}
    assert execute(machine(P={"Type": "Pass", "Assign": assign, "End": True})).status == "SUCCEEDED"


def test_all_variables_together_are_limited():
    states = {}
    for at in range(1, 43):
        states[f"S{at}"] = {"Type": "Pass", "Assign": {f"v{at}": "{% $pad('', 250000, 'x') %}"}, "Next": f"S{at + 1}"}
    states["S43"] = {"Type": "Pass", "End": True}
    execution = execute(machine(**states))
    assert execution.cause == (
        "Execution total variable size limit exceeded. State 'S42' assigned variables that exceed the total execution "
        "limit by 14324 bytes."
    )
    for state in states.values():
        state.get("Assign", {"v": ""}).clear()
        state.get("Assign", {}).update(same="{% $pad('', 250000, 'x') %}")
    assert execute(machine(**states)).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("operator", "operand", "message"),
    [
        ("NumericEquals", "5", "Value is not of type NUMBER"),
        ("StringEquals", 5, "Value is not of type STRING"),
        ("BooleanEquals", "true", "Value is not of type BOOLEAN"),
        ("IsPresent", "yes", "Value is not of type BOOLEAN"),
        ("TimestampLessThan", "today", "String does not match RFC3339 timestamp"),
        ("StringEqualsPath", 5, "Value is not a reference path"),
    ],
)
def test_operands_have_the_type_of_their_operator(operator, operand, message):
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.v", operator: operand, "Next": "X"}]}
    (problem,) = diagnose({"StartAt": "C", "States": {"C": choice, "X": {"Type": "Succeed"}}})
    assert (problem.message, problem.location) == (message, f"/States/C/Choices[0]/{operator}")


def test_paths_of_fail_name_text():
    state = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.c)"}
    definition = {"StartAt": "F", "States": {"F": state}}
    execution = execute(definition, {"e": "E", "c": 1})
    assert (execution.error, execution.cause) == ("E", "1!")
    execution = execute(definition, {"e": 5, "c": 1})
    assert execution.error == "States.Runtime"
    assert "The ErrorPath parameter does not reference a string value: $.e == 5" in execution.cause


WAITING = machine(
    T={
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"MessageBody": {"token": "{% $states.context.Task.Token %}"}},
        "HeartbeatSeconds": 60,
        "End": True,
    }
)


def test_a_task_token_is_answered_from_outside():
    sent = []
    handle = start(WAITING, services={"sqs:sendMessage": lambda given: sent.append(given) or {}})
    assert handle.status == "RUNNING"
    assert handle.tokens == (sent[0]["MessageBody"]["token"],)
    assert handle.send_task_success(handle.tokens[0], {"ok": True}).status == "SUCCEEDED"
    assert handle.execution.output == {"ok": True}
    with pytest.raises(TaskFailed):
        handle.send_task_success(sent[0]["MessageBody"]["token"], {})


def test_heartbeats_keep_a_task_alive():
    handle = start(WAITING, services={"sqs:sendMessage": lambda given: {}})
    token = handle.tokens[0]
    for _ in range(3):
        handle.advance(50).send_task_heartbeat(token)
    assert handle.status == "RUNNING"
    execution = handle.wait()
    assert (execution.error, execution.duration) == ("States.Timeout", 210)


def test_a_failed_token_fails_the_task():
    handle = start(WAITING, services={"sqs:sendMessage": lambda given: {}})
    assert handle.send_task_failure(handle.tokens[0], "No", "never").execution.error == "No"


def test_an_execution_can_be_stopped():
    handle = start(machine(W={"Type": "Wait", "Seconds": 60, "End": True}))
    execution = handle.advance(5).stop("Enough", "for today")
    assert (execution.status, execution.error, execution.duration) == ("ABORTED", "Enough", 5)
    assert execution.event_types[-1] == "ExecutionAborted"


class Flaky:
    """Fails for the given events until it is mended."""

    def __init__(self, *bad):
        self.bad = set(bad)
        self.seen = []

    def __call__(self, event):
        self.seen.append(event)
        if event in self.bad:
            raise TaskFailed("Broken")
        return event


def test_a_redrive_goes_on_from_the_failed_state():
    flaky = Flaky(1)
    definition = machine(
        A={"Type": "Pass", "Assign": {"kept": 5}, "Output": 1, "Next": "T"},
        T=task(Next="B"),
        B={"Type": "Pass", "Output": "{% $kept %}", "End": True},
    )
    handle = start(definition, services={"lambda": Lambda({"f": flaky})})
    assert handle.status == "FAILED"
    flaky.bad.clear()
    execution = handle.redrive().wait()
    assert (execution.status, execution.output) == ("SUCCEEDED", 5)
    types = execution.event_types
    assert types.count("PassStateEntered") == 2
    assert types[types.index("ExecutionRedriven") :][1] == "TaskScheduled"
    with pytest.raises(NotRedrivable):
        handle.redrive()


def test_a_redrive_repeats_only_what_failed_of_a_parallel_and_a_map():
    flaky = Flaky(2)
    items = {
        "Type": "Map",
        "Items": [1, 2, 3],
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "S", "States": {"S": {**task(), "End": True}}},
    }
    definition = machine(
        P={"Type": "Parallel", "Branches": branches({"Type": "Pass", "Output": 0}, items), "End": True}
    )
    handle = start(definition, services={"lambda": Lambda({"f": flaky})})
    assert handle.status == "FAILED"
    flaky.bad.clear()
    assert handle.redrive().wait().output == [0, [1, 2, 3]]
    assert flaky.seen == [1, 2, 2, 3]


def test_express_executions_are_not_redriven():
    handle = start(machine(F={"Type": "Fail", "Error": "No"}), workflow_type="EXPRESS")
    with pytest.raises(NotRedrivable):
        handle.redrive()


def test_nested_executions_share_time_and_tokens():
    child = machine(W={"Type": "Wait", "Seconds": 30, "Output": {"n": "{% $states.input.n + 1 %}"}, "End": True})
    definition = machine(
        N={
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": "child", "Input": {"n": 1}},
            "Output": "{% $states.result.Output %}",
            "End": True,
        }
    )
    execution = execute(definition, services={"states": StateMachines({"child": child})})
    assert (execution.output, execution.duration) == ({"n": 2}, 30)
    assert [nested.status for nested in execution.nested] == ["SUCCEEDED"]


def test_one_branch_can_answer_the_token_of_another():
    waits = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "Arguments": {"Token": "{% $states.context.Task.Token %}"},
    }
    answers = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        "Arguments": {"TaskToken": "{% $states.input.token %}", "Output": "{}"},
    }
    tokens = []
    reads = machine(
        G={"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter", "Arguments": {}, "Next": "A"},
        A={**answers, "End": True},
    )
    del reads["QueryLanguage"]
    definition = machine(P={"Type": "Parallel", "Branches": [*branches(waits), reads], "End": True})
    services = {
        "aws-sdk:dynamodb:updateItem": lambda given: tokens.append(given["Token"]) or {},
        "aws-sdk:ssm:getParameter": lambda given: {"token": tokens[0]},
    }
    execution = execute(definition, services=services)
    assert (execution.status, execution.output) == ("SUCCEEDED", [{}, {}])


def test_the_input_of_a_service_is_its_own():
    def spoils(given):
        given["Payload"]["n"] = 99
        return {"Payload": given["Payload"]}

    definition = machine(
        T=task() | {"Output": "{% [$states.input.n, $states.result.Payload.n] %}", "End": True},
    )
    assert execute(definition, {"n": 1}, services={"lambda:invoke": spoils}).output == [1, 99]


def test_the_history_has_the_shape_of_the_api():
    history = execute(machine(P={"Type": "Pass", "End": True}), {"a": 1}, role_arn="arn:role").history
    first = history[0]
    assert first["executionStartedEventDetails"] == {
        "input": '{"a":1}',
        "inputDetails": {"truncated": False},
        "roleArn": "arn:role",
    }
    assert [event["id"] for event in history] == [1, 2, 3, 4]
    assert history[1]["stateEnteredEventDetails"]["name"] == "P"
    assert history[-1]["executionSucceededEventDetails"]["output"] == '{"a":1}'


def test_a_parsed_machine_can_run_many_times():
    found = parse(json.dumps(machine(P={"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True})))
    assert [execute(found, {"n": n}).output for n in range(3)] == [0, 2, 4]


def test_problems_of_a_definition_say_where():
    with pytest.raises(InvalidDefinition) as caught:
        execute({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B", "Wrong": 1}}})
    assert [problem.location for problem in caught.value.diagnostics] == ["/States/A/Wrong", "/States/A/Next"]
    assert pickle.loads(pickle.dumps(caught.value)).diagnostics == caught.value.diagnostics


def test_a_state_name_is_used_once_in_a_definition():
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    other = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "M", "States": {"M": {"Type": "Succeed"}}}, "End": True}
    with pytest.raises(InvalidDefinition) as caught:
        execute(machine(P={"Type": "Parallel", "Branches": [inner, other, inner], "Next": "M"}, M=each))
    assert list(map(str, caught.value.diagnostics)) == [
        "DUPLICATE_STATE_NAME: Duplicate State name: A at /States/P/Branches[2]/States/A",
        "DUPLICATE_STATE_NAME: Duplicate State name: M at /States/M/ItemProcessor/States/M",
    ]
    assert execute(machine(P={"Type": "Parallel", "Branches": [inner, other], "End": True})).status == "SUCCEEDED"


def test_importing_it_brings_no_aws_library():
    code = (
        "import sys, bunsui.interpreter\n"
        "ours = {n for n in sys.modules if n.startswith('bunsui.')}\n"
        "assert not {'boto3', 'botocore', 'pydantic'} & set(sys.modules)\n"
        "assert all(n.startswith(('bunsui.interpreter', 'bunsui.errors', 'bunsui._version')) for n in ours), ours\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
