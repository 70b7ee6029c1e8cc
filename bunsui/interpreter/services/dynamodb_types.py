"""How the attribute values of DynamoDB are written: Step Functions looks at that before it calls anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonvalue import compact

TYPES: Mapping[str, tuple[type[Any], str]] = {
    "S": (str, "STRING"),
    "N": (str, "STRING"),
    "B": (str, "STRING"),
    "BOOL": (bool, "BOOLEAN"),
    "NULL": (bool, "BOOLEAN"),
    "SS": (list, "ARRAY"),
    "NS": (list, "ARRAY"),
    "BS": (list, "ARRAY"),
    "L": (list, "ARRAY"),
    "M": (dict, "OBJECT"),
}
"""How attribute values are written, and what Step Functions calls that."""


def check_types(request: Any) -> None:
    """Step Functions itself looks at the types of what it is given, before it calls anything.

    Raises:
        Fault: States.Runtime, as for a number where the text of a number belongs.
    """
    for attribute in attributes(request) if isinstance(request, dict) else ():
        for kind in wrong_types(attribute):
            raise Fault(
                faults.RUNTIME,
                f"The Parameters '{compact(request)}' could not be used to start the Task: "
                f"[The value for the field '{kind}' must be a {TYPES[kind][1]}]",
            )


def wrong_types(attribute: Any) -> Iterator[str]:
    """The types of an attribute value, and of those within it, whose value is written otherwise."""
    for kind, value in attribute.items() if isinstance(attribute, dict) else ():
        if kind not in TYPES:
            continue
        if not isinstance(value, TYPES[kind][0]):
            yield kind
        elif kind in {"SS", "NS", "BS"}:
            yield from (kind for one in value if not isinstance(one, str))
        elif kind in {"L", "M"}:
            for inner in value if kind == "L" else value.values():
                yield from wrong_types(inner)


def attributes(request: Mapping[str, Any]) -> Iterator[Any]:
    """The attribute values of a request, and of the parts of a transaction."""
    for member in ("Key", "Item", "ExpressionAttributeValues", "ExclusiveStartKey"):
        given = request.get(member)
        if isinstance(given, dict):
            yield from given.values()
    for entry in request.get("TransactItems") or ():
        for part in entry.values():
            yield from attributes(part)
