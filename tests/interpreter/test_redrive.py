"""Redriving: what is done again, what is kept, and what the history tells of it.

Source: "Restarting state machine executions with redrive" and "Redriving Map Runs" of the developer guide.
"""

import pytest

from bunsui.interpreter import Lambda, NotRedrivable, StateMachines, TaskFailed, Took, start

INVOKE = "arn:aws:states:::lambda:invoke"
NESTED = "arn:aws:states:::states:startExecution.sync:2"


class Worker:
    """Functions that fail as long as they are broken, and tell what they were called with."""

    def __init__(self, *broken, seconds=0):
        self.broken = set(broken)
        self.seen = []
        self.seconds = seconds
        self.service = {"lambda": Lambda({"f": self.work})}

    def work(self, event):
        self.seen.append(event)
        if event in self.broken:
            raise TaskFailed("Broken", str(event))
        return Took(self.seconds, event) if self.seconds else event


def machine(**states):
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def task(payload="{% $states.input %}", **fields):
    given = {"FunctionName": "f", "Payload": payload}
    done = {} if "Next" in fields else {"End": True}
    output = "{% $states.result.Payload %}"
    return {"Type": "Task", "Resource": INVOKE, "Arguments": given, "Output": output, **done, **fields}


def parallel(*payloads, **fields):
    branches = [{"StartAt": f"B{name}", "States": {f"B{name}": task(name)}} for name in payloads]
    return {"Type": "Parallel", "Branches": branches, "End": True, **fields}


def links(execution, since):
    """The events behind a redrive: type, and the type of the event that each follows."""
    events = execution.history
    first = next(event["id"] for event in events if event["type"] == since)
    return [(event["type"], events[event["previousEventId"] - 1]["type"]) for event in events[first - 1 :]]


def test_a_task_goes_on_from_its_entry():
    worker = Worker("x")
    handle = start(machine(P={"Type": "Pass", "Next": "T"}, T=task("x")), services=worker.service)
    assert handle.status == "FAILED"
    worker.broken.clear()
    execution = handle.redrive().wait()
    assert execution.output == "x"
    assert links(execution, "ExecutionRedriven")[:2] == [
        ("ExecutionRedriven", "ExecutionFailed"),
        ("TaskScheduled", "TaskStateEntered"),
    ]
    assert execution.event_types.count("TaskStateEntered") == 1
    assert execution.event_types.count("PassStateEntered") == 1


def test_retries_and_context_begin_anew():
    worker = Worker("x")
    retry = [{"ErrorEquals": ["Broken"], "MaxAttempts": 1}]
    handle = start(machine(T=task("x", Retry=retry)), services=worker.service)
    handle.wait()
    handle.redrive().wait()
    assert worker.seen == ["x"] * 4
    assert handle.execution.event_types.count("ExecutionRedriven") == 1
    asking = machine(T=task("{% $states.context.Execution.RedriveCount = 1 ? 'y' : 'x' %}"))
    handle = start(asking, services=worker.service)
    assert handle.redrive().wait().output == "y"


def test_a_parallel_repeats_the_branches_that_did_not_end():
    worker = Worker("b")
    handle = start(machine(P=parallel("a", "b", "c")), services=worker.service)
    assert handle.status == "FAILED"
    worker.broken.clear()
    execution = handle.redrive().wait()
    assert execution.output == ["a", "b", "c"]
    assert worker.seen == ["a", "b", "c", "b"]
    assert execution.event_types.count("ParallelStateStarted") == 1
    assert links(execution, "ExecutionRedriven")[1] == ("TaskScheduled", "TaskStateEntered")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("how", ["stop", "timeout"])
def test_what_was_given_up_is_done_again(seed, how):
    worker = Worker(seconds=50)
    quick = {"StartAt": "Q", "States": {"Q": {"Type": "Pass", "Output": "q", "End": True}}}
    state = parallel("a", "b")
    state["Branches"].append(quick)
    definition = machine(P=state)
    if how == "timeout":
        definition["TimeoutSeconds"] = 20
    handle = start(definition, services=worker.service, seed=seed)
    handle.advance(10)
    execution = handle.stop() if how == "stop" else handle.wait()
    assert execution.status == {"stop": "ABORTED", "timeout": "TIMED_OUT"}[how]
    worker.seconds = 1
    execution = handle.redrive().wait()
    assert execution.output == ["a", "b", "q"]
    assert sorted(worker.seen) == ["a", "a", "b", "b"]
    assert execution.event_types.count("PassStateEntered") == 1


def test_an_inline_map_repeats_the_iterations_that_did_not_end():
    worker = Worker(1)
    inner = {"StartAt": "S", "States": {"S": task()}}
    state = {"Type": "Map", "Items": [0, 1, 2], "MaxConcurrency": 1, "ItemProcessor": inner, "End": True}
    handle = start(machine(M=state), services=worker.service)
    worker.broken.clear()
    execution = handle.redrive().wait()
    assert (execution.output, worker.seen) == ([0, 1, 2], [0, 1, 1, 2])
    assert execution.event_types.count("MapStateStarted") == 1
    assert execution.event_types.count("MapIterationStarted") == 3


