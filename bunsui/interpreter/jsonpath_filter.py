"""The expressions of `[?( ... )]`: comparisons of paths and literals, joined by `&&`, `||`, `!` and parentheses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.jsonpath import Path, PathNotFound, PathSyntaxError, Predicate
from bunsui.interpreter.jsonpath_parser import closing, end_of_string
from bunsui.interpreter.jsonvalue import is_number, number_text

Operand = Callable[[Any, Any], Any]

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
WORD = re.compile(r"[A-Za-z]+")
SYMBOL = re.compile(r"===|!==|==|!=|<=|>=|=~|<|>")
PATH_ENDS = " \t<>=!~&|)/,"
LITERALS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class Missing:
    """What a path that matches nothing stands for; equal to nothing but itself."""


MISSING = Missing()


def predicate(text: str) -> Predicate:
    """Compile the inside of a filter.

    Raises:
        PathSyntaxError: it cannot be read.
    """
    reader = FilterReader(text)
    result = reader.disjunction()
    reader.blanks()
    if reader.at != len(text):
        raise PathSyntaxError(f"unexpected {text[reader.at :]!r} in the filter {text!r}")
    return result


class FilterReader:
    """Recursive descent over one filter."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def blanks(self) -> None:
        """Skip blanks."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def accept(self, symbol: str) -> bool:
        """Go past a symbol if it is here."""
        self.blanks()
        if self.text.startswith(symbol, self.at):
            self.at += len(symbol)
            return True
        return False

    def disjunction(self) -> Predicate:
        """Parts joined by `||`."""
        parts = [self.conjunction()]
        while self.accept("||"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda node, root: any(part(node, root) for part in parts)

    def conjunction(self) -> Predicate:
        """Parts joined by `&&`."""
        parts = [self.negation()]
        while self.accept("&&"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda node, root: all(part(node, root) for part in parts)

    def negation(self) -> Predicate:
        """`!`, parentheses, or a comparison."""
        self.blanks()
        if self.text.startswith("!", self.at) and not self.text.startswith("!=", self.at):
            self.at += 1
            inner = self.negation()
            return lambda node, root: not inner(node, root)
        if self.accept("("):
            inner = self.disjunction()
            if not self.accept(")"):
                raise PathSyntaxError(f"expected ')' in the filter {self.text!r}")
            return inner
        return self.comparison()

    def comparison(self) -> Predicate:
        """Two operands and an operator, or a path that has to exist."""
        left, is_path = self.operand()
        operator = self.operator()
        if operator is None:
            if not is_path:
                raise PathSyntaxError(f"a value alone is no condition in the filter {self.text!r}")
            return lambda node, root: left(node, root) is not MISSING
        compare = OPERATORS[operator]
        right, _ = self.operand()
        return lambda node, root: compare(left(node, root), right(node, root))

    def operator(self) -> str | None:
        """The operator here, if there is one."""
        self.blanks()
        found = SYMBOL.match(self.text, self.at) or WORD.match(self.text, self.at)
        if not found:
            return None
        if found[0].lower() not in OPERATORS:
            raise PathSyntaxError(f"unknown operator {found[0]!r} in the filter {self.text!r}")
        self.at = found.end()
        return found[0].lower()

    def operand(self) -> tuple[Operand, bool]:
        """A path or a literal, and which of the two it is."""
        self.blanks()
        char = self.text[self.at : self.at + 1]
        if char and char in "@$":
            return self.path(), True
        value = self.literal(char)
        return (lambda node, root: value), False

    def literal(self, char: str) -> Any:
        """A string, JSON, a regular expression, a word or a number."""
        start = self.at
        if char and char in "'\"":
            self.at = end_of_string(self.text, start) + 1
            return unescape(self.text[start + 1 : self.at - 1])
        if char and char in "[{":
            self.at = closing(self.text, start, "[]" if char == "[" else "{}") + 1
            return parsed_json(self.text[start : self.at])
        if char == "/":
            return self.regex()
        found = NUMBER.match(self.text, start) or WORD.match(self.text, start)
        if not found or (found.re is WORD and found[0] not in LITERALS):
            raise PathSyntaxError(f"cannot read a value at {self.text[start:]!r} in the filter {self.text!r}")
        self.at = found.end()
        if found.re is WORD:
            return LITERALS[found[0]]
        return float(found[0]) if found[1] or found[2] else int(found[0])

    def regex(self) -> re.Pattern[str]:
        """`/body/flags`."""
        end = self.at + 1
        while end < len(self.text) and self.text[end] != "/":
            end += 2 if self.text[end] == "\\" else 1
        body = self.text[self.at + 1 : end]
        flags = 0
        self.at = end + 1
        while self.at < len(self.text) and self.text[self.at] in "imsx":
            flags |= getattr(re, self.text[self.at].upper())
            self.at += 1
        try:
            return re.compile(body, flags)
        except re.error as error:
            raise PathSyntaxError(f"bad regular expression /{body}/: {error}") from None

    def path(self) -> Operand:
        """A path from the node (`@`) or the document (`$`)."""
        from bunsui.interpreter.jsonpath import compiled

        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in PATH_ENDS:
            if self.text[self.at] == "[":
                self.at = closing(self.text, self.at)
            elif self.text.startswith("()", self.at):
                self.at += 1
            self.at += 1
        text = self.text[start : self.at]
        path = compiled(text)
        return relative(path) if text[0] == "@" else absolute(path)


def relative(path: Path) -> Operand:
    """`@...`: from the node under test."""

    def read(node: Any, root: Any) -> Any:
        try:
            return path.find(node, root)
        except PathNotFound:
            return MISSING

    return read


def absolute(path: Path) -> Operand:
    """`$...`: from the document."""
    from_root = relative(path)
    return lambda node, root: from_root(root, root)


def parsed_json(text: str) -> Any:
    """A JSON literal, single quotes allowed."""
    try:
        return json.loads(text.replace("'", '"'))
    except ValueError:
        raise PathSyntaxError(f"cannot read the literal {text!r}") from None


def unescape(text: str) -> str:
    """The value of a quoted string."""
    if "\\" not in text:
        return text
    try:
        return str(json.loads('"' + text.replace("\\'", "'").replace('"', '\\"').replace('\\\\"', '\\"') + '"'))
    except ValueError:
        return text


def equal(left: Any, right: Any) -> bool:
    """Jayway's `==`: a number also equals the text that spells it."""
    if left is MISSING or right is MISSING:
        return False
    if isinstance(left, str) and is_number(right):
        return left == number_text(right)
    if is_number(left) and isinstance(right, str):
        return number_text(left) == right
    return identical(left, right)


