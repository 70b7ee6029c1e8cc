"""Amazon DynamoDB: items as plain Python values.

Numbers come back as int when they are whole, as float when a float holds them exactly as written, else as Decimal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bunsui.aws.connection import Aws
from bunsui.aws.errors import ServiceError, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SERVICE = "dynamodb"
Item = dict[str, Any]


class ConditionFailedError(ServiceError):
    """The condition of a write did not hold; nothing was written."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items and where to go on.

    Attributes:
        items: in the order of the sort key.
        next: pass it as `start` to get the following page; None after the last. A page may be empty and not the last.
    """

    items: tuple[Item, ...]
    next: Item | None = None


@dataclass(frozen=True, slots=True)
class DynamoDB:
    """DynamoDB by way of a connection; every method raises AwsError."""

    aws: Aws

    @property
    def _client(self) -> DynamoDBClient:
        client: DynamoDBClient = self.aws.client(SERVICE)
        return client

    def get_item(self, table: str, key: Item, *, consistent: bool = True) -> Item | None:
        """The item of that key, or None."""
        with translated(SERVICE):
            found = self._client.get_item(TableName=table, Key=to_wire(key), ConsistentRead=consistent)
        return from_wire(found["Item"]) if "Item" in found else None

    def query(
        self,
        table: str,
        key_condition: str,
        *,
        values: Item,
        names: Mapping[str, str] | None = None,
        index: str | None = None,
        filter: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        start: Item | None = None,
        consistent: bool = False,
    ) -> Page:
        """One page of the items under a partition key.

        Args:
            table: its name.
            key_condition: such as `#p = :p AND started > :t`.
            values: of the placeholders, `{":p": "flight-delays"}`.
            names: of attributes that are reserved words, `{"#p": "pipeline"}`.
            index: a secondary index instead of the table.
            filter: a filter expression, applied after `limit` items were read (DynamoDB's rule).
            descending: highest sort key first.
            limit: items read at most.
            start: `next` of the page before.
            consistent: a strongly consistent read; DynamoDB refuses it on a global secondary index.
        """
        wanted: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": key_condition,
            "ExpressionAttributeValues": to_wire(values),
            "ScanIndexForward": not descending,
            "ConsistentRead": consistent,
            "ExpressionAttributeNames": dict(names) if names else None,
            "IndexName": index,
            "FilterExpression": filter,
            "Limit": limit,
            "ExclusiveStartKey": to_wire(start) if start else None,
        }
        with translated(SERVICE):
            page = self._client.query(**{key: value for key, value in wanted.items() if value is not None})
        last = page.get("LastEvaluatedKey")
        return Page(tuple(from_wire(item) for item in page["Items"]), from_wire(last) if last else None)

    def query_all(self, table: str, key_condition: str, *, values: Item, **wanted: Any) -> Iterator[Item]:
        """All items that `query` with the same arguments finds, fetched page by page as they are consumed."""
        page = self.query(table, key_condition, values=values, **wanted)
        yield from page.items
        while page.next is not None:
            page = self.query(table, key_condition, values=values, **{**wanted, "start": page.next})
            yield from page.items

    def scan(self, table: str, *, limit: int | None = None, start: Item | None = None) -> Page:
        """One page of all items of a table."""
        wanted: dict[str, Any] = {"Limit": limit, "ExclusiveStartKey": to_wire(start) if start else None}
        with translated(SERVICE):
            page = self._client.scan(
                TableName=table, **{key: value for key, value in wanted.items() if value is not None}
            )
        last = page.get("LastEvaluatedKey")
        return Page(tuple(from_wire(item) for item in page["Items"]), from_wire(last) if last else None)

    def update_item(
        self,
        table: str,
        key: Item,
        update: str,
        *,
        values: Item | None = None,
        names: Mapping[str, str] | None = None,
        condition: str | None = None,
    ) -> Item:
        """Change or create an item by an update expression and return all of it afterwards.

        Raises:
            ConditionFailedError: `condition` did not hold.
        """
        wanted: dict[str, Any] = {
            "ExpressionAttributeValues": to_wire(values) if values else None,
            "ExpressionAttributeNames": dict(names) if names else None,
            "ConditionExpression": condition,
        }
        try:
            with translated(SERVICE):
                done = self._client.update_item(
                    TableName=table,
                    Key=to_wire(key),
                    UpdateExpression=update,
                    ReturnValues="ALL_NEW",
                    **{name: value for name, value in wanted.items() if value is not None},
                )
        except ServiceError as error:
            if error.aws_code != "ConditionalCheckFailedException":
                raise
            raise error.narrowed(ConditionFailedError, "the item was changed in the meantime; read it again") from error
        return from_wire(done.get("Attributes", {}))


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB's API writes it, `{"n": {"N": "1"}}`."""
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize
    return {name: serialize(_without_floats(value)) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> Item:
    """An item of DynamoDB's API as plain values."""
    from boto3.dynamodb.types import TypeDeserializer

    deserialize = TypeDeserializer().deserialize
    return {name: _plain(deserialize(value)) for name, value in item.items()}


def _without_floats(value: Any) -> Any:
    """boto3 refuses floats; their shortest decimal form is what a reader means by them."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _without_floats(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_floats(inner) for inner in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, set):
        return {_plain(inner) for inner in value}
    return bytes(value) if type(value).__name__ == "Binary" else value
