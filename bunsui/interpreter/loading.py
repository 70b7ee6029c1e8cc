"""The JSON of a definition."""

from __future__ import annotations

import json
import re
from typing import Any

from bunsui.interpreter.diagnostics import Diagnostic, InvalidDefinition

WORD = re.compile(r"[A-Za-z_$][\w$]*")


def loaded(definition: Any) -> Any:
    """The JSON of a definition that may be text."""
    if not isinstance(definition, str | bytes):
        return definition
    if not definition.strip():
        return None
    try:
        return json.loads(definition)
    except json.JSONDecodeError as error:
        raise InvalidDefinition((invalid_json(error),)) from None


def invalid_json(error: json.JSONDecodeError) -> Diagnostic:
    """A syntax error, in the words of the Java library that AWS reads JSON with where those are known."""
    text = error.doc if len(error.doc) <= 500 else f"{error.doc[:500]}[truncated]"
    word = WORD.match(error.doc, error.pos)
    column = error.colno + (len(word[0]) if word else 0)
    place = f'[Source: (String)"{text}"; line: {error.lineno}, column: {column}]'
    message = error.msg
    if word:
        known = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        message = f"Unrecognized token '{word[0]}': was expecting {known}"
    return Diagnostic("INVALID_JSON_DESCRIPTION", f"{message}\n at {place}", place)
