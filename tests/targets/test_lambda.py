"""The Lambda target: its settings, its task and what it asks of AWS."""

from __future__ import annotations

from typing import Any

import pytest

from bunsui import Bucket, Lambda, Table
from bunsui.compile.workers import worker_calls
from bunsui.model.calls import Why
from bunsui.model.names import Names
from bunsui.model.resource import Access, Resource
from bunsui.model.target import Code, Target, Work, Worker

NAMES = Names("p", "dev-")
WHY = Why("work", "invoke")


def worker(**settings: Any) -> Worker:
    work = {"target": Lambda(), "code": Code("m:f", "a" * 64), "reads": (), "writes": (), "spills": False}
    return Worker("work", Work(**{**work, "unspills": (), **settings}), (WHY,))


def test_it_speaks_the_protocol() -> None:
    assert isinstance(Lambda(), Target)
    assert isinstance(Bucket("a"), Resource)
    assert isinstance(Table("a", partition_key="k"), Resource)


def test_defaults() -> None:
    target = Lambda()
    assert (target.memory, target.timeout, target.storage, target.concurrency) == (512, 60, 512, None)
    assert target.platform == ("3.14", "x86_64")
    assert target.kind == "Lambda"


def test_equal_settings_are_one_identity() -> None:
    assert Lambda(memory=1024) == Lambda(memory=1024)
    assert (
        Lambda(environment={"A1": "1", "B1": "2"}).identity() == Lambda(environment={"B1": "2", "A1": "1"}).identity()
    )
    assert Lambda(memory=1024).identity() != Lambda().identity()


@pytest.mark.parametrize("name", ["WORKERS", "a1", "Tz"])
def test_environment_variables(name: str) -> None:
    assert Lambda(environment={name: "x"}).environment == {name: "x"}


@pytest.mark.parametrize("name", ["AWS_X", "LAMBDA_TASK_ROOT", "BUNSUI_X", "_X", "1X", "A", "A-B", "é1", ""])
def test_environment_variables_that_are_refused(name: str) -> None:
    from bunsui import BunsuiError

    with pytest.raises(BunsuiError, match=r"BUN101: Lambda: environment variable .* is not allowed"):
        Lambda(environment={name: "x"})


def test_transient_errors_are_the_documented_ones() -> None:
    assert set(Lambda().transient_errors()) == {
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    }


def test_task() -> None:
    state = Lambda(timeout=10).task("work", NAMES, {"inputs": {}})
    assert state == {
        "Type": "Task",
        "Resource": "arn:${AWS::Partition}:states:::lambda:invoke",
        "Arguments": {"FunctionName": "dev-p-work", "Payload": {"inputs": {}}},
        "TimeoutSeconds": 40,
    }


def test_calls_of_the_machine() -> None:
    (call,) = Lambda().machine_calls("work", NAMES, WHY)
    assert call.action == "lambda:InvokeFunction"
    assert call.resource == "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:dev-p-work"
    assert call.why is WHY


def variables(made: Worker) -> dict[str, Any]:
    from bunsui.model.environment import Environment

    (function,) = Lambda().stack(made, NAMES, Environment(), "Role")
    found: dict[str, Any] = function.to_dict()["Properties"]["Environment"]["Variables"]
    return found


@pytest.mark.parametrize(("spills", "unspills", "knows"), [(0, 0, False), (1, 0, True), (0, 1, True), (1, 1, True)])
def test_only_who_spills_or_reads_back_knows_the_bucket(spills: int, unspills: int, knows: bool) -> None:
    assert ("BUNSUI_BUCKET" in variables(worker(spills=bool(spills), unspills=("p",) * unspills))) is knows


def test_environments_that_share_an_account_keep_their_spilled_values_apart() -> None:
    made = worker(spills=True)
    assert variables(made)["BUNSUI_SPILL"] == "sessions/dev-p"
    (call,) = [call for call in worker_calls(made, NAMES) if call.action == "s3:PutObject"]
    assert call.resource.endswith("/sessions/dev-p/*")


def test_resources_of_a_function() -> None:
    lake, table = Bucket("lake", existing="the-lake"), Table("t", partition_key="k")
    found = variables(worker(reads=(Access(lake, "a"), Access(lake, "b"), Access(table)), writes=(Access(lake),)))
    assert found["BUNSUI_RESOURCES"] == (
        '{"lake":{"name":"the-lake","reads":["a","b"],"writes":[""]},"t":{"name":"dev-p-t","reads":[""],"writes":[]}}'
    )
