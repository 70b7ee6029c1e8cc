"""Joins: whatever comes first, comes twice or gets lost, a consumer starts once, when all its producers have ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from statelint.linter import Linter

from bunsui import Fallback, Job, Pipeline
from bunsui.compile import jobs as compile_jobs
from bunsui.graph.part import Arrival, Arrive, Join, Parallel, Part, Serial
from bunsui.interpreter import Execution, Handle, TaskFailed, start
from bunsui.interpreter.calls import Call, Handler

from .assemblies import root, statements, text
from .pipelines import World, compiled, expected, filled, operation, pipeline, states

NEEDS = {"a": [], "b": [], "early": ["a"], "both": ["a", "b"], "late": ["b"]}
"""The smallest graph that is not series-parallel, with an end for every branch."""

TREE = Parallel(
    (
        Serial(("a", Arrive("a", (Arrival("both", ("a",)),)), "early")),
        Serial(("b", Arrive("b", (Arrival("both", ("b",)),)), "late")),
        Serial((Join("both", ("a", "b"), ("a", "b")), "both")),
    )
)
"""The consumer registers first: its branch begins with the join."""

BEHIND = Parallel(
    (
        Serial(("a", Arrive("a", (Arrival("both", ("a",)),)), "early")),
        Serial(("b", Join("both", ("a",), ("a",)), "both")),
        "late",
    )
)
"""The consumer stands behind one of its producers, and comes to the join when that one has ended."""

BEHIND_NEEDS = {"a": [], "b": [], "early": ["a"], "both": ["a", "b"], "late": []}


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Any], Part], World]:
    """The world of a pipeline of one job whose operations are laid out as a given tree."""

    def make(needs: Mapping[str, Any], tree: Part) -> World:
        declared = pipeline(needs)
        monkeypatch.setattr(
            compile_jobs, "schedule", lambda names, feeds: tree if len(names) > 1 else next(iter(names))
        )
        made = compiled(declared)
        for machine in (made.machine, *made.jobs.values()):
            assert Linter.validate(filled(machine.definition)) == []
        return World(made)

    return make


def results(world: World) -> dict[str, Any]:
    return {event["bunsui"]["operation"]: event["inputs"] for event in world.events}


def right(world: World, execution: Execution, count: int | None = None) -> None:
    """Everything ran once, with the results of what it needs."""
    assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
    values = expected(world.plan.pipeline, {})
    assert sorted(world.order()) == sorted(world.plan.pipeline.operations)
    for name, inputs in results(world).items():
        assert {source: world.read(one) for source, one in inputs.items()} == {one: values[one] for one in inputs}, name


def begun(world: World, services: Mapping[str, Any] | None = None, *, seed: int = 0, attempt: int = 1) -> Handle:
    given = {"session": "s-1", "attempt": attempt, "parameters": {}, "inputs": {}}
    definition = filled(world.plan.jobs["main"].definition)
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:p-main"
    return start(definition, given, services=world.services() | dict(services or {}), seed=seed, state_machine_arn=arn)


def items(world: World) -> dict[str, dict[str, Any]]:
    return {item["join"]["S"]: item for item in world.tables.tables["bunsui-joins"].items.values()}


# Who comes first


@pytest.mark.parametrize(("a", "b"), [(5.0, 9.0), (9.0, 5.0), (7.0, 7.0), (0.0, 0.0), (0.0, 3.0)])
def test_consumer_registers_first(laid_out: Any, a: float, b: float) -> None:
    world = laid_out(NEEDS, TREE)
    world.seconds = {"a": a, "b": b, "both": 4.0, "early": 1.0, "late": 2.0}
    execution = begun(world).wait()
    right(world, execution)
    assert execution.duration == max(a, b) + 4.0
    assert "TaskSubmitted" in execution.event_types


@pytest.mark.parametrize(("a", "b"), [(5.0, 9.0), (9.0, 5.0), (7.0, 7.0)])
def test_consumer_behind_a_producer(laid_out: Any, a: float, b: float) -> None:
    world = laid_out(BEHIND_NEEDS, BEHIND)
    world.seconds = {"a": a, "b": b, "both": 4.0}
    execution = begun(world).wait()
    right(world, execution)
    assert execution.duration == max(a, b) + 4.0
    # When the producer came first nobody waits: the write is refused, and is not tried again.
    failed = [event for event in execution.history if event["type"] == "TaskFailed"]
    assert len(failed) == (1 if a < b else 0) or a == b
    if failed:
        assert failed[0]["taskFailedEventDetails"]["error"] == "DynamoDb.ConditionalCheckFailedException"


@pytest.mark.parametrize("seed", range(60))
def test_all_in_the_same_instant(laid_out: Any, seed: int) -> None:
    world = laid_out(NEEDS, TREE)
    right(world, begun(world, seed=seed).wait())
    world = laid_out(BEHIND_NEEDS, BEHIND)
    right(world, begun(world, seed=seed).wait())


# Writes that take time, are repeated, or whose answers get lost


class Slow:
    """A write that takes effect after a while and is answered after another, both drawn at random."""

    def __init__(self, handler: Handler, *, before: float, after: float) -> None:
        self.handler = handler
        self.before = before
        self.after = after

    def __call__(self, call: Call) -> Any:
        world = call.run.world
        scheduler, future = world.scheduler, world.scheduler.future()
        before, after = (world.random.uniform(0, longest) for longest in (self.before, self.after))

        def take_effect() -> None:
            try:
                result = self.handler(call)
            except TaskFailed as fault:
                error = fault
                scheduler.at(scheduler.now + after, lambda: future.fail(error))
            else:
                scheduler.at(scheduler.now + after, lambda: future.resolve(result))

        scheduler.at(scheduler.now + before, take_effect)
        return future


WRITES = ("dynamodb:updateItem", "aws-sdk:dynamodb:updateItem")


def through(world: World, around: Callable[[Handler], Callable[[Call], Any]]) -> dict[str, Any]:
    """Services whose writes go through `around`."""
    handlers = world.tables.integrations()

    def adapted(name: str) -> Callable[[Call], Any]:
        inner = around(handlers[name])
        return lambda call: inner(call)

    return {name: adapted(name) for name in WRITES}


@pytest.mark.parametrize("seed", range(1, 81))
@pytest.mark.parametrize("tree", [TREE, BEHIND], ids=["first", "behind"])
def test_writes_that_overtake_each_other(laid_out: Any, tree: Part, seed: int) -> None:
    world = laid_out(NEEDS if tree is TREE else BEHIND_NEEDS, tree)
    world.seconds = {"a": 1.0, "b": 1.0}
    right(world, begun(world, through(world, lambda one: Slow(one, before=2.0, after=2.0)), seed=seed).wait())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("tree", [TREE, BEHIND], ids=["first", "behind"])
def test_writes_that_the_service_applies_twice(laid_out: Any, tree: Part, seed: int) -> None:
    """The SDK repeats a request whose answer it did not get; the second answer is the one that counts."""

    def twice(handler: Handler) -> Callable[[Call], Any]:
        def write(call: Call) -> Any:
            handler(call)
            return handler(call)

        return write

    world = laid_out(NEEDS if tree is TREE else BEHIND_NEEDS, tree)
    right(world, begun(world, through(world, twice), seed=seed).wait())
    assert all(len(item["arrived"]["SS"]) <= 2 for item in items(world).values())


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("tree", [TREE, BEHIND], ids=["first", "behind"])
def test_answers_that_get_lost(laid_out: Any, tree: Part, seed: int) -> None:
    """The write has taken effect, the task fails, and is retried: also the registration, with another token."""

    def lost(handler: Handler) -> Callable[[Call], Any]:
        def write(call: Call) -> Any:
            found = handler(call)
            if call.attempt < 2:
                prefix = "DynamoDb" if call.integration.startswith("aws-sdk:") else "DynamoDB"
                raise TaskFailed(f"{prefix}.SdkClientException", "the answer got lost")
            return found

        return write

    world = laid_out(NEEDS if tree is TREE else BEHIND_NEEDS, tree)
    world.seconds = {"a": 1.0, "b": 2.0}
    right(world, begun(world, through(world, lost), seed=seed).wait())


def test_token_that_nobody_waits_for(laid_out: Any) -> None:
    """Its registration was lost after it took effect; before it is repeated, a producer sends that token."""
    world = laid_out(NEEDS, TREE)
    world.seconds = {"b": 0.0}
    handler = world.tables.integrations()["aws-sdk:dynamodb:updateItem"]

    def lost_once(call: Call) -> Any:
        found = handler(call)
        if call.attempt == 0:
            raise TaskFailed("DynamoDb.SdkClientException", "the answer got lost")
        return found

    execution = begun(world, {"aws-sdk:dynamodb:updateItem": lost_once}).wait()
    right(world, execution)
    errors = [event["taskFailedEventDetails"]["error"] for event in execution.history if event["type"] == "TaskFailed"]
    assert errors == [
        "DynamoDb.SdkClientException",
        "Sfn.TaskTimedOutException",
        "DynamoDb.ConditionalCheckFailedException",
    ]


def test_sending_the_token_is_retried(laid_out: Any) -> None:
    from bunsui.interpreter.services.machines import send_success

    world = laid_out(NEEDS, TREE)

    def throttled(call: Call) -> Any:
        found = send_success(call)
        if call.attempt == 0:
            raise TaskFailed("Sfn.SfnException", "Rate exceeded")
        return found

    right(world, begun(world, {"aws-sdk:sfn:sendTaskSuccess": throttled}).wait())


# Failures


@pytest.mark.parametrize("failing", ["a", "b"])
def test_nobody_waits_for_a_producer_that_failed(laid_out: Any, failing: str) -> None:
    world = laid_out(NEEDS, TREE)
    world.seconds = {"a": 3.0, "b": 3.0}
    world.fails = {failing: (ValueError("no"), 99)}
    handle = begun(world)
    execution = handle.wait()
    assert (execution.status, execution.error) == ("FAILED", "ValueError")
    assert execution.duration < 10
    assert handle.tokens == ()
    assert "both" not in world.order()


def test_producer_with_a_fallback_arrives() -> None:
    made = {name: operation(name, tuple(wanted)) for name, wanted in NEEDS.items() if name != "a"}
    made["a"] = operation("a", returns=str, on_error=Fallback("none"))
    world = World(compiled(Pipeline("p", jobs=[Job("main", *made.values())])))
    world.fails = {"a": (ValueError("no"), 99)}
    execution = begun(world).wait()
    assert execution.status == "SUCCEEDED"
    assert results(world)["both"]["a"] == {"value": "none"}


def test_a_join_that_nobody_completes_ends() -> None:
    """Nothing in a compiled graph does this; the bound is there all the same."""
    world = World(compiled(pipeline(NEEDS)))
    never = {"dynamodb:updateItem": lambda call: {"Attributes": {"arrived": {"SS": ["a"]}}}}
    execution = begun(world, never).wait()
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")


# Again


def test_another_attempt_has_joins_of_its_own(laid_out: Any) -> None:
    world = laid_out(NEEDS, TREE)
    world.seconds = {"a": 3.0, "b": 5.0}
    right(world, begun(world).wait())
    world.events.clear()
    again = begun(world, attempt=2).wait()
    right(world, again)
    assert again.duration == 5.0
    assert sorted(items(world)) == ["1#main#both", "2#main#both"]


def test_redrive_while_the_consumer_waits(laid_out: Any) -> None:
    """It registers another token; who arrived before is there still."""
    world = laid_out(NEEDS, TREE)
    world.seconds = {"a": 1.0, "b": 5.0, "early": 2.0}
    world.fails = {"early": (ValueError("no"), 99)}
    handle = begun(world)
    assert handle.wait().status == "FAILED"
    assert [item["arrived"]["SS"] for item in items(world).values()] == [["a"]]
    world.fails = {}
    world.events[:] = [event for event in world.events if event["bunsui"]["operation"] == "a"]
    handle.redrive()
    right(world, handle.wait())


def test_redrive_when_all_have_arrived_and_nobody_was_told(laid_out: Any) -> None:
    """The last producer's write took effect, but its execution ended before it could send the token."""
    first, *rest = TREE.parts
    assert isinstance(first, Serial)
    world = laid_out({**NEEDS, "end": ["early"]}, Parallel((Serial((*first.parts, "end")), *rest)))
    world.seconds = {"a": 1.0, "b": 2.0, "early": 4.0}
    world.fails = {"end": (ValueError("no"), 99)}
    handler = world.tables.integrations()["dynamodb:updateItem"]

    def answered_late(call: Call) -> Any:
        found = handler(call)
        scheduler = call.run.world.scheduler
        future = scheduler.future()
        scheduler.at(
            scheduler.now + (60.0 if call.state == "b: arrive at both" else 0.0), lambda: future.resolve(found)
        )
        return future

    handle = begun(world, {"dynamodb:updateItem": answered_late})
    assert handle.wait().status == "FAILED"
    assert [sorted(item["arrived"]["SS"]) for item in items(world).values()] == [["a", "b"]]
    assert "both" not in world.order()
    world.fails = {}
    world.events[:] = [event for event in world.events if event["bunsui"]["operation"] != "end"]
    handle.redrive()
    right(world, handle.wait())


