"""UpdateExpression: SET, REMOVE, ADD, DELETE on a copy of an item."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.services.dynamodb_expressions import Operand, look, number
from bunsui.interpreter.services.dynamodb_reader import CLAUSES, Attribute, ExpressionError, Item, Reader

Path = tuple[str | int, ...]
Change = Callable[[Item, Item], None]
"""Takes the item as it was, and the copy to change."""

WRONG_TYPE = "An operand in the update expression has an incorrect data type"


class Update:
    """A compiled update expression.

    Attributes:
        touched: the top-level attributes that it may change.
    """

    def __init__(self, reader: Reader) -> None:
        self._changes: list[Change] = []
        self._paths: list[Path] = []
        used: set[str] = set()
        while reader.peek():
            clause = reader.accept(*CLAUSES)
            if not clause:
                raise reader.unexpected(reader.peek())
            if clause in used:
                raise reader.wrong(f'The "{clause}" section can only be used once in an update expression;')
            used.add(clause)
            self._read(reader, clause)
        self.touched = {str(path[0]) for path in self._paths}

    def _read(self, reader: Reader, clause: str) -> None:
        while True:
            path = reader.path()
            if any(path[: len(other)] == other[: len(path)] for other in self._paths):
                raise reader.wrong(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths"
                )
            self._paths.append(path)
            self._changes.append(ACTIONS[clause](reader, path))
            if not reader.accept(","):
                break

    def apply(self, item: Item) -> Item:
        """The changed copy of an item.

        Raises:
            ExpressionError: the expression does not fit the item.
        """
        changed = copy.deepcopy(item)
        for change in self._changes:
            change(item, changed)
        return changed


def set_action(reader: Reader, path: Path) -> Change:
    """`SET path = value`."""
    reader.expect("=")
    value = sum_of(reader)

    def change(item: Item, changed: Item) -> None:
        found = value(item)
        if found is None:
            raise ExpressionError("The provided expression refers to an attribute that does not exist in the item")
        place(changed, path, found)

    return change


def remove_action(reader: Reader, path: Path) -> Change:
    """`REMOVE path`."""
    return lambda item, changed: remove(changed, path)


def remove(changed: Item, path: Path) -> None:
    """Take an attribute away, if it is there."""
    holder, last = container(changed, path)
    if isinstance(last, int):
        if isinstance(holder, list) and last < len(holder):
            del holder[last]
    elif isinstance(holder, dict):
        holder.pop(last, None)


def add_action(reader: Reader, path: Path) -> Change:
    """`ADD path value`: numbers add up, sets unite."""
    value = reader.value(reader.take())
    kind = next(iter(value))

    def change(item: Item, changed: Item) -> None:
        before = look(item, path)
        if kind == "N":
            place(changed, path, plain_number(number(before or {"N": "0"}) + number(value)))
        else:
            place(changed, path, {kind: sorted({*members(before, kind), *members(value, kind)})})

    return change


def delete_action(reader: Reader, path: Path) -> Change:
    """`DELETE path value`: out of a set; an empty set vanishes."""
    value = reader.value(reader.take())
    kind = next(iter(value))

    def change(item: Item, changed: Item) -> None:
        before = look(item, path)
        rest = sorted(members(before, kind) - members(value, kind))
        if rest:
            place(changed, path, {kind: rest})
        elif before is not None:
            remove(changed, path)

    return change


def members(attribute: Attribute | None, kind: str) -> set[str]:
    """The elements of a set; none where there is no attribute.

    Raises:
        ExpressionError: it is not a set of this kind.
    """
    if kind not in {"SS", "NS", "BS"} or (attribute is not None and kind not in attribute):
        raise ExpressionError(WRONG_TYPE)
    return set() if attribute is None else set(attribute[kind])


ACTIONS: Mapping[str, Callable[[Reader, Path], Change]] = {
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
        return lambda item: {"L": [*elements(first(item)), *elements(second(item))]}
    path = reader.path()
    return lambda item: look(item, path)


def elements(attribute: Attribute | None) -> list[Attribute]:
    """Those of a list.

    Raises:
        ExpressionError: it is none.
    """
    if attribute is None:
        raise ExpressionError("The provided expression refers to an attribute that does not exist in the item")
    if "L" not in attribute:
        raise ExpressionError(WRONG_TYPE)
    found: list[Attribute] = attribute["L"]
    return found


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
        attribute = holder.get(step) if isinstance(holder, dict) else dict(enumerate(holder)).get(int(step))
        if not isinstance(attribute, dict) or not attribute.keys() & {"M", "L"}:
            raise ExpressionError("The document path provided in the update expression is invalid for update")
        holder = attribute.get("M", attribute.get("L"))
    return holder, path[-1]


def place(item: Item, path: Path, value: Attribute) -> None:
    """Set an attribute; behind the end of a list it is appended."""
    holder, last = container(item, path)
    if isinstance(holder, list):
        position = int(last)
        if position < len(holder):
            holder[position] = value
        else:
            holder.append(value)
    else:
        holder[last] = value
