"""The tokens of DynamoDB's expression language, and the placeholders among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bunsui.interpreter.services.dynamodb_words import RESERVED

Attribute = dict[str, Any]
Item = dict[str, Attribute]
TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>()\[\],.+-]|#\w+|:\w+|[A-Za-z_]\w*|\d+)")
CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class ExpressionError(ValueError):
    """An expression that DynamoDB would refuse."""


@dataclass(slots=True)
class Reader:
    """A cursor over the tokens of one expression; `kind` is the member of the request that has it."""

    kind: str
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
                raise self.wrong(f'Syntax error; token: "{self.text[place : place + 1]}"')
            self.tokens.append(found[1])
            place = found.end()

    def wrong(self, text: str) -> ExpressionError:
        """An error that names the expression."""
        return ExpressionError(f"Invalid {self.kind}: {text}")

    def unexpected(self, token: str) -> ExpressionError:
        """A token that cannot stand here."""
        return self.wrong(f'Syntax error; token: "{token or "<EOF>"}"')

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
            raise self.unexpected(self.peek())

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
                raise self.wrong(
                    f"An expression attribute name used in the document path is not defined; attribute name: {token}"
                )
            return self.names[token]
        if not re.match(r"[A-Za-z_]", token):
            raise self.unexpected(token)
        if token.upper() in RESERVED:
            raise self.wrong(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def value(self, token: str) -> Attribute:
        """An attribute value behind its placeholder."""
        if not token.startswith(":"):
            raise self.unexpected(token)
        if token not in self.values:
            raise self.wrong(
                f"An expression attribute value used in expression is not defined; attribute value: {token}"
            )
        return self.values[token]
