"""DynamoDB's expression language: conditions, updates and projections over items of typed attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

Attribute = dict[str, Any]
Item = dict[str, Attribute]
TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>()\[\],.+-]|#\w+|:\w+|[A-Za-z_]\w*|\d+)")
CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class ExpressionError(ValueError):
    """An expression that DynamoDB would refuse."""


@dataclass(slots=True)
class Reader:
    """A cursor over the tokens of one expression."""

    text: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Attribute] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        place = 0
        while place < len(self.text.rstrip()):
            found = TOKEN.match(self.text, place)
            if not found:
                raise ExpressionError(f'Syntax error; token: "{self.text[place : place + 1]}"')
            self.tokens.append(found[1])
            place = found.end()

    def peek(self) -> str:
        """The next token, or nothing."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        """Go past the next token."""
        token = self.peek()
        self.at += 1
        return token

    def accept(self, *words: str) -> str:
        """Go past one of some words, if it is here."""
        if self.peek().upper() in words:
            return self.take().upper()
        return ""

    def expect(self, word: str) -> None:
        """Go past a word that has to be here."""
        if not self.accept(word):
            raise ExpressionError(f'Syntax error; token: "{self.peek() or "<EOF>"}"')

    def path(self) -> tuple[str | int, ...]:
        """`a.#b[0]`."""
        steps: list[str | int] = [self.name(self.take())]
        while self.peek() in {".", "["}:
            if self.take() == ".":
                steps.append(self.name(self.take()))
            else:
                steps.append(int(self.take()))
                self.expect("]")
        return tuple(steps)

    def name(self, token: str) -> str:
        """An attribute name, perhaps behind a placeholder."""
        if token.startswith("#"):
            if token not in self.names:
                raise ExpressionError(
                    f"An expression attribute name used in the document path is not defined; attribute name: {token}"
                )
            return self.names[token]
        if not re.match(r"[A-Za-z_]", token):
            raise ExpressionError(f'Syntax error; token: "{token or "<EOF>"}"')
        return token

    def value(self, token: str) -> Attribute:
        """An attribute value behind its placeholder."""
        if token not in self.values:
            raise ExpressionError(
                f"An expression attribute value used in expression is not defined; attribute value: {token}"
            )
        return self.values[token]


Operand = Callable[[Item], Attribute | None]
Condition = Callable[[Item], bool]


def condition(reader: Reader) -> Condition:
    """Compile a condition."""
    test = disjunction(reader)
    if reader.peek():
        raise ExpressionError(f'Syntax error; token: "{reader.peek()}"')
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
        raise ExpressionError(f'Syntax error; token: "{symbol or "<EOF>"}"')
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
    """`size()`."""
    return None if attribute is None else {"N": str(len(next(iter(attribute.values()))))}


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


def projected(item: Item, text: str, names: Mapping[str, str]) -> Item:
    """The attributes that a projection keeps, top level only."""
    reader = Reader(text, names)
    kept = {}
    while reader.peek():
        path = reader.path()
        head = str(path[0])
        if head in item:
            kept[head] = item[head]
        reader.accept(",")
    return kept


def number(attribute: Attribute | None) -> Decimal:
    """The value of a number attribute."""
    try:
        return Decimal((attribute or {})["N"])
    except (KeyError, InvalidOperation):
        raise ExpressionError("An operand in the update expression has an incorrect data type") from None
