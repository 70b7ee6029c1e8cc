"""DynamoDB's expression language: conditions, updates and projections over items of typed attributes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from bunsui.interpreter.services.dynamodb_reader import Attribute, ExpressionError, Item, Reader

Operand = Callable[[Item], Attribute | None]
Condition = Callable[[Item], bool]


def condition(reader: Reader) -> Condition:
    """Compile a condition."""
    test = disjunction(reader)
    if reader.peek():
        raise reader.unexpected(reader.peek())
    return test


def disjunction(reader: Reader) -> Condition:
    """Parts joined by OR."""
    tests = [conjunction(reader)]
    while reader.accept("OR"):
        tests.append(conjunction(reader))
    return lambda item: any(test(item) for test in tests)


def conjunction(reader: Reader) -> Condition:
    """Parts joined by AND."""
    tests = [negation(reader)]
    while reader.accept("AND"):
        tests.append(negation(reader))
    return lambda item: all(test(item) for test in tests)


def negation(reader: Reader) -> Condition:
    """NOT, parentheses, a function or a comparison."""
    if reader.accept("NOT"):
        inner = negation(reader)
        return lambda item: not inner(item)
    if reader.peek() == "(":
        reader.take()
        inner = disjunction(reader)
        reader.expect(")")
        return inner
    word = reader.peek().lower()
    if word in TESTS and reader.tokens[reader.at + 1 : reader.at + 2] == ["("]:
        reader.take()
        return TESTS[word](reader)
    return comparison(reader)


def comparison(reader: Reader) -> Condition:
    """A comparison, BETWEEN or IN."""
    left = operand(reader)
    if reader.accept("BETWEEN"):
        low = operand(reader)
        reader.expect("AND")
        high = operand(reader)
        return lambda item: compare("<=", low(item), left(item)) and compare("<=", left(item), high(item))
    if reader.accept("IN"):
        reader.expect("(")
        options = [operand(reader)]
        while reader.accept(","):
            options.append(operand(reader))
        reader.expect(")")
        return lambda item: any(compare("=", left(item), option(item)) for option in options)
    symbol = reader.take()
    if symbol not in COMPARE:
        raise reader.unexpected(symbol)
    right = operand(reader)
    return lambda item: compare(symbol, left(item), right(item))


def operand(reader: Reader) -> Operand:
    """A path, a value, or `size(path)`."""
    token = reader.peek()
    if token.startswith(":"):
        value = reader.value(reader.take())
        return lambda item: value
    if token.lower() == "size" and reader.tokens[reader.at + 1 : reader.at + 2] == ["("]:
        reader.take()
        reader.expect("(")
        path = reader.path()
        reader.expect(")")
        return lambda item: sized(look(item, path))
    path = reader.path()
    return lambda item: look(item, path)


def look(item: Item, path: tuple[str | int, ...]) -> Attribute | None:
    """The attribute at a path, or None."""
    found: Any = {"M": item}
    for step in path:
        if isinstance(step, str):
            found = found.get("M", {}).get(step)
        else:
            entries = found.get("L", [])
            found = entries[step] if step < len(entries) else None
        if found is None:
            return None
    return dict(found)


def sized(attribute: Attribute | None) -> Attribute | None:
    """`size()`: characters, bytes, or elements; of other types it has none."""
    kind, value = next(iter((attribute or {"": None}).items()))
    if kind == "B":
        return {"N": str(len(base64.b64decode(value)))}
    return {"N": str(len(value))} if kind in {"S", "SS", "NS", "BS", "L", "M"} else None


def comparable(attribute: Attribute) -> tuple[str, Any]:
    """Type and value; numbers by what they mean, sets without order."""
    kind, value = next(iter(attribute.items()))
    if kind == "N":
        return kind, Decimal(value)
    return kind, sorted(value) if kind in {"SS", "NS", "BS"} else value


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compare(symbol: str, left: Attribute | None, right: Attribute | None) -> bool:
    """A comparison; of different types only `<>` is true."""
    if left is None or right is None:
        return symbol == "<>" and left is not right
    (kind, first), (other, second) = comparable(left), comparable(right)
    if kind != other:
        return symbol == "<>"
    return COMPARE[symbol](first, second)


def exists(wanted: bool) -> Callable[[Reader], Condition]:
    """`attribute_exists` and `attribute_not_exists`."""

    def build(reader: Reader) -> Condition:
        reader.expect("(")
        path = reader.path()
        reader.expect(")")
        return lambda item: (look(item, path) is not None) is wanted

    return build


def with_operand(test: Callable[[Attribute, Attribute], bool]) -> Callable[[Reader], Condition]:
    """`name(path, operand)`."""

    def build(reader: Reader) -> Condition:
        reader.expect("(")
        first = operand(reader)
        reader.expect(",")
        second = operand(reader)
        reader.expect(")")

        def check(item: Item) -> bool:
            left, right = first(item), second(item)
            return left is not None and right is not None and test(left, right)

        return check

    return build


def contains(attribute: Attribute, part: Attribute) -> bool:
    """Of a text, a set or a list."""
    kind, value = next(iter(attribute.items()))
    other = next(iter(part.values()))
    return part in value if kind == "L" else other in value


TESTS: Mapping[str, Callable[[Reader], Condition]] = {
    "attribute_exists": exists(True),
    "attribute_not_exists": exists(False),
    "attribute_type": with_operand(lambda attribute, kind: kind["S"] in attribute),
    "begins_with": with_operand(lambda attribute, part: str(attribute.get("S", "")).startswith(part.get("S", "\0"))),
    "contains": with_operand(contains),
}


def projected(item: Item, reader: Reader) -> Item:
    """The attributes at the paths of a projection, in the objects and arrays that hold them."""
    kept: Item = {}
    while True:
        path = reader.path()
        found = look(item, path)
        if found is not None:
            keep(kept, path, found)
        if not reader.accept(","):
            break
    if reader.peek():
        raise reader.unexpected(reader.peek())
    return kept


def keep(item: Item, path: tuple[str | int, ...], value: Attribute) -> None:
    """Put a value at a path; the elements of an array close up."""
    holder: Any = {"M": item}
    for step, following in zip(path, [*path[1:], None], strict=True):
        empty = value if following is None else {"M": {}} if isinstance(following, str) else {"L": []}
        if isinstance(step, str):
            holder = holder["M"].setdefault(step, empty)
        else:
            holder["L"].append(empty)
            holder = empty


def number(attribute: Attribute | None) -> Decimal:
    """The value of a number attribute.

    Raises:
        ExpressionError: it is no number, or missing.
    """
    if attribute is None:
        raise ExpressionError("The provided expression refers to an attribute that does not exist in the item")
    try:
        return Decimal(attribute["N"])
    except (KeyError, InvalidOperation):
        raise ExpressionError("An operand in the update expression has an incorrect data type") from None
