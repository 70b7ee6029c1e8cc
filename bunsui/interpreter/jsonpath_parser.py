"""The JSONPath text, token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bunsui.interpreter.jsonpath import (
    FUNCTIONS,
    Filter,
    Function,
    Index,
    PathSyntaxError,
    Property,
    Scan,
    Slice,
    Token,
    Wildcard,
)

INDICES = re.compile(r"\s*-?\d{1,9}\s*(,\s*-?\d{1,9}\s*)*\Z")
SLICE = re.compile(r"\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*(:\s*(-?\d{1,9})?\s*)?\Z")
QUOTES = "'\""


def parse(text: str) -> tuple[Token, ...]:
    """The tokens of a path.

    Raises:
        PathSyntaxError: with the place where it stops making sense.
    """
    source = text.strip()
    if not source:
        raise PathSyntaxError("the path is empty")
    if source[0] not in "$@":
        source = "$." + source
    if len(source) > 1 and source[1] not in ".[":
        raise PathSyntaxError(f"illegal character at position 1 of {text!r}, expected '.' or '['")
    tokens = tuple(Reader(source).tokens())
    if any(isinstance(token, Function) for token in tokens[:-1]):
        raise PathSyntaxError(f"a function must end the path {text!r}")
    return tokens


class Reader:
    """A cursor over one path."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 1

    def tokens(self) -> Iterator[Token]:
        """Every token after the root."""
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == "[":
                yield self.bracket()
            elif self.source.startswith("..", self.at):
                self.at += 2
                self.must_go_on()
                if self.source[self.at] == ".":
                    raise PathSyntaxError(f"illegal '...' in {self.source!r}")
                yield Scan()
                if self.source[self.at] != "[":
                    yield self.name()
            elif char == ".":
                self.at += 1
                self.must_go_on()
                yield self.bracket() if self.source[self.at] == "[" else self.name()
            else:
                yield self.name()

    def must_go_on(self) -> None:
        """A dot needs something behind it."""
        if self.at >= len(self.source):
            raise PathSyntaxError(f"the path {self.source!r} must not end with a '.'")

    def name(self) -> Token:
        """`name`, `*` or `function()` after a dot."""
        start = self.at
        while self.at < len(self.source) and self.source[self.at] not in ".[ (":
            self.at += 1
        word = self.source[start : self.at]
        following = self.source[self.at] if self.at < len(self.source) else ""
        if following == "(":
            return self.function(word)
        if following == " " or not word:
            raise PathSyntaxError(f"use brackets and quotes for a name with blanks in {self.source!r}")
        return Wildcard() if word == "*" else Property((word,))

    def function(self, name: str) -> Function:
        """`name()`."""
        if name not in FUNCTIONS or self.source[self.at : self.at + 2] != "()":
            raise PathSyntaxError(f"unknown function {name!r} in {self.source!r}")
        self.at += 2
        return Function(name)

    def bracket(self) -> Token:
        """Anything in square brackets."""
        end = closing(self.source, self.at)
        inner = self.source[self.at + 1 : end]
        self.at = end + 1
        content = inner.strip()
        if content == "*":
            return Wildcard()
        if content.startswith("?"):
            return self.filter(content[1:].strip())
        if content[:1] and content[0] in QUOTES:
            return Property(tuple(quoted_names(content)))
        if INDICES.match(content):
            return Index(tuple(int(part) for part in content.split(",")))
        found = SLICE.match(content)
        if found and (found[1] is not None or found[2] is not None):
            return Slice(*(None if part is None else int(part) for part in found.group(1, 2)))
        raise PathSyntaxError(f"cannot read [{inner}] in {self.source!r}")

    def filter(self, content: str) -> Filter:
        """`?( expression )`."""
        from bunsui.interpreter.jsonpath_filter import predicate

        if not (content.startswith("(") and content.endswith(")") and closing(content, 0, "()") == len(content) - 1):
            raise PathSyntaxError(f"a filter needs parentheses in {self.source!r}")
        return Filter(predicate(content[1:-1]))


def closing(source: str, start: int, pair: str = "[]") -> int:
    """The place of the bracket that closes the one at `start`; quotes hide brackets.

    Raises:
        PathSyntaxError: there is none.
    """
    depth = 0
    at = start
    while at < len(source):
        char = source[at]
        if char in QUOTES:
            at = end_of_string(source, at)
        elif char == pair[0]:
            depth += 1
        elif char == pair[1]:
            depth -= 1
            if not depth:
                return at
        at += 1
    raise PathSyntaxError(f"could not find the matching {pair[1]!r} in {source!r}")


def end_of_string(source: str, start: int) -> int:
    """The place of the quote that ends the string opened at `start`."""
    quote = source[start]
    at = start + 1
    while at < len(source):
        if source[at] == "\\":
            at += 1
        elif source[at] == quote:
            return at
        at += 1
    raise PathSyntaxError(f"a string does not end in {source!r}")


def quoted_names(content: str) -> Iterator[str]:
    """The names of `'a', 'b'`."""
    at = 0
    while True:
        if at >= len(content) or content[at] not in QUOTES:
            raise PathSyntaxError(f"expected a quoted name in [{content}]")
        end = end_of_string(content, at)
        quote = content[at]
        yield re.sub(r"\\([\\" + quote + "])", r"\1", content[at + 1 : end])
        at = end + 1
        while at < len(content) and content[at] == " ":
            at += 1
        if at >= len(content):
            return
        if content[at] != ",":
            raise PathSyntaxError(f"expected a comma in [{content}]")
        at += 1
        while at < len(content) and content[at] == " ":
            at += 1