def test_data_that_is_too_large_repeats_everything():
    worker = Worker()
    pass_ = {"Type": "Pass", "Output": "{% $pad('', 200000, 'x') %}", "End": True}
    branches = [{"StartAt": f"S{at}", "States": {f"S{at}": {**pass_}}} for at in range(2)]
    branches.append({"StartAt": "T", "States": {"T": task("t")}})
    state = {"Type": "Parallel", "Branches": branches, "End": True}
    handle = start(machine(P=state), services=worker.service)
    assert handle.execution.error == "States.DataLimitExceeded"
    handle.redrive().wait()
    assert worker.seen == ["t", "t"]


def test_a_fail_state_fails_again_without_being_entered():
    handle = start(machine(F={"Type": "Fail", "Error": "E", "Cause": "c"}))
    execution = handle.redrive().wait()
    assert (execution.status, execution.error) == ("FAILED", "E")
    assert links(execution, "ExecutionRedriven") == [
        ("ExecutionRedriven", "ExecutionFailed"),
        ("ExecutionFailed", "ExecutionRedriven"),
    ]


def nested(worker, inner, **fields):
    """A machine that runs another one, which has two tasks."""
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:child"
    state = {"Type": "Task", "Resource": NESTED, "Arguments": {"StateMachineArn": arn, "Input": {}}, "End": True}
    services = {**worker.service, "states": StateMachines({"child": inner})}
    return start(machine(N={**state, "Output": "{% $states.result.Output %}", **fields}), services=services)


def test_a_nested_execution_is_redriven_too():
    worker = Worker("b")
    handle = nested(worker, machine(A=task("a", Next="B"), B=task("b")))
    assert handle.status == "FAILED"
    worker.broken.clear()
    execution = handle.redrive().wait()
    assert execution.output == "b"
    assert worker.seen == ["a", "b", "b"]
    (child,) = execution.nested
    assert "ExecutionRedriven" in child.event_types


def test_a_retry_starts_another_nested_execution():
    worker = Worker("b")
    handle = nested(
        worker, machine(A=task("a", Next="B"), B=task("b")), Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    )
    assert len(handle.wait().nested) == 2
    worker.broken.clear()
    assert len(handle.redrive().wait().nested) == 2
    assert worker.seen == ["a", "b", "a", "b", "b"]


def test_a_nested_execution_ends_with_its_parent():
    worker = Worker(seconds=100)
    handle = nested(worker, machine(A=task("a")))
    handle.advance(10)
    execution = handle.stop()
    (child,) = execution.nested
    assert child.status == "ABORTED"
    assert handle.redrive().wait().output == "a"
    timed = nested(Worker(seconds=100), machine(A=task("a")), TimeoutSeconds=5).wait()
    assert (timed.error, timed.nested[0].status) == ("States.Timeout", "ABORTED")


def distributed(kind="STANDARD", **fields):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    inner = {"ProcessorConfig": config, "StartAt": "S", "States": {"S": {**task(), "QueryLanguage": "JSONata"}}}
    return {"Type": "Map", "ItemProcessor": inner, "End": True, **fields}


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_map_run_repeats_what_failed_and_what_was_given_up(kind):
    worker = Worker(1)
    worker.seconds = 10
    handle = start(machine(M=distributed(kind, Items=[0, 1, 2], MaxConcurrency=2)), services=worker.service)
    execution = handle.wait()
    (map_run,) = execution.map_runs
    assert (map_run.status, map_run.item_counts["aborted"]) == ("FAILED", 1)
    worker.broken.clear()
    execution = handle.redrive().wait()
    assert execution.output == [0, 1, 2]
    assert worker.seen == [0, 1, 0, 1, 2]
    assert (map_run.redrives, map_run.status, execution.map_runs) == (1, "SUCCEEDED", (map_run,))
    assert links(execution, "ExecutionRedriven")[1] == ("MapRunRedriven", "MapStateStarted")
    assert execution.event_types.count("MapStateStarted") == 1


def test_each_map_run_is_taken_up_by_its_own_state():
    worker = Worker(1, 12)
    maps = [distributed(Items=[first, first + 1, first + 2], ToleratedFailurePercentage=50) for first in (0, 10)]
    maps[0].pop("ToleratedFailurePercentage")
    branches = []
    for at, state in enumerate(maps):
        state["ItemProcessor"] = {
            **state["ItemProcessor"],
            "StartAt": f"S{at}",
            "States": {f"S{at}": state["ItemProcessor"]["States"]["S"]},
        }
        branches.append({"StartAt": f"M{at}", "States": {f"M{at}": state}})
    handle = start(machine(P={"Type": "Parallel", "Branches": branches, "End": True}), services=worker.service)
    assert handle.status == "FAILED"
    worker.broken.clear()
    execution = handle.redrive().wait()
    assert execution.output[0] == [0, 1, 2]
    assert len(execution.map_runs) == 2


def test_a_stopped_map_run_is_aborted_and_can_go_on():
    worker = Worker(seconds=10)
    handle = start(machine(M=distributed(Items=[0, 1], MaxConcurrency=1)), services=worker.service)
    handle.advance(15)
    execution = handle.stop()
    assert execution.map_runs[0].status == "ABORTED"
    execution = handle.redrive().wait()
    assert (execution.output, worker.seen) == ([0, 1], [0, 1, 1])


def test_what_cannot_be_redriven():
    passing = machine(P={"Type": "Pass", "End": True})
    with pytest.raises(NotRedrivable, match="Execution is SUCCEEDED and cannot be redriven"):
        start(passing).redrive()
    with pytest.raises(NotRedrivable):
        start(machine(F={"Type": "Fail"}), workflow_type="EXPRESS").redrive()
