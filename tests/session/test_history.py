import json

import pytest

from bunsui.model.names import shorten
from bunsui.session.history import operation_runs
from bunsui.session.model import Status

from .fakes import START, Event, at

LAMBDA = {"resourceType": "lambda", "resource": "invoke", "timeoutInSeconds": 60}


class History:
    """Events as AWS writes them: each names the one before it in its branch."""

    def __init__(self, *, links=True):
        self.events = []
        self.links = links

    def add(self, type, previous, second, **details):
        id = len(self.events) + 1
        self.events.append(Event(id, previous if self.links else 0, type, at(second), details))
        return id

    def enter(self, name, previous, second, kind="Task"):
        return self.add(f"{kind}StateEntered", previous, second, name=name)

    def attempt(self, previous, begun, done, type="TaskSucceeded", scheduled=LAMBDA, **details):
        id = self.add("TaskScheduled", previous, begun, **scheduled)
        id = self.add("TaskStarted", id, begun + 0.1)
        return self.add(type, id, done, **details)

    def task(self, name, previous, begun, done):
        id = self.attempt(self.enter(name, previous, begun), begun, done)
        return self.add("TaskStateExited", id, done, name=name)


def told(runs):
    return [(run.operation, run.status, run.started, run.finished, run.tries) for run in runs]


@pytest.mark.parametrize("links", [True, False])
def test_operations_one_after_the_other(links):
    history = History(links=links)
    id = history.add("ExecutionStarted", 0, 0)
    id = history.task("load", id, 0, 1)
    id = history.task("clean", id, 1, 3)
    history.add("ExecutionSucceeded", id, 3)
    assert told(operation_runs(history.events)) == [
        ("load", Status.SUCCEEDED, START, at(1), 1),
        ("clean", Status.SUCCEEDED, at(1), at(3), 1),
    ]


def test_branches_are_told_apart():
    history = History()
    fork = history.enter("Parallel", history.add("ExecutionStarted", 0, 0), 0, "Parallel")
    fork = history.add("ParallelStateStarted", fork, 0)
    left, right = history.enter("left", fork, 0), history.enter("right", fork, 0)
    left, right = history.add("TaskScheduled", left, 0, **LAMBDA), history.add("TaskScheduled", right, 0, **LAMBDA)
    right = history.add("TaskFailed", right, 1, error="ValueError", cause="")
    left = history.add("TaskSucceeded", left, 2)
    history.add("TaskStateExited", left, 2, name="left")
    right = history.add("TaskScheduled", right, 3, **LAMBDA)
    right = history.add("TaskSucceeded", right, 5)
    right = history.add("TaskStateExited", right, 5, name="right")
    history.add("ParallelStateExited", right, 5, name="Parallel")
    runs = operation_runs(history.events, ["left", "right"])
    assert told(runs) == [
        ("left", Status.SUCCEEDED, START, at(2), 1),
        ("right", Status.SUCCEEDED, START, at(5), 2),
    ]
    assert [run.error for run in runs] == ["", ""]


def test_a_failure_after_retries():
    cause = json.dumps({"errorType": "ValueError", "errorMessage": "bad row", "stackTrace": ["  File x\n"]})
    history = History()
    id = history.enter("clean", history.add("ExecutionStarted", 0, 0), 0)
    for second in (0, 2, 4):
        id = history.attempt(id, second, second + 1, "TaskFailed", error="ValueError", cause=cause)
    history.add("ExecutionFailed", id, 5, error="ValueError", cause=cause)
    [run] = operation_runs(history.events)
    assert (run.status, run.tries, run.tried, run.finished) == (Status.FAILED, 3, at(4), at(5))
    assert (run.kind, run.error, run.message, run.traceback) == ("error", "ValueError", "bad row", ("  File x",))
    assert not run.handled


def test_while_it_waits_for_the_next_try_it_runs():
    history = History()
    id = history.enter("clean", history.add("ExecutionStarted", 0, 0), 0)
    history.attempt(id, 0, 1, "TaskFailed", error="ValueError", cause="bad row")
    [run] = operation_runs(history.events)
    assert (run.status, run.finished, run.error) == (Status.RUNNING, None, "ValueError")


def test_a_failure_that_was_caught_is_handled():
    history = History()
    id = history.enter("clean", history.add("ExecutionStarted", 0, 0), 0)
    id = history.attempt(id, 0, 1, "TaskFailed", error="ValueError", cause="bad row")
    id = history.add("TaskStateExited", id, 1, name="clean")
    history.add("ExecutionSucceeded", id, 1)
    [run] = operation_runs(history.events)
    assert (run.status, run.handled, run.finished) == (Status.FAILED, True, at(1))


