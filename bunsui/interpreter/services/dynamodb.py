"""DynamoDB: tables in memory, with conditions, updates and transactions."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bunsui.interpreter.calls import Call, Handler
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.services.dynamodb_expressions import (
    Attribute,
    ExpressionError,
    Item,
    Reader,
    comparable,
    condition,
    projected,
)
from bunsui.interpreter.services.dynamodb_updates import updated
from bunsui.interpreter.services.metadata import cause, dressed

Key = tuple[tuple[str, str], ...]


class Refused(Exception):
    """A request that DynamoDB turns down: an exception of its API."""

    def __init__(self, code: str, text: str, reasons: list[dict[str, Any]] | None = None) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.reasons = reasons


@dataclass(slots=True)
class Table:
    """Items by key."""

    name: str
    key: tuple[str, ...]
    items: dict[Key, Item] = field(default_factory=dict)

    def key_of(self, item: Mapping[str, Attribute]) -> Key:
        """The key of an item.

        Raises:
            Refused: a part of it is missing.
        """
        found = []
        for name in self.key:
            if name not in item:
                raise Refused("ValidationException", "The provided key element does not match the schema")
            kind, value = next(iter(item[name].items()))
            found.append((kind, str(value)))
        return tuple(found)


class DynamoDB:
    """Tables in memory: `DynamoDB({"sessions": ("pk", "sk")})`.

    Attributes:
        tables: by name, for tests to look into.
    """

    def __init__(self, tables: Mapping[str, str | tuple[str, ...]] | None = None) -> None:
        self.tables: dict[str, Table] = {}
        for name, key in (tables or {}).items():
            self.create_table(name, key)

    def create_table(self, name: str, key: str | tuple[str, ...]) -> Table:
        """A new, empty table with a partition key and perhaps a sort key."""
        self.tables[name] = table = Table(name, (key,) if isinstance(key, str) else tuple(key))
        return table

    def integrations(self) -> Mapping[str, Handler]:
        """The optimized integrations, and the same and more by the SDK."""
        actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "getItem": self.get_item,
            "putItem": self.put_item,
            "updateItem": self.update_item,
            "deleteItem": self.delete_item,
        }
        more: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "transactWriteItems": self.transact_write,
            "query": self.query,
            "scan": self.query,
        }
        found = {f"dynamodb:{name}": optimized(action) for name, action in actions.items()}
        return found | {f"aws-sdk:dynamodb:{name}": by_sdk(action) for name, action in {**actions, **more}.items()}

    def _table(self, request: Mapping[str, Any]) -> Table:
        name = request.get("TableName")
        table = self.tables.get(str(name).rpartition("/")[2])
        if table is None:
            raise Refused("ResourceNotFoundException", "Requested resource not found")
        return table

    def get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetItem."""
        table = self._table(request)
        item = table.items.get(table.key_of(required(request, "Key")))
        if item is None:
            return {}
        wanted = request.get("ProjectionExpression")
        shown = projected(item, wanted, request.get("ExpressionAttributeNames") or {}) if wanted else item
        return {"Item": copy.deepcopy(shown)}

    def put_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """PutItem."""
        table = self._table(request)
        item = required(request, "Item")
        key = table.key_of(item)
        before = table.items.get(key)
        check(request, before)
        table.items[key] = copy.deepcopy(item)
        return {"Attributes": before} if before and request.get("ReturnValues") == "ALL_OLD" else {}

    def delete_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteItem."""
        table = self._table(request)
        key = table.key_of(required(request, "Key"))
        before = table.items.get(key)
        check(request, before)
        table.items.pop(key, None)
        return {"Attributes": before} if before and request.get("ReturnValues") == "ALL_OLD" else {}

    def update_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateItem: the condition and the change are one step."""
        table = self._table(request)
        given = required(request, "Key")
        key = table.key_of(given)
        before = table.items.get(key)
        check(request, before)
        base = copy.deepcopy(before) if before is not None else dict(given)
        after, touched = base, set[str]()
        if request.get("UpdateExpression"):
            after, touched = updated(base, reader(request, "UpdateExpression"))
        table.items[key] = after
        shown = RETURNED[request.get("ReturnValues") or "NONE"](before or {}, after, touched)
        return {"Attributes": copy.deepcopy(shown)} if shown else {}

    def transact_write(self, request: dict[str, Any]) -> dict[str, Any]:
        """TransactWriteItems: all or nothing."""
        saved = {name: dict(table.items) for name, table in self.tables.items()}
        reasons: list[dict[str, Any]] = []
        for entry in request.get("TransactItems") or []:
            kind, part = next(iter(entry.items()))
            try:
                self._transact(kind, part)
                reasons.append({"Code": "None"})
            except Refused as error:
                reasons.append({"Code": error.code.removesuffix("Exception"), "Message": error.text})
        if any(reason["Code"] != "None" for reason in reasons):
            for name, items in saved.items():
                self.tables[name].items = items
            codes = ", ".join("None" if r["Code"] == "None" else r["Code"] for r in reasons)
            raise Refused(
                "TransactionCanceledException",
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
                reasons,
            )
        return {}

    def _transact(self, kind: str, part: dict[str, Any]) -> None:
        actions = {"Put": self.put_item, "Update": self.update_item, "Delete": self.delete_item}
        if kind in actions:
            actions[kind](part)
        else:
            table = self._table(part)
            check(part, table.items.get(table.key_of(part["Key"])))

    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        """Query and Scan, without paging."""
        table = self._table(request)
        tests = [
            condition(reader(request, name))
            for name in ("KeyConditionExpression", "FilterExpression")
            if request.get(name)
        ]
        found = [item for item in table.items.values() if all(test(item) for test in tests)]
        if len(table.key) > 1:
            found.sort(
                key=lambda item: comparable(item[table.key[1]]), reverse=request.get("ScanIndexForward") is False
            )
        found = found[: request.get("Limit") or len(found)]
        return {"Count": len(found), "Items": copy.deepcopy(found), "ScannedCount": len(found)}


