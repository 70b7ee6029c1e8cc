import json

import pytest

from bunsui.session.failure import explain

REQUEST = "RequestId: 7d7a5f3e-0000-4000-8000-1d6a2d1f3a77 Error: "
AWS_SAID = "An error occurred (%s) when calling the %s operation: %s"


def of_lambda(error, message, **more):
    return json.dumps({"errorType": error, "errorMessage": message, **more})


def test_the_innermost_error_of_a_child_execution_is_told():
    inner = of_lambda("ValueError", "row 7 has no day", stackTrace=["  File a\n    x()\n", "  File b\n"])
    cause = {
        "ExecutionArn": "arn:aws:states:eu-west-1:1:execution:flights-ingest:s-1-ingest",
        "Status": "FAILED",
        "Error": "ValueError",
        "Cause": inner,
        "Input": '{"parameters": {"token": "hunter2"}}',
    }
    told = explain("States.TaskFailed", json.dumps(cause))
    assert (told.kind, told.error, told.message) == ("error", "ValueError", "row 7 has no day")
    assert told.traceback == ("  File a", "    x()", "  File b")
    assert told.execution.endswith("s-1-ingest")
    assert "hunter2" not in repr(told)


@pytest.mark.parametrize(
    ("error", "cause", "kind", "told", "message"),
    [
        ("States.Timeout", "", "timeout", "States.Timeout", "timed out"),
        (
            "Sandbox.Timedout",
            of_lambda("Sandbox.Timedout", REQUEST + "Task timed out after 3.00 seconds"),
            "timeout",
            "Sandbox.Timedout",
            "timed out after 3 s",
        ),
        (
            "States.TaskFailed",
            "The cause could not be determined because Lambda did not return an error type. "
            'Returned payload: {"errorMessage":"2026-11-21T10:15:33.123Z 7d7a5f3e Task timed out after 2.50 seconds"}',
            "timeout",
            "States.TaskFailed",
            "timed out after 2.5 s",
        ),
        (
            "States.TaskFailed",
            json.dumps({"ExecutionArn": "arn:x", "Status": "TIMED_OUT"}),
            "timeout",
            "States.Timeout",
            "timed out",
        ),
        (
            "States.TaskFailed",
            json.dumps({"ExecutionArn": "arn:x", "Status": "ABORTED"}),
            "error",
            "Aborted",
            "it gave no message",
        ),
        ("Cancelled", "cancelled by kay: too slow", "cancelled", "Cancelled", "cancelled by kay: too slow"),
        (
            "NoSuchKey",
            of_lambda("NoSuchKey", AWS_SAID % ("NoSuchKey", "GetObject", "The specified key does not exist.")),
            "missing",
            "NoSuchKey",
            "what GetObject asked for does not exist (NoSuchKey: The specified key does not exist.)",
        ),
        (
            "ClientError",
            of_lambda("ClientError", AWS_SAID % ("404", "HeadObject", "Not Found")),
            "missing",
            "ClientError",
            "what HeadObject asked for does not exist (404: Not Found)",
        ),
        (
            "FileNotFoundError",
            of_lambda("FileNotFoundError", "[Errno 2] No such file or directory: '/tmp/x.csv'"),
            "missing",
            "FileNotFoundError",
            "no such file or directory: '/tmp/x.csv'",
        ),
        (
            "ClientError",
            of_lambda("ClientError", AWS_SAID % ("AccessDenied", "PutObject", "Access Denied")),
            "access",
            "ClientError",
            "AWS did not allow PutObject (AccessDenied: Access Denied); "
            "is it declared in reads= or writes= of the operation?",
        ),
        (
            "Runtime.ExitError",
            of_lambda("Runtime.ExitError", REQUEST + "Runtime exited with error: signal: killed"),
            "memory",
            "Runtime.ExitError",
            "the function ran out of memory (Runtime exited with error: signal: killed)",
        ),
        (
            "ModuleNotFoundError",
            of_lambda("ModuleNotFoundError", "No module named 'pydantic'"),
            "error",
            "ModuleNotFoundError",
            "No module named 'pydantic'; is it in requirements= of the operation or pipeline, or part of the project?",
        ),
        ("MemoryError", of_lambda("MemoryError", ""), "memory", "MemoryError", "the function ran out of memory"),
        ("KeyError", of_lambda("KeyError", "'day'"), "error", "KeyError", "'day'"),
        ("Custom", "{not json", "error", "Custom", "{not json"),
        ("Custom", '{"anything": 1}', "error", "Custom", '{"anything": 1}'),
        ("", "", "error", "Error", "it gave no message"),
        (None, None, "error", "Error", "it gave no message"),
    ],
)
def test_errors_read_well(error, cause, kind, told, message):
    found = explain(error, cause)
    assert (found.kind, found.error, found.message) == (kind, told, message)


def child(cause, **more):
    told = {"Cause": cause, "Error": "ValueError", "ExecutionArn": "arn:x", "Input": "{}", "Status": "FAILED", **more}
    return json.dumps(told)


def test_a_cause_that_was_cut_off_is_still_read():
    whole = child(
        of_lambda("ValueError", 'row 7 has no "day"', stackTrace=["  File a \\ \u2026"] * 40), Name="s-1-ingest"
    )
    for length in range(120, len(whole)):
        told = explain("States.TaskFailed", whole[:length])
        assert (told.error, told.message) == ("ValueError", 'row 7 has no "day"'), whole[:length]


def test_a_cause_cut_off_in_the_input_still_tells_the_error():
    whole = child("", Input=json.dumps({"parameters": {"token": "hunter2" * 2000}}))
    told = explain("States.TaskFailed", whole[:8000])
    assert (told.error, told.message) == ("ValueError", "it gave no message")


def test_a_cause_cut_off_in_the_message_tells_its_beginning():
    whole = child(of_lambda("ValueError", "x" * 9000))
    told = explain("States.TaskFailed", whole[:8000])
    assert told.error == "ValueError"
    assert told.message.startswith("xxx")