@pytest.mark.parametrize(
    ("type", "details", "message"),
    [
        ("TaskTimedOut", {"error": "States.Timeout"}, "timed out after 60 s"),
        ("TaskFailed", {"error": "States.Timeout", "cause": "Task timed out after 60 seconds"}, "timed out after 60 s"),
        (
            "TaskFailed",
            {"error": "Sandbox.Timedout", "cause": "Task timed out after 3.00 seconds"},
            "timed out after 3 s",
        ),
    ],
)
def test_timeouts(type, details, message):
    history = History()
    id = history.enter("clean", history.add("ExecutionStarted", 0, 0), 0)
    id = history.attempt(id, 0, 60, type, **details)
    history.add("ExecutionFailed", id, 60, **details)
    [run] = operation_runs(history.events)
    assert (run.status, run.kind, run.message) == (Status.TIMED_OUT, "timeout", message)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("ExecutionAborted", Status.ABORTED),
        ("ExecutionTimedOut", Status.TIMED_OUT),
        ("ExecutionFailed", Status.ABORTED),
    ],
)
def test_what_was_running_shares_the_fate_of_its_execution(end, status):
    history = History()
    id = history.enter("clean", history.add("ExecutionStarted", 0, 0), 0)
    history.add("TaskScheduled", id, 0, **LAMBDA)
    history.add(end, 0, 9)
    [run] = operation_runs(history.events)
    assert (run.status, run.finished, run.error) == (status, at(9), "")


def test_a_branch_that_was_stopped():
    history = History()
    id = history.add("TaskScheduled", history.enter("left", 0, 0), 0, **LAMBDA)
    history.add("TaskStateAborted", id, 4)
    history.add("ExecutionFailed", 0, 5, error="ValueError")
    [run] = operation_runs(history.events)
    assert (run.status, run.finished) == (Status.ABORTED, at(4))


def test_an_expression_that_cannot_be_evaluated():
    history = History()
    id = history.enter("clean", history.add("ExecutionStarted", 0, 0), 0)
    details = {"error": "States.QueryEvaluationError", "cause": "undefined", "state": "clean", "location": "Arguments"}
    history.add("EvaluationFailed", id, 0, **details)
    history.add("ExecutionFailed", id, 0, error="States.QueryEvaluationError")
    [run] = operation_runs(history.events, ["clean"])
    assert (run.status, run.error, run.tries) == (Status.FAILED, "States.QueryEvaluationError", 0)


def test_the_older_lambda_events():
    history = History()
    id = history.add("LambdaFunctionScheduled", history.enter("clean", 0, 0), 0, resource="arn:x")
    id = history.add("LambdaFunctionTimedOut", id, 3, error="States.Timeout")
    history.add("ExecutionFailed", id, 3, error="States.Timeout")
    [run] = operation_runs(history.events)
    assert (run.status, run.tries) == (Status.TIMED_OUT, 1)


def test_only_operations_are_told():
    history = History()
    id = history.task("load", history.add("ExecutionStarted", 0, 0), 0, 1)
    table = {"resourceType": "dynamodb", "resource": "updateItem"}
    id = history.attempt(history.enter("join", id, 1), 1, 2, scheduled=table)
    history.add("TaskStateExited", id, 2, name="join")
    assert [run.operation for run in operation_runs(history.events)] == ["load"]
    assert [run.operation for run in operation_runs(history.events, ["join"])] == ["join"]


def test_a_shortened_state_has_the_full_name_of_its_operation():
    name = "clean_" + "very_" * 20 + "long"
    history = History()
    history.task(shorten(name, 80), history.add("ExecutionStarted", 0, 0), 0, 1)
    assert [run.operation for run in operation_runs(history.events, [name])] == [name]


MACHINE = {"resourceType": "states", "resource": "startExecution.sync:2"}
ENDED = json.dumps({"ExecutionArn": "arn:…", "Error": "ValueError", "Cause": "no rate", "Status": "FAILED"})


def failed_nested(history, previous):
    """The events of a nested pipeline that fails; its failure is caught in order to fail with its own error."""
    id = history.enter("billed", previous, 0)
    id = history.attempt(id, 0, 1, "TaskFailed", MACHINE, error="States.TaskFailed", cause=ENDED)
    return history.enter("billed: unsuccessful", history.add("TaskStateExited", id, 1, name="billed"), 1, "Fail")


def test_a_nested_pipeline_is_told_as_one():
    history = History()
    id = history.add("ExecutionStarted", 0, 0)
    id = history.attempt(history.enter("billed", id, 0), 0, 1, scheduled=MACHINE)
    id = history.add("TaskStateExited", id, 1, name="billed")
    history.attempt(history.enter("segment 1", id, 1), 1, 2, scheduled=MACHINE)
    (run,) = operation_runs(history.events)
    assert (run.operation, run.nested, run.status, run.handled) == ("billed", True, Status.SUCCEEDED, False)


def test_its_failure_is_not_handled_by_being_told_again():
    history = History()
    history.add("ExecutionFailed", failed_nested(history, history.add("ExecutionStarted", 0, 0)), 1)
    (run,) = operation_runs(history.events, ("billed",))
    assert (run.status, run.error, run.message, run.handled) == (Status.FAILED, "ValueError", "no rate", False)


def test_its_failure_is_handled_around_it():
    history = History()
    fork = history.enter("billed: whole", history.add("ExecutionStarted", 0, 0), 0, "Parallel")
    id = failed_nested(history, history.add("ParallelStateStarted", fork, 0))
    id = history.add("ParallelStateExited", history.add("ParallelStateFailed", id, 1), 1, name="billed: whole")
    history.add("ExecutionSucceeded", history.enter("billed: fallback", id, 1, "Pass"), 2)
    (run,) = operation_runs(history.events, ("billed",))
    assert (run.status, run.error, run.handled) == (Status.FAILED, "ValueError", True)
