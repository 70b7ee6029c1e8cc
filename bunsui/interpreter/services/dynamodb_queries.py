"""Query and Scan: items in order of their keys, a page at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.services.dynamodb_expressions import Condition, comparable, condition, projected
from bunsui.interpreter.services.dynamodb_reader import Item
from bunsui.interpreter.services.dynamodb_tables import VALIDATION, Refused, Table, reader

PAGE = 1_048_576
"""The bytes of items that one request reads; here they are counted as JSON."""


def query(table: Table, request: Mapping[str, Any]) -> dict[str, Any]:
    """Query: the items of one partition of a table or index, by the sort key."""
    if not request.get("KeyConditionExpression"):
        raise Refused(
            VALIDATION, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    key = key_of_index(table, request)
    tested = key_names(request)
    if key[0] not in tested:
        raise Refused(VALIDATION, f"Query condition missed key schema element: {key[0]}")
    if tested - set(key):
        raise Refused(VALIDATION, "Query key condition not supported")
    return page(table, key, request, condition(reader(request, "KeyConditionExpression")))


def scan(table: Table, request: Mapping[str, Any]) -> dict[str, Any]:
    """Scan: all items of a table or index; AWS gives no order, here it is that of the keys."""
    return page(table, key_of_index(table, request), request, lambda item: True)


def key_of_index(table: Table, request: Mapping[str, Any]) -> tuple[str, ...]:
    """The key of what is read: the table's, or that of an index.

    Raises:
        Refused: there is no such index.
    """
    name = request.get("IndexName")
    if name is None:
        return table.key
    if name not in table.indexes:
        raise Refused(VALIDATION, f"The table does not have the specified index: {name}")
    return table.indexes[name]


def key_names(request: Mapping[str, Any]) -> set[str]:
    """The attributes that the key condition speaks of."""
    cursor = reader(request, "KeyConditionExpression")
    names = {cursor.names.get(token, token) for token in cursor.tokens if token[0] == "#" or token[0].isidentifier()}
    return {name for name in names if name.upper() not in {"AND", "BETWEEN", "BEGINS_WITH"}}


def page(table: Table, key: tuple[str, ...], request: Mapping[str, Any], chosen: Condition) -> dict[str, Any]:
    """One answer: items up to the limit, and where the next request goes on.

    Limit counts the items before the filter; a page that has reached it names its last item even if nothing follows.
    """
    limit = request.get("Limit")
    if limit is not None and limit < 1:
        raise Refused(
            VALIDATION,
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        )
    passes = condition(reader(request, "FilterExpression")) if request.get("FilterExpression") else None
    found: list[Item] = []
    read = size = 0
    last: Item | None = None
    for item in following(table, key, request, chosen):
        read += 1
        size += len(compact(item))
        if passes is None or passes(item):
            found.append(item)
        if read == limit or size >= PAGE:
            last = item
            break
    answer: dict[str, Any] = {"Count": len(found), "ScannedCount": read}
    if request.get("Select") != "COUNT":
        answer["Items"] = [shown(item, request) for item in found]
    if last is not None:
        answer["LastEvaluatedKey"] = copy.deepcopy({name: last[name] for name in (*table.key, *key)})
    return dict(sorted(answer.items()))


def shown(item: Item, request: Mapping[str, Any]) -> Item:
    """What ProjectionExpression leaves of an item."""
    wanted = request.get("ProjectionExpression")
    return copy.deepcopy(projected(item, reader(request, "ProjectionExpression")) if wanted else item)


def following(table: Table, key: tuple[str, ...], request: Mapping[str, Any], chosen: Condition) -> Iterator[Item]:
    """The chosen items in order, behind the start key; an index has only the items that have its key."""
    names = (*key, *table.key)
    backwards = request.get("ScanIndexForward") is False
    start = request.get("ExclusiveStartKey")
    if start is not None and start.keys() != set(names):
        raise Refused(VALIDATION, "The provided starting key is invalid")

    def order(item: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(comparable(item[name]) for name in names)

    after = None if start is None else order(start)
    items = [item for item in table.items.values() if all(name in item for name in key) and chosen(item)]
    for item in sorted(items, key=order, reverse=backwards):
        if after is None or (order(item) < after if backwards else order(item) > after):
            yield item
