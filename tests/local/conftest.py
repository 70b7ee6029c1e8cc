from __future__ import annotations

import functools
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from bunsui.local import LocalStatus, credentials, ephemeral

ROLE = "arn:aws:iam::000000000000:role/anything"


def client(service: str, endpoint_url: str | None) -> Any:
    keys = credentials()
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint_url,
        region_name=keys.region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalStatus]:
    with ephemeral() as status:
        yield status


@pytest.fixture(scope="session")
def clients(aws: LocalStatus) -> Iterator[Callable[[str], Any]]:
    made: list[Any] = []

    @functools.cache
    def make(service: str) -> Any:
        made.append(client(service, aws.endpoint_url))
        return made[-1]

    yield make
    for each in made:
        each.close()


def packed(source: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", source)
    return file.getvalue()


@pytest.fixture(scope="session")
def function(clients: Callable[[str], Any]) -> Callable[..., str]:
    def make(name: str, source: str, handler: str = "app.main", timeout: int = 5, **more: Any) -> str:
        made = clients("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler=handler,
            Role=ROLE,
            Timeout=timeout,
            Code={"ZipFile": packed(source)},
            **more,
        )
        return str(made["FunctionArn"])

    return make


class Machines:
    """State machines in JSONata, run to their end."""

    def __init__(self, states: Any) -> None:
        self.states = states

    def make(self, name: str, start: str, states: dict[str, Any], **more: Any) -> str:
        definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": start, "States": states, **more})
        return str(self.states.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"])

    def run(self, machine: str, value: Any = None) -> dict[str, Any]:
        started = self.states.start_execution(
            stateMachineArn=machine, input=json.dumps(value or {}, ensure_ascii=False)
        )
        return self.finish(started["executionArn"])

    def finish(self, execution: str, seconds: float = 10) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.02)
        raise AssertionError(f"{execution} still runs")


@pytest.fixture(scope="session")
def machines(clients: Callable[[str], Any]) -> Machines:
    return Machines(clients("stepfunctions"))


def task(function: str, **more: Any) -> dict[str, Any]:
    arguments = {"FunctionName": function, "Payload": "{% $states.input %}"}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **more}
