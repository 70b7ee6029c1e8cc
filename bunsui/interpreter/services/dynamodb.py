"""DynamoDB: tables in memory, with conditions, updates, transactions and pages. Time to live is not applied."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.calls import Call, Handler
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.services import dynamodb_queries
from bunsui.interpreter.services.dynamodb_expressions import projected
from bunsui.interpreter.services.dynamodb_reader import ExpressionError, Item
from bunsui.interpreter.services.dynamodb_tables import (
    VALIDATION,
    Refused,
    Table,
    check,
    check_request,
    reader,
    required,
)
from bunsui.interpreter.services.dynamodb_updates import Update
from bunsui.interpreter.services.metadata import cause, dressed

Action = Callable[[dict[str, Any]], dict[str, Any]]


class DynamoDB:
    """Tables in memory: `DynamoDB({"sessions": ("pk", "sk")})`.

    Attributes:
        tables: by name, for tests to look into.
    """

    def __init__(self, tables: Mapping[str, str | tuple[str, ...]] | None = None) -> None:
        self.tables: dict[str, Table] = {}
        for name, key in (tables or {}).items():
            self.create_table(name, key)

    def create_table(
        self,
        name: str,
        key: str | tuple[str, ...],
        indexes: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Table:
        """A new, empty table with a partition key and perhaps a sort key, and the same for its secondary indexes."""
        keys = {index: parts(given) for index, given in (indexes or {}).items()}
        self.tables[name] = table = Table(name, parts(key), keys)
        return table

    def integrations(self) -> Mapping[str, Handler]:
        """The optimized integrations, and the same and more by the SDK."""
        actions: dict[str, Action] = {
            "getItem": self.get_item,
            "putItem": self.put_item,
            "updateItem": self.update_item,
            "deleteItem": self.delete_item,
        }
        more: dict[str, Action] = {
            "transactWriteItems": self.transact_write,
            "query": self.query,
            "scan": self.scan,
        }
        found = {f"dynamodb:{name}": optimized(action) for name, action in actions.items()}
        return found | {f"aws-sdk:dynamodb:{name}": by_sdk(action) for name, action in {**actions, **more}.items()}

    def _table(self, request: Mapping[str, Any]) -> Table:
        name = required(request, "TableName")
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
        shown = projected(item, reader(request, "ProjectionExpression")) if wanted else item
        return {"Item": copy.deepcopy(shown)}

    def put_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """PutItem."""
        table = self._table(request)
        item = required(request, "Item")
        key = table.place_of(item)
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
        update = Update(reader(request, "UpdateExpression")) if request.get("UpdateExpression") else None
        touched = set() if update is None else update.touched
        for name in sorted(touched & set(table.key)):
            raise Refused(
                VALIDATION,
                f"One or more parameter values were invalid: Cannot update attribute {name}. "
                "This attribute is part of the key",
            )
        before = table.items.get(key)
        check(request, before)
        base = dict(given) if before is None else before
        table.items[key] = after = base if update is None else update.apply(base)
        shown = RETURNED[request.get("ReturnValues") or "NONE"](before or {}, after, touched)
        return {"Attributes": copy.deepcopy(shown)} if shown else {}

    def transact_write(self, request: dict[str, Any]) -> dict[str, Any]:
        """TransactWriteItems: all or nothing."""
        saved = {name: dict(table.items) for name, table in self.tables.items()}
        codes: list[str] = []
        try:
            for entry in required(request, "TransactItems"):
                kind, part = next(iter(entry.items()))
                codes.append(self._transact(kind, part))
        except (Refused, ExpressionError):
            self._restore(saved)
            raise
        if any(code != "None" for code in codes):
            self._restore(saved)
            raise Refused(
                "TransactionCanceledException",
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(codes)}]",
            )
        return {}

    def _restore(self, saved: Mapping[str, dict[Any, Item]]) -> None:
        for name, items in saved.items():
            self.tables[name].items = items

    def _transact(self, kind: str, part: dict[str, Any]) -> str:
        """One part of a transaction; the value is the code of its cancellation reason.

        Raises:
            Refused: the part is not valid in itself.
        """
        actions = {"Put": self.put_item, "Update": self.update_item, "Delete": self.delete_item}
        check_request(part)
        try:
            if kind in actions:
                actions[kind](part)
            else:
                table = self._table(part)
                check(part, table.items.get(table.key_of(required(part, "Key"))))
        except Refused as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            return "ConditionalCheckFailed"
        return "None"

    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        """Query."""
        return dynamodb_queries.query(self._table(request), request)

    def scan(self, request: dict[str, Any]) -> dict[str, Any]:
        """Scan."""
        return dynamodb_queries.scan(self._table(request), request)


def parts(key: str | tuple[str, ...]) -> tuple[str, ...]:
    """A key as a tuple of names."""
    return (key,) if isinstance(key, str) else tuple(key)


RETURNED: Mapping[str, Callable[[Item, Item, set[str]], Item]] = {
    "NONE": lambda before, after, touched: {},
    "ALL_OLD": lambda before, after, touched: before,
    "ALL_NEW": lambda before, after, touched: after,
    "UPDATED_OLD": lambda before, after, touched: {name: before[name] for name in sorted(touched) if name in before},
    "UPDATED_NEW": lambda before, after, touched: {name: after[name] for name in sorted(touched) if name in after},
}


def attempted(action: Action, call: Call) -> dict[str, Any]:
    """Run an action; errors of expressions are validation errors."""
    try:
        check_request(call.arguments)
        return action(call.arguments)
    except ExpressionError as error:
        raise Refused(VALIDATION, str(error)) from None


def optimized(action: Action) -> Handler:
    """As `dynamodb:<action>`: the result is dressed, and errors are `DynamoDB.<Exception>`."""

    def handle(call: Call) -> Any:
        try:
            result = attempted(action, call)
        except Refused as error:
            known = "AmazonDynamoDBException" if error.code == VALIDATION else error.code
            text = cause(error.text, "AmazonDynamoDBv2", 400, error.code, call)
            raise TaskFailed(f"DynamoDB.{known}", text) from None
        checksum = str(zlib.crc32(compact(result).encode()))
        spelled = {"x-amzn-RequestId": "", "x-amzn-requestid": checksum} if "Item" in result else {}
        headers = {"Server": "Server", "x-amz-crc32": checksum, **spelled}
        return dressed(call, result, None, **headers)

    return handle


def by_sdk(action: Action) -> Handler:
    """As `aws-sdk:dynamodb:<action>`."""

    def handle(call: Call) -> Any:
        try:
            return attempted(action, call)
        except Refused as error:
            request = call.run.world.identifier()
            text = f"{error.text} (Service: DynamoDb, Status Code: 400, Request ID: {request}) (SDK Attempt Count: 1)"
            known = "DynamoDbException" if error.code == VALIDATION else error.code
            raise TaskFailed(f"DynamoDb.{known}", text) from None

    return handle
