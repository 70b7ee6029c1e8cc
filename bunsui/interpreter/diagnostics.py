"""Problems of a definition, and where validation is while it looks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bunsui.errors import BunsuiError, ExitCode
from bunsui.interpreter import schema
from bunsui.interpreter.queries import is_jsonata

SCHEMA_FAILED = "SCHEMA_VALIDATION_FAILED"
MISSING_TARGET = "MISSING_TRANSITION_TARGET"
DUPLICATE_NAME = "DUPLICATE_STATE_NAME"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, in the words of ValidateStateMachineDefinition."""

    code: str
    message: str
    location: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" at {self.location}" if self.location else "")


class InvalidDefinition(BunsuiError):
    """A definition that AWS would not take.

    Attributes:
        diagnostics: every problem found.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        shown = ", ".join(map(str, diagnostics))
        super().__init__("BUN901", f"Invalid State Machine Definition: '{shown}'")

    def __reduce__(self) -> tuple[object, ...]:
        return InvalidDefinition, (self.diagnostics,)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where validation is, and what holds there."""

    path: str
    jsonata: bool
    express: bool
    fixed: bool = False

    def at(self, *steps: object) -> str:
        """A location below."""
        return "/".join([self.path, *map(str, steps)])


def wrong(message: str, location: str) -> Diagnostic:
    """A problem of the schema."""
    return Diagnostic(SCHEMA_FAILED, message, location or "/")


def missing(value: Mapping[str, Any], fields: tuple[str, ...], location: str) -> Iterator[Diagnostic]:
    """Required fields that are not there."""
    absent = [field for field in fields if field not in value]
    if absent:
        yield wrong(f"These fields are required: [{', '.join(absent)}]", location)


def typed(value: Mapping[str, Any], fields: Mapping[str, str], scope: Scope) -> Iterator[Diagnostic]:
    """Fields of the wrong type, and fields that do not belong."""
    for field, content in value.items():
        kind = fields.get(field)
        if kind is None:
            yield wrong("Field is not supported", scope.at(field))
            continue
        if kind is schema.STRING and type(content) is str:
            continue
        accepts, message = schema.CHECKS[kind]
        if not accepts(content):
            yield wrong(message, scope.at(field))
        elif is_jsonata(content) and not scope.jsonata and kind in {schema.COUNT, schema.NUMBER}:
            yield wrong("A JSONata expression needs QueryLanguage JSONata", scope.at(field))
