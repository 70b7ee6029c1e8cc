"""Tables of DynamoDB, and what is asked of every request: keys, attribute values, placeholders, conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from bunsui.interpreter.services.dynamodb_expressions import condition
from bunsui.interpreter.services.dynamodb_reader import Attribute, Item, Reader
from bunsui.interpreter.services.dynamodb_types import TYPES, attributes

Key = tuple[tuple[str, str], ...]
VALIDATION = "ValidationException"
EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
PLACEHOLDERS = re.compile(r"[#:]\w+")


class Refused(Exception):
    """A request that DynamoDB turns down: an exception of its API."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


@dataclass(slots=True)
class Table:
    """Items by key.

    Attributes:
        key: the partition key, and perhaps the sort key.
        indexes: the keys of secondary indexes by name; each has all attributes.
    """

    name: str
    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)

    def key_of(self, given: Mapping[str, Attribute]) -> Key:
        """The Key of a request, which has nothing but the key.

        Raises:
            Refused: it has less or more.
        """
        if given.keys() != set(self.key):
            raise Refused(VALIDATION, "The provided key element does not match the schema")
        return self.place_of(given)

    def place_of(self, item: Mapping[str, Attribute]) -> Key:
        """The key of an item.

        Raises:
            Refused: a part of it is missing or empty.
        """
        found = []
        for name in self.key:
            if name not in item:
                raise Refused(
                    VALIDATION, f"One or more parameter values were invalid: Missing the key {name} in the item"
                )
            kind, value = next(iter(item[name].items()))
            if value == "":
                raise Refused(
                    VALIDATION,
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                    f"an empty string value. Key: {name}",
                )
            found.append((kind, str(value)))
        return tuple(found)


def required(request: Mapping[str, Any], name: str) -> Any:
    """A member that has to be there.

    Raises:
        Refused: it is not.
    """
    if request.get(name) is None:
        lower = name[0].lower() + name[1:]
        raise Refused(
            VALIDATION,
            f"1 validation error detected: Value null at '{lower}' failed to satisfy constraint: "
            "Member must not be null",
        )
    return request[name]


def reader(request: Mapping[str, Any], name: str) -> Reader:
    """An expression of a request with its placeholders."""
    return Reader(
        name,
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


def check_request(request: Mapping[str, Any]) -> None:
    """What DynamoDB asks of any request.

    Raises:
        Refused: a placeholder has no use, or a value is not what its type says.
    """
    text = " ".join(str(request[name]) for name in EXPRESSIONS if request.get(name))
    used = set(PLACEHOLDERS.findall(text))
    for member in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        given = request.get(member)
        if given is None:
            continue
        if not text:
            raise Refused(VALIDATION, f"{member} can only be specified when using expressions")
        if not given:
            raise Refused(VALIDATION, f"{member} must not be empty")
        unused = [name for name in given if name not in used]
        if unused:
            names = ", ".join(unused)
            raise Refused(VALIDATION, f"Value provided in {member} unused in expressions: keys: {{{names}}}")
    for attribute in attributes(request):
        check_attribute(attribute)


def check_attribute(attribute: Any) -> None:
    """An attribute value says one type, and its value is of that type.

    Raises:
        Refused: DynamoDB does not take it.
    """
    if not isinstance(attribute, dict) or len(attribute) != 1 or not attribute.keys() <= TYPES.keys():
        raise Refused(
            VALIDATION, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        )
    kind, value = next(iter(attribute.items()))
    for number in {"N": [value], "NS": value}.get(kind, ()):
        try:
            Decimal(number)
        except InvalidOperation:
            raise Refused(VALIDATION, "The parameter cannot be converted to a numeric value: " + number) from None
    if kind in {"SS", "NS", "BS"} and not value:
        raise Refused(VALIDATION, "One or more parameter values were invalid: An string set  may not be empty")
    for inner in value if kind == "L" else value.values() if kind == "M" else ():
        check_attribute(inner)
