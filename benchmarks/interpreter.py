"""States a second of the interpreter, beside MiniStack in the same run: `python -m benchmarks.interpreter`."""

import argparse
import gc
import json
import os
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from bunsui.interpreter import Lambda, Limits, TaskFailed, execute, parse

Definition = dict[str, Any]
Services = Callable[[], dict[str, Any]] | None
Case = tuple[str, Definition, Any, int, Services, bool]

ROLE = "arn:aws:iam::000000000000:role/benchmark"


def chain(length: int, **fields: Any) -> Definition:
    """A machine of Pass states in a row."""
    states = {f"S{at}": {"Type": "Pass", "Next": f"S{at + 1}", **fields} for at in range(length)}
    states[f"S{length - 1}"] = {"Type": "Pass", "End": True, **fields}
    return {"StartAt": "S0", "States": states}


def assigning(length: int) -> Definition:
    """The same in JSONata; every state counts one further."""
    machine = chain(length, Assign={"n": "{% $n + 1 %}"})
    machine["States"]["S0"]["Assign"] = {"n": "{% $states.input.n %}"}
    return {"QueryLanguage": "JSONata", **machine}


def mapped() -> Definition:
    """A Map of one Pass for each item; its output is dropped, for it would exceed what a state may return."""
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemProcessor": inner, "ResultPath": None, "OutputPath": None, "End": True}
    return {"StartAt": "M", "States": {"M": state}}


def parallel(width: int) -> Definition:
    """Branches of one Pass each."""
    branches = [{"StartAt": f"P{at}", "States": {f"P{at}": {"Type": "Pass", "End": True}}} for at in range(width)]
    return {"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": branches, "End": True}}}


def retrying(length: int) -> Definition:
    """Lambda tasks that fail once each and are retried."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "flaky", "Payload.$": "$"},
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1}],
        "ResultPath": None,
    }
    machine = chain(length)
    for name, state in machine["States"].items():
        machine["States"][name] = {**{key: state[key] for key in ("Next", "End") if key in state}, **task}
    return machine


def flaky() -> Callable[[Any], Any]:
    """A function that fails every other time."""
    calls = 0

    def function(event: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise TaskFailed("Busy", "try again")
        return event

    return function


def cases(items: int) -> list[Case]:
    """Name, definition, input, states, services, whether MiniStack runs it, too."""
    return [
        ("chain of 1,000 Pass", chain(1000), {"n": 0}, 1000, None, True),
        ("1,000 JSONata Pass with Assign", assigning(1000), {"n": 0}, 1000, None, True),
        (f"Map over {items:,} items", mapped(), list(range(items)), items, None, False),
        ("Parallel of 1,000 branches", parallel(1000), {}, 1000, None, False),
        ("200 Lambda tasks with Retry", retrying(200), {}, 200, lambda: {"lambda": Lambda({"flaky": flaky()})}, False),
    ]


def once(machine: Any, data: Any, services: Services) -> None:
    """One execution, which has to succeed."""
    execution = execute(machine, data, services=services() if services else None, limits=Limits(history_events=None))
    if execution.status != "SUCCEEDED":
        raise SystemExit(f"{execution.status}: {execution.error} {execution.cause}")


def ours(definition: Definition, data: Any, services: Services, rounds: int) -> tuple[float, float, int]:
    """Seconds for the first run with parsing, seconds for all rounds with one parsing, and the most memory of a run."""
    text = json.dumps(definition)
    gc.collect()
    # What the benchmark has loaded for MiniStack is not for the interpreter's collections to walk through.
    gc.freeze()
    begin = time.perf_counter()
    machine = parse(text)
    once(machine, data, services)
    first = time.perf_counter() - begin
    for _ in range(rounds - 1):
        once(machine, data, services)
    every = time.perf_counter() - begin
    tracemalloc.start()
    once(machine, data, services)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return first, every, peak


@contextmanager
def ministack() -> Iterator[str]:
    """MiniStack as a child process on a free port; gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}
    child = subprocess.Popen(
        [sys.executable, "-m", "ministack"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def client_of(endpoint: str) -> Any:
    """A Step Functions client, once the endpoint answers."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )
    for _ in range(150):
        try:
            client.list_state_machines()
            return client
        except (BotoCoreError, ClientError):
            time.sleep(0.2)
    raise SystemExit("MiniStack did not start within 30 seconds")


def theirs(client: Any, name: str, definition: Definition, data: Any) -> float:
    """Seconds from start to end of one execution on MiniStack."""
    machine = client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
    begin = time.perf_counter()
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data))["executionArn"]
    while True:
        answer = client.describe_execution(executionArn=arn)
        if answer["status"] != "RUNNING":
            break
        time.sleep(0.005)
    seconds = time.perf_counter() - begin
    if answer["status"] != "SUCCEEDED":
        raise SystemExit(f"MiniStack: {answer['status']} {answer.get('error')} {answer.get('cause')}")
    return seconds


def compared(found: list[Case]) -> dict[str, float]:
    """The times of MiniStack for the cases that it runs."""
    if find_spec("ministack") is None:
        return {}
    with ministack() as endpoint:
        client = client_of(endpoint)
        return {
            name: min(theirs(client, f"bench{at}x{turn}", definition, data) for turn in range(3))
            for at, (name, definition, data, _, _, runs_there) in enumerate(found)
            if runs_there
        }


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20, help="executions of one parsed machine")
    options.add_argument("--items", type=int, default=100_000, help="of the Map")
    options.add_argument("--alone", action="store_true", help="without MiniStack")
    given = options.parse_args(arguments)
    found = cases(given.items)
    other = {} if given.alone else compared(found)
    print("States a second; parsing is part of the first run, and counted once in all rounds.")
    print(f"{'':34}{'first run':>12}{'all rounds':>12}{'memory':>12}{'MiniStack':>12}{'ratio':>9}")
    for name, definition, data, states, services, _ in found:
        rounds = given.rounds if states <= 1000 else 2
        first, every, peak = ours(definition, data, services, rounds)
        line = f"{name:34}{states / first:>12,.0f}{rounds * states / every:>12,.0f}{peak / 2**20:>9,.1f} MB"
        if name in other:
            line += f"{states / other[name]:>12,.0f}{rounds * other[name] / every:>8,.0f}x"
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
