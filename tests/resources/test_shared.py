"""Resources that one pipeline creates and others use."""

from __future__ import annotations

import pytest

from bunsui import Bucket, BunsuiError, Lambda, Nested, Operation, Pipeline, Table
from bunsui.model.environment import Environment
from bunsui.model.names import Names


def using(name: str, *resources: Bucket | Table) -> Operation:
    return Operation(name, handler="json:dumps", runs=Lambda(), inputs={"obj": 1}, writes=resources)


def nested(inside: Bucket | Table, outside: Bucket | Table) -> Pipeline:
    inner = Pipeline("inner", operations=[using("first", inside)])
    return Pipeline("outer", operations=[using("second", outside), Nested("inside", inner)])


@pytest.mark.parametrize("kind", ["bucket", "table"])
def test_whose_it_is(kind: str) -> None:
    made = Bucket("lake", of="outer") if kind == "bucket" else Table("lake", partition_key="day", of="outer")
    assert made.physical_name(Names("inner", "dev-")) == made.physical_name(Names("outer", "dev-"))
    assert made.physical_name(Names("outer", "dev-")).startswith("dev-outer-lake")
    assert made.stack(Names("outer"), Environment())
    assert made.stack(Names("inner"), Environment()) == ()
    assert nested(made, made).resources == (made,)


def test_one_that_both_would_create() -> None:
    lake = Bucket("lake")
    with pytest.raises(BunsuiError, match="each would create its own") as caught:
        nested(lake, lake)
    assert "of='outer'" in str(caught.value)
    assert nested(Bucket("lake"), Bucket("lake")).name == "outer"


def test_two_answers() -> None:
    with pytest.raises(BunsuiError, match="BUN101"):
        Bucket("lake", existing="my-lake", of="outer")
