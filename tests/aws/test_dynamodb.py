from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from bunsui.aws import Aws
from bunsui.aws.dynamodb import ConditionFailedError, DynamoDB, from_wire, to_wire
from bunsui.aws.errors import ServiceError


@pytest.fixture
def table(local: Aws) -> Iterator[str]:
    client = local.client("dynamodb")
    key = [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]
    turned = [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]
    client.create_table(
        TableName="things",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("p", "s", "kind")],
        KeySchema=key,
        GlobalSecondaryIndexes=[{"IndexName": "by-kind", "KeySchema": turned, "Projection": {"ProjectionType": "ALL"}}],
    )
    yield "things"
    client.delete_table(TableName="things")


@pytest.mark.parametrize(
    "value",
    [
        0,
        -3,
        10**30,
        2.5,
        1e-7,
        Decimal("0.12345678901234567890123456789"),
        "é",
        True,
        None,
        b"\x00\xff",
        [1, "a", {"b": 2.5}],
    ],
)
def test_values_come_back_as_they_went(value: Any) -> None:
    found = from_wire(to_wire({"x": value}))["x"]
    assert found == value
    assert type(found) is type(value)


def test_update_and_get(local: Aws, table: str) -> None:
    db = DynamoDB(local)
    assert db.get_item(table, {"p": "a", "s": "1"}) is None
    item = db.update_item(table, {"p": "a", "s": "1"}, "SET #n = :n", names={"#n": "count"}, values={":n": 1.5})
    assert item == {"p": "a", "s": "1", "count": 1.5} == db.get_item(table, {"p": "a", "s": "1"})


def test_condition(local: Aws, table: str) -> None:
    with pytest.raises(ConditionFailedError):
        DynamoDB(local).update_item(
            table, {"p": "a", "s": "1"}, "SET x = :x", values={":x": 1}, condition="attribute_exists(p)"
        )


def test_query_page_by_page(local: Aws, table: str) -> None:
    db = DynamoDB(local)
    for number in range(5):
        db.update_item(table, {"p": "a", "s": str(number)}, "SET kind = :k, n = :n", values={":k": "x", ":n": number})
    first = db.query(table, "p = :p", values={":p": "a"}, descending=True, limit=2)
    assert [item["n"] for item in first.items] == [4, 3]
    second = db.query(table, "p = :p", values={":p": "a"}, descending=True, limit=2, start=first.next)
    assert [item["n"] for item in second.items] == [2, 1]
    by_kind = db.query(table, "kind = :k", values={":k": "x", ":m": 2}, index="by-kind", filter="n > :m")
    assert [item["n"] for item in by_kind.items] == [3, 4]
    every = db.query_all(table, "p = :p AND s >= :s", values={":p": "a", ":s": "1"}, limit=2)
    assert [item["n"] for item in every] == [1, 2, 3, 4]
    assert len(db.scan(table).items) == 5


def test_missing_table(local: Aws) -> None:
    with pytest.raises(ServiceError) as caught:
        DynamoDB(local).get_item("nowhere", {"p": "a"})
    assert caught.value.aws_code == "ResourceNotFoundException"
