from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from blueprints.invoices import ledger, source, tables
from blueprints.invoices.pipeline import pipeline
from blueprints.invoices.records import Order
from bunsui import Table
from bunsui.testing import PipelineRunner

DAY = datetime.date(2026, 3, 31)
OBJECTS = dict(source.raw_objects())
KEYS = {"orders": ("number",), "paid": ("supplier", "invoice"), "journal": ("period", "reference")}


class Taken(Exception):
    """DynamoDB's ConditionalCheckFailedException."""


def kept(value: Any) -> Any:
    """DynamoDB keeps no zeros behind the point."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


class FakeTable:
    """What the blueprint uses of boto3's Table."""

    meta = SimpleNamespace(client=SimpleNamespace(exceptions=SimpleNamespace(ConditionalCheckFailedException=Taken)))

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.items: dict[tuple[Any, ...], dict[str, Any]] = {}

    def __enter__(self) -> FakeTable:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def batch_writer(self) -> FakeTable:
        return self

    def put_item(self, Item: dict[str, Any], ConditionExpression: str = "", **values: Any) -> None:
        key = tuple(Item[name] for name in self.keys)
        there = self.items.get(key)
        if ConditionExpression:
            assert ConditionExpression == "attribute_not_exists(invoice) OR #run = :run"
            if there is not None and there["run"] != values["ExpressionAttributeValues"][":run"]:
                raise Taken
        self.items[key] = {name: kept(value) for name, value in Item.items()}

    def get_item(self, Key: dict[str, Any], ConsistentRead: bool = False) -> dict[str, Any]:
        assert set(Key) == set(self.keys)
        there = self.items.get(tuple(Key[name] for name in self.keys))
        return {} if there is None else {"Item": there}


Tables = dict[str, FakeTable]


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Tables:
    """The tables by id; one that the operation does not declare is refused, as everywhere."""
    made = {id: FakeTable(*keys) for id, keys in KEYS.items()}

    def client(table: Table) -> FakeTable:
        assert table.name.endswith(table.id)
        return made[table.id]

    monkeypatch.setattr(tables, "client", client)
    return made


@pytest.fixture
def loaded(pipeline_runner: Callable[..., PipelineRunner], fakes: Tables) -> PipelineRunner:
    """A runner that has everything."""
    made = pipeline_runner(pipeline)
    for key, content in OBJECTS.items():
        made.put("lake", key, content)
    return made


@pytest.fixture(scope="session")
def orders() -> dict[str, Order]:
    """The purchase orders of the export."""
    pages = [json.loads(content) for key, content in OBJECTS.items() if key.startswith("erp/")]
    found = [Order(**{**one, "net": Decimal(one["net"])}) for page in pages for one in page["orders"]]
    return {one.number: one for one in found}


__all__ = ["DAY", "OBJECTS", "FakeTable", "Tables", "ledger"]
