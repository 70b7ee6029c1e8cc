"""Which operations share a function, and what it is called."""

from __future__ import annotations

from typing import Any

from bunsui import Bucket, Lambda, Operation, Pipeline

from .pipelines import compiled, operation


def workers(*operations: Operation) -> dict[str, list[str]]:
    made = compiled(Pipeline("p", operations=operations)).workers
    return {name: [why.operation for why in worker.why] for name, worker in made.items()}


def kind(name: str, function: str = "work", **settings: Any) -> Operation:
    return operation(name, handler=f"code:{function}", **settings)


def test_a_shared_function_is_named_after_the_handler() -> None:
    assert workers(kind("a"), kind("b")) == {"work": ["a", "b"]}


def test_the_name_stays_when_operations_come_and_go() -> None:
    for operations in (["a"], ["a", "b"], ["b", "a"], ["b"]):
        assert list(workers(*map(kind, operations))) == ["work"]


def test_a_variant_at_the_end_leaves_the_first_its_name() -> None:
    assert workers(kind("a"), kind("b", runs=Lambda(memory=1024))) == {"work": ["a"], "b": ["b"]}


def test_an_operation_named_like_the_handler_of_others_keeps_its_name() -> None:
    assert workers(kind("a"), kind("b"), kind("work", "other")) == {"a": ["a", "b"], "other": ["work"]}
    assert workers(kind("work", "other"), kind("a")) == {"other": ["work"], "a": ["a"]}
    assert workers(kind("a"), kind("b"), operation("work", handler="code:other")).keys() == {"a", "other"}


def test_a_handler_named_like_an_operation_of_another_function() -> None:
    made = workers(kind("a", "b"), kind("b", "a"), kind("c", "b"))
    assert sorted(one for members in made.values() for one in members) == ["a", "b", "c"]
    assert made == {"a": ["a", "c"], "b": ["b"]}


def test_the_order_and_number_of_accesses_does_not_matter() -> None:
    lake = Bucket("lake")
    one = kind("one", reads=[lake / "a", lake / "b"])
    two = kind("two", reads=[lake / "b", lake / "a", lake / "a" / "deeper"])
    assert workers(one, two) == {"work": ["one", "two"]}


def test_functions_of_modules_with_the_same_name_are_apart() -> None:
    one, two = operation("one", handler="etl.a:main"), operation("two", handler="etl.b:main")
    assert workers(one, two) == {"main": ["one"], "two": ["two"]}


def test_reading_back_a_large_input_needs_another_role() -> None:
    large, small = operation("large", returns=list), operation("small", returns=int)
    made = workers(large, small, kind("a", inputs={"x": large}), kind("b", inputs={"x": small}))
    assert made == {"large": ["large"], "small": ["small"], "work": ["a"], "b": ["b"]}
