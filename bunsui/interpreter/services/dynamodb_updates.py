"""UpdateExpression: SET, REMOVE, ADD, DELETE on a copy of an item."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.services.dynamodb_expressions import (
    CLAUSES,
    Attribute,
    ExpressionError,
    Item,
    Operand,
    Reader,
    look,
    number,
)

Path = tuple[str | int, ...]


def updated(item: Item, reader: Reader) -> tuple[Item, set[str]]:
    """The changed item, and the top-level attributes that were touched.

    Raises:
        ExpressionError: the expression cannot be read or does not fit the item.
    """
    changed = copy.deepcopy(item)
    touched: set[str] = set()
    while reader.peek():
        clause = reader.accept(*CLAUSES)
        if not clause:
            raise ExpressionError(f'Syntax error; token: "{reader.peek()}"')
        while True:
            path = reader.path()
            touched.add(str(path[0]))
            ACTIONS[clause](reader, item, changed, path)
            if not reader.accept(","):
                break
    return changed, touched


def set_action(reader: Reader, item: Item, changed: Item, path: Path) -> None:
    """`SET path = value`."""
    reader.expect("=")
    value = sum_of(reader)(item)
    if value is None:
        raise ExpressionError("The provided expression refers to an attribute that does not exist in the item")
    place(changed, path, value)


def remove_action(reader: Reader, item: Item, changed: Item, path: Path) -> None:
    """`REMOVE path`."""
    holder, last = container(changed, path)
    if isinstance(last, int):
        if isinstance(holder, list) and last < len(holder):
            del holder[last]
    elif isinstance(holder, dict):
        holder.pop(last, None)


def add_action(reader: Reader, item: Item, changed: Item, path: Path) -> None:
    """`ADD path value`: numbers add up, sets unite."""
    value = reader.value(reader.take())
    before = look(item, path)
    if "N" in value:
        place(changed, path, plain_number(number(before or {"N": "0"}) + number(value)))
        return
    kind = next(iter(value))
    place(changed, path, {kind: sorted({*(before or {}).get(kind, ()), *value[kind]})})


def delete_action(reader: Reader, item: Item, changed: Item, path: Path) -> None:
    """`DELETE path value`: out of a set; an empty set vanishes."""
    value = reader.value(reader.take())
    kind = next(iter(value))
    rest = sorted(set((look(item, path) or {}).get(kind, ())) - set(value[kind]))
    if rest:
        place(changed, path, {kind: rest})
    else:
        remove_action(reader, item, changed, path)


ACTIONS: Mapping[str, Callable[[Reader, Item, Item, Path], None]] = {
    "SET": set_action,
    "REMOVE": remove_action,
    "ADD": add_action,
    "DELETE": delete_action,
}


def sum_of(reader: Reader) -> Operand:
    """`operand`, `operand + operand`, `operand - operand`."""
    left = operand(reader)
    sign = reader.accept("+", "-")
    if not sign:
        return left
    right = operand(reader)
    factor = 1 if sign == "+" else -1
    return lambda item: plain_number(number(left(item)) + factor * number(right(item)))


def operand(reader: Reader) -> Operand:
    """A path, a value, `if_not_exists(path, value)` or `list_append(a, b)`."""
    token = reader.peek()
    if token.startswith(":"):
        value = reader.value(reader.take())
        return lambda item: value
    if token.lower() in {"if_not_exists", "list_append"} and reader.tokens[reader.at + 1 : reader.at + 2] == ["("]:
        name = reader.take().lower()
        reader.expect("(")
        first = operand(reader)
        reader.expect(",")
        second = operand(reader)
        reader.expect(")")
        if name == "if_not_exists":
            return lambda item: found if (found := first(item)) is not None else second(item)
        return lambda item: {"L": [*(first(item) or {})["L"], *(second(item) or {})["L"]]}
    path = reader.path()
    return lambda item: look(item, path)


def plain_number(value: Any) -> Attribute:
    """A number attribute, spelled without an exponent."""
    text = format(value.normalize(), "f")
    return {"N": text}


def container(item: Item, path: Path) -> tuple[Any, str | int]:
    """What holds the last step of a path.

    Raises:
        ExpressionError: a step before it does not exist.
    """
    holder: Any = item
    for step in path[:-1]:
        attribute = holder.get(step) if isinstance(holder, dict) else holder[int(step)]
        if not isinstance(attribute, dict) or not attribute.keys() & {"M", "L"}:
            raise ExpressionError("The document path provided in the update expression is invalid for update")
        holder = attribute.get("M", attribute.get("L"))
    return holder, path[-1]


def place(item: Item, path: Path, value: Attribute) -> None:
    """Set an attribute."""
    holder, last = container(item, path)
    if isinstance(holder, list):
        position = int(last)
        if position < len(holder):
            holder[position] = value
        else:
            holder.append(value)
    else:
        holder[last] = value