# Many


def wide(consumers: int) -> dict[str, list[str]]:
    """Two producers, and consumers that all need one of them and an operation of their own."""
    needs: dict[str, list[str]] = {"a": [], "b": ["a"]}
    for number in range(consumers):
        needs |= {f"own{number}": [], f"out{number}": ["a", f"own{number}"]}
    return needs


@pytest.mark.parametrize("consumers", [4, 5, 60])
def test_many_arrivals_are_a_map(consumers: int) -> None:
    world = World(compiled(pipeline(wide(consumers))))
    definitions = [filled(machine.definition) for machine in world.plan.machines]
    assert [Linter.validate(definition) for definition in definitions] == [[]] * len(definitions)
    maps = [state for definition in definitions for _, state in states(definition) if state["Type"] == "Map"]
    assert len(maps) == (0 if consumers < 5 else 1)
    world.seconds = {name: float(number % 7) for number, name in enumerate(world.plan.pipeline.operations)}
    right(world, begun(world).wait())


# Records and permissions


def test_item_of_a_join(laid_out: Any) -> None:
    world = laid_out(NEEDS, TREE)
    handle = begun(world)
    handle.wait()
    (item,) = items(world).values()
    values = expected(world.plan.pipeline, {})
    assert set(item) == {"session", "join", "arrived", "token", "expires", "result_a", "result_b"}
    assert (item["session"], item["join"]) == ({"S": "s-1"}, {"S": "1#main#both"})
    assert sorted(item["arrived"]["SS"]) == ["a", "b"]
    assert json.loads(item["result_a"]["S"]) == {"value": values["a"]}
    started = handle.execution.started.timestamp()
    fortnight = 14 * 86_400
    assert started + fortnight < float(item["expires"]["N"]) < started + fortnight + 366 * 86_400


