"""Values of a session's parameters: read from text or Python, checked against their declared types, ready for JSON.

A text is what stands after `name=` on a command line: plain for what has one obvious spelling (`5`, `yes`,
`2026-01-31`), JSON for everything with a structure (`[1, 2]`, `{"a": 1}`, `null`). A Python value must be of the type
itself or be the JSON form of it; nothing else is converted, so that `"5"` is no int and `True` is not 1.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any

from bunsui.errors import UsageError, raise_all
from bunsui.model.types import describe, fields_of, is_json, members

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SPELLINGS: Mapping[Any, str] = {
    bool: "true, false, yes, no, on, off, 1 or 0",
    int: "a whole number such as 5",
    float: "a number such as 0.5",
    list: 'JSON such as [1, 2] (quote it: \'name=["a", "b"]\')',
    dict: 'JSON such as {"a": 1} (quote it: \'name={"a": 1}\')',
}
"""How a type is written on a command line, by its class."""

_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*")
_SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_SECRET_TYPES = frozenset({"SecretStr", "SecretBytes", "Secret"})
_SHOWN = 60


def parse_assignments(words: Iterable[str]) -> dict[str, str]:
    """`name=value` words as a mapping; the value is everything after the first `=`.

    Raises:
        UsageError, BunsuiErrors: BUN405, a word without a name or `=`, or a name given twice.
    """
    found: dict[str, str] = {}
    errors = []
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not name:
            errors.append(_wrong(f"{word!r} is not of the form name=value", "write for example month=1"))
        elif name in found:
            errors.append(_wrong(f"parameter {name!r} is given twice", "give it once"))
        else:
            found[name] = value
    raise_all(errors)
    return found


def resolve(
    types: Mapping[str, Any],
    *,
    texts: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Every declared parameter with its JSON value, in order of declaration.

    Args:
        types: name -> annotation, as the pipeline declares them.
        texts: name -> text from a command line.
        values: name -> Python value; wins over nothing, a name may be given only once.
        defaults: name -> value for those that are not given.

    Raises:
        UsageError, BunsuiErrors: BUN405, one for each parameter that is wrong, unknown, given twice or missing.
    """
    texts, values, defaults = texts or {}, values or {}, defaults or {}
    errors = [_unknown(name, types) for name in {**texts, **values} if name not in types]
    errors += [
        _wrong(f"parameter {name!r} is given twice", "give it once")
        for name in texts
        if name in values and name in types
    ]
    resolved: dict[str, Any] = {}
    for name, annotation in types.items():
        try:
            if name in texts:
                resolved[name] = _from_text(name, annotation, texts[name])
            elif name in values:
                resolved[name] = _from_value(name, annotation, values[name])
            elif name in defaults:
                resolved[name] = _from_value(name, annotation, defaults[name])
            else:
                hint = f"give {name}=VALUE; a VALUE is {_spelling(annotation)}"
                raise _wrong(f"parameter {name!r} ({describe(annotation)}) has no value", hint)
        except UsageError as error:
            errors.append(error)
    raise_all(errors)
    return resolved


def _from_text(name: str, annotation: Any, text: str) -> Any:
    adapter = _adapter(name, annotation)
    problem: ValueError
    try:
        value = adapter.validate_strings(text)
        if isinstance(value, (date, time)) and _NUMBER.fullmatch(text):
            raise ValueError("a date or time is written as ISO 8601, such as 2026-01-31 or 2026-01-31T10:00:00Z")
        return _to_json(adapter, value)
    except ValueError as error:
        problem = error
    try:
        parsed = json.loads(text)
    except ValueError:
        raise _misfit(name, annotation, text, problem, f"write {_spelling(annotation)}") from None
    try:
        return _to_json(adapter, adapter.validate_json(text, strict=True))
    except ValueError as error:
        structured = isinstance(parsed, (list, dict))
        raise _misfit(
            name, annotation, text, error if structured else problem, f"write {_spelling(annotation)}"
        ) from None


def _from_value(name: str, annotation: Any, value: Any) -> Any:
    adapter = _adapter(name, annotation)
    try:
        return _to_json(adapter, adapter.validate_python(value, strict=True))
    except ValueError as error:
        problem = error
    try:
        text = json.dumps(value, allow_nan=False)
        return _to_json(adapter, adapter.validate_json(text, strict=True))
    except (TypeError, ValueError):
        raise _misfit(name, annotation, value, problem, f"give a value of type {describe(annotation)}") from None


def _adapter(name: str, annotation: Any) -> TypeAdapter[Any]:
    from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

    if any(type_name(member) in _SECRET_TYPES for member in members(annotation)):
        hint = "read it from AWS Secrets Manager inside the operation"
        raise _wrong(f"parameter {name!r} is a secret, and a session's parameters are recorded", hint)
    try:
        return TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        reason = str(error).splitlines()[0]
        hint = "declare a type that JSON can carry: str, int, float, bool, dates, lists, dicts, dataclasses, models"
        raise _wrong(
            f"parameter {name!r}: values of type {describe(annotation)} cannot be read: {reason}", hint
        ) from None


def type_name(annotation: Any) -> str:
    """The bare name of a class, without what stands in brackets."""
    return str(getattr(annotation, "__name__", annotation)).partition("[")[0]


def _to_json(adapter: TypeAdapter[Any], value: Any) -> Any:
    """The JSON form; ValueError when JSON cannot carry it (NaN, bytes that are no text)."""
    dumped = adapter.dump_python(value, mode="json")
    if not is_json(dumped):
        raise ValueError("JSON has no NaN and no infinities")
    return dumped


def _spelling(annotation: Any) -> str:
    """How a value of that type is written, from the first alternative that has a rule."""
    for member in members(annotation):
        known = SPELLINGS.get(getattr(member, "__origin__", member))
        if known is not None:
            return known
        fields = fields_of(member)
        if fields is not None:
            return f"JSON: an object of {', '.join(fields)}"
    return {"date": "a date such as 2026-01-31", "datetime": "a time such as 2026-01-31T10:00:00Z"}.get(
        type_name(annotation), f"a value of type {describe(annotation)}"
    )


def _misfit(name: str, annotation: Any, value: object, problem: Exception, hint: str) -> UsageError:
    shown = "(not shown)" if _SECRET_NAME.search(name) else _short(value)
    return _wrong(f"parameter {name!r}: {shown} is not {describe(annotation)}: {_reason(problem)}", hint)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _reason(problem: Exception) -> str:
    """What pydantic says without the value itself, which may be large or secret."""
    from pydantic import ValidationError

    if not isinstance(problem, ValidationError):
        return str(problem)
    found = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in found["loc"])
    words = found["msg"][:1].lower() + found["msg"][1:]
    return f"{place}: {words}" if place else words


def _unknown(name: str, types: Mapping[str, Any]) -> UsageError:
    near = difflib.get_close_matches(name, types, n=3)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = f"the pipeline has: {', '.join(types)}" if types else "the pipeline has no parameters"
    return _wrong(f"the pipeline has no parameter {name!r}", hint)


def _wrong(message: str, hint: str) -> UsageError:
    return UsageError("BUN405", message, hint=hint)