def identical(left: Any, right: Any) -> bool:
    """`===`: type and value."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison that is false unless both sides are numbers or both are strings."""

    def compare(left: Any, right: Any) -> bool:
        alike = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        return alike and test(left, right)

    return compare


def matches(left: Any, right: Any) -> bool:
    """`=~`: the whole text."""
    return isinstance(right, re.Pattern) and isinstance(left, str) and right.fullmatch(left) is not None


def contains(left: Any, right: Any) -> bool:
    """`contains`: of a list or of a text."""
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return member(right, left)


def member(left: Any, right: Any) -> bool:
    """`in`."""
    return isinstance(right, list) and any(equal(left, item) for item in right)


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "===": identical,
    "!==": lambda left, right: not identical(left, right),
    "<": ordered(lambda left, right: left < right),
    "<=": ordered(lambda left, right: left <= right),
    ">": ordered(lambda left, right: left > right),
    ">=": ordered(lambda left, right: left >= right),
    "=~": matches,
    "in": member,
    "nin": lambda left, right: not member(left, right),
    "contains": contains,
    "subsetof": lambda left, right: isinstance(left, list) and all(member(item, right) for item in left),
    "anyof": lambda left, right: isinstance(left, list) and any(member(item, right) for item in left),
    "noneof": lambda left, right: isinstance(left, list) and not any(member(item, right) for item in left),
    "size": lambda left, right: isinstance(left, list | str) and len(left) == right,
    "empty": lambda left, right: isinstance(left, list | str) and (not left) is right,
}