RETURNED: Mapping[str, Callable[[Item, Item, set[str]], Item]] = {
    "NONE": lambda before, after, touched: {},
    "ALL_OLD": lambda before, after, touched: before,
    "ALL_NEW": lambda before, after, touched: after,
    "UPDATED_OLD": lambda before, after, touched: {name: before[name] for name in sorted(touched) if name in before},
    "UPDATED_NEW": lambda before, after, touched: {name: after[name] for name in sorted(touched) if name in after},
}


def required(request: Mapping[str, Any], name: str) -> Any:
    """A member that has to be there.

    Raises:
        Refused: it is not.
    """
    if request.get(name) is None:
        lower = name[0].lower() + name[1:]
        raise Refused(
            "ValidationException",
            f"1 validation error detected: Value null at '{lower}' failed to satisfy constraint: "
            "Member must not be null",
        )
    return request[name]


def reader(request: Mapping[str, Any], name: str) -> Reader:
    """An expression of a request with its placeholders."""
    return Reader(
        str(request[name]),
        request.get("ExpressionAttributeNames") or {},
        request.get("ExpressionAttributeValues") or {},
    )


def check(request: Mapping[str, Any], item: Item | None) -> None:
    """The condition of a write.

    Raises:
        Refused: it does not hold.
    """
    if request.get("ConditionExpression") and not condition(reader(request, "ConditionExpression"))(item or {}):
        raise Refused("ConditionalCheckFailedException", "The conditional request failed")


def attempted(action: Callable[[dict[str, Any]], dict[str, Any]], call: Call) -> dict[str, Any]:
    """Run an action; errors of expressions are validation errors."""
    try:
        return action(call.arguments)
    except ExpressionError as error:
        raise Refused("ValidationException", f"Invalid expression: {error}") from None


def optimized(action: Callable[[dict[str, Any]], dict[str, Any]]) -> Handler:
    """As `dynamodb:<action>`: the result is dressed, and errors are `DynamoDB.<Exception>`."""

    def handle(call: Call) -> Any:
        try:
            result = attempted(action, call)
        except Refused as error:
            known = "AmazonDynamoDBException" if error.code == "ValidationException" else error.code
            text = cause(error.text, "AmazonDynamoDBv2", 400, error.code, call)
            raise TaskFailed(f"DynamoDB.{known}", text) from None
        checksum = str(zlib.crc32(compact(result).encode()))
        spelled = {"x-amzn-RequestId": "", "x-amzn-requestid": checksum} if "Item" in result else {}
        headers = {"Server": "Server", "x-amz-crc32": checksum, **spelled}
        return dressed(call, result, None, **headers)

    return handle


def by_sdk(action: Callable[[dict[str, Any]], dict[str, Any]]) -> Handler:
    """As `aws-sdk:dynamodb:<action>`."""

    def handle(call: Call) -> Any:
        try:
            return attempted(action, call)
        except Refused as error:
            request = call.run.world.identifier()
            text = f"{error.text} (Service: DynamoDb, Status Code: 400, Request ID: {request}) (SDK Attempt Count: 1)"
            known = "DynamoDbException" if error.code == "ValidationException" else error.code
            raise TaskFailed(f"DynamoDb.{known}", text) from None

    return handle
