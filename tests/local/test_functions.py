from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.conftest import Machines, task

SOURCE = """
import json, os, sys

class RowsRejectedError(ValueError):
    pass

def main(event, context):
    kind = event.get("raise")
    if kind == "value":
        raise ValueError("month 13")
    if kind == "own":
        raise RowsRejectedError()
    if kind == "exit":
        sys.exit(3)
    if kind == "unencodable":
        return {1, 2}
    print(json.dumps({"session": event.get("session"), "rows": event.get("rows")}))
    print("not json")
    return {"names": sorted(os.environ)} if event.get("environment") else event
"""


@pytest.fixture(scope="session")
def sample(function: Callable[..., str]) -> str:
    return function("sample", SOURCE, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/shared"})


def invoke(clients: Callable[[str], Any], name: str, event: dict[str, Any]) -> tuple[str | None, Any]:
    answer = clients("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def test_an_exception_reaches_catch_by_its_own_name(sample: str, machines: Machines) -> None:
    catch = [
        {"ErrorEquals": ["KeyError"], "Next": "Wrong"},
        {"ErrorEquals": ["ValueError"], "Output": "{% $states.errorOutput %}", "Next": "Caught"},
    ]
    states = {
        "Call": task(sample, Catch=catch, End=True),
        "Wrong": {"Type": "Fail"},
        "Caught": {"Type": "Pass", "Output": "{% $parse($states.input.Cause) %}", "End": True},
    }
    done = machines.run(machines.make("catching", "Call", states), {"raise": "value"})
    cause = json.loads(done["output"])
    assert (cause["errorType"], cause["errorMessage"]) == ("ValueError", "month 13")
    assert set(cause) == {"errorType", "errorMessage", "requestId", "stackTrace"}
    assert cause["stackTrace"][-1].startswith('  File "/var/task/app.py", line 10, in main\n')


def test_an_exception_reaches_retry_by_its_own_name(sample: str, machines: Machines) -> None:
    retry = [{"ErrorEquals": ["RowsRejectedError"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}]
    machine = machines.make("retrying", "Call", {"Call": task(sample, Retry=retry, End=True)})
    done = machines.run(machine, {"raise": "own"})
    assert (done["status"], done["error"]) == ("FAILED", "RowsRejectedError")
    history = machines.states.get_execution_history(executionArn=done["executionArn"])["events"]
    assert [event["type"] for event in history].count("TaskScheduled") == 2
    assert "output" not in done


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ({"raise": "own"}, "RowsRejectedError", ""),
        ({"raise": "exit"}, "Runtime.ExitError", "Runtime exited without providing a reason"),
        (
            {"raise": "unencodable"},
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
    ],
)
def test_errors_are_named_as_on_aws(
    sample: str, clients: Callable[[str], Any], event: dict[str, Any], kind: str, message: str
) -> None:
    failed, error = invoke(clients, sample, event)
    assert (failed, error["errorType"], error["errorMessage"]) == ("Unhandled", kind, message)


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("import nowhere", "app.main", "Runtime.ImportModuleError", "Unable to import module 'app': No module named"),
        ("def main(", "app.main", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
        ("x = 1", "app.main", "Runtime.HandlerNotFound", "Handler 'main' missing on module 'app'"),
        ("x = 1", "other.main", "Runtime.ImportModuleError", "Unable to import module 'other': No module named"),
        ("1 / 0", "app.main", "ZeroDivisionError", "division by zero"),
        ("from os import nothing_there", "app.main", "Runtime.ImportModuleError", "Unable to import module 'app'"),
        ("import os; os.nothing_there", "app.main", "AttributeError", "module 'os' has no attribute"),
    ],
)
def test_errors_of_initialisation_are_named_as_on_aws(
    function: Callable[..., str],
    clients: Callable[[str], Any],
    request: pytest.FixtureRequest,
    source: str,
    handler: str,
    kind: str,
    message: str,
) -> None:
    name = f"broken-{abs(hash(request.node.name))}"
    function(name, source, handler)
    failed, error = invoke(clients, name, {})
    assert (failed, error["errorType"]) == ("Unhandled", kind)
    assert error["errorMessage"].startswith(message)


def test_a_timeout_keeps_its_name(function: Callable[..., str], clients: Callable[[str], Any]) -> None:
    function("slow", "import time\ndef main(event, context): time.sleep(9)", timeout=1)
    failed, error = invoke(clients, "slow", {})
    assert (failed, error["errorType"]) == ("Unhandled", "Sandbox.Timedout")


def test_a_function_finds_the_embedded_aws(sample: str, clients: Callable[[str], Any]) -> None:
    failed, result = invoke(clients, sample, {"environment": True})
    assert failed is None
    assert {"AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID"} <= set(result["names"])


def test_an_error_is_one_json_line_in_the_log(sample: str, clients: Callable[[str], Any]) -> None:
    invoke(clients, sample, {"raise": "value"})
    found = clients("logs").filter_log_events(logGroupName="/shared", filterPattern='{ $.errorType = "ValueError" }')
    line = json.loads(found["events"][-1]["message"])
    assert (line["level"], line["errorMessage"]) == ("ERROR", "month 13")
    everything = clients("logs").filter_log_events(logGroupName="/shared")["events"]
    assert not any("<described>" in event["message"] for event in everything)


def test_a_pattern_selects_the_lines_of_one_session(sample: str, clients: Callable[[str], Any]) -> None:
    for session, rows in (("one", 1), ("two", 2), ("one", 3)):
        invoke(clients, sample, {"session": session, "rows": rows})

    def select(pattern: str) -> list[int]:
        found = clients("logs").filter_log_events(logGroupName="/shared", filterPattern=pattern)["events"]
        assert len({event["eventId"] for event in found}) == len(found)
        return [json.loads(event["message"])["rows"] for event in found]

    assert select('{ $.session = "one" }') == [1, 3]
    assert select('{ $.session = "one" && $.rows > 1 }') == [3]
    assert select('{ $.session = "nobody" }') == []


def test_a_function_sees_its_own_packages_and_those_that_lambda_brings(
    function: Callable[..., str], clients: Callable[[str], Any]
) -> None:
    source = """
import importlib.util, sqlite3, sys

def main(event, context):
    before = "botocore" in sys.modules
    import boto3
    from botocore.vendored import requests
    return [before, boto3.__name__, sys.modules["dateutil"].__name__, importlib.util.find_spec("ministack") is None,
            importlib.util.find_spec("pydantic") is None, importlib.util.find_spec("app").name]
"""
    function("packages", source)
    error, answer = invoke(clients, "packages", {})
    assert error is None, answer
    assert answer == [False, "boto3", "dateutil", True, True, "app"]


def test_a_package_that_was_not_shipped_is_missed_as_on_aws(
    function: Callable[..., str], clients: Callable[[str], Any]
) -> None:
    function("unshipped", "import pydantic\n\ndef main(event, context):\n    return 1\n")
    error, answer = invoke(clients, "unshipped", {})
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert answer["errorMessage"] == "Unable to import module 'app': No module named 'pydantic'"