def joins(role: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in statements(role):
        for action in one["Action"]:
            for resource in map(text, one["Resource"]):
                if resource.endswith("bunsui-joins") or action == "states:SendTaskSuccess":
                    yield action, resource


def test_only_machines_with_joins_may_use_the_table() -> None:
    declared = pipeline(
        {**NEEDS, "x": [], "y": ["x"]},
        {"joined": list(NEEDS), "plain": ["x", "y"]},
    )
    resources = root(declared)["Resources"]
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/bunsui-joins"
    machine = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:p-joined"
    assert set(joins(resources["JoinedJobMachineRole"])) == {
        ("dynamodb:UpdateItem", table),
        ("dynamodb:GetItem", table),
        ("states:SendTaskSuccess", machine),
    }
    assert not set(joins(resources["PlainJobMachineRole"]))
    assert not set(joins(resources["SessionMachineRole"]))


def test_jobs_that_are_not_series_parallel() -> None:
    declared = pipeline(NEEDS, {f"job-{name}": [name] for name in NEEDS})
    world = World(compiled(declared))
    world.seconds = {"a": 5.0, "b": 9.0, "early": 9.0, "late": 1.0, "both": 1.0}
    execution = world.run()
    right(world, execution)
    assert execution.duration == 14.0
    assert list(items(world)) == ["1##job-both"]
    assert Linter.validate(filled(world.plan.machine.definition)) == []
    machine = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:p"
    assert ("states:SendTaskSuccess", machine) in set(joins(root(declared)["Resources"]["SessionMachineRole"]))


def test_a_failing_job_ends_the_jobs_that_wait() -> None:
    declared = pipeline(NEEDS, {f"job-{name}": [name] for name in NEEDS})
    world = World(compiled(declared))
    world.seconds = {"a": 1.0, "b": 5.0}
    world.fails = {"b": (ValueError("no"), 99)}
    execution = world.run()
    assert execution.status == "FAILED"
    assert "both" not in world.order()
