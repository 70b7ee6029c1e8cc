"""The base of everything that is declared: frozen, checked, and aware of the line that declared it."""

from __future__ import annotations

import difflib
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic_core import PydanticCustomError

from bunsui.errors import BunsuiError, DeclarationError, Where, raise_all

_OURS = str(Path(__file__).parent.parent) + os.sep
_INFRASTRUCTURE = (_OURS, str(Path(sys.modules["pydantic"].__file__ or "").parent) + os.sep, "<")
_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


def caller() -> Where:
    """The nearest line on the stack that is the user's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INFRASTRUCTURE):
        frame = frame.f_back
    return Where(frame.f_code.co_filename, frame.f_lineno)


class Declaration(BaseModel):
    """A frozen model; wrong values become `DeclarationError`s (BUN101, BUN102) that name the line."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    _where: Where = PrivateAttr()

    def __init__(self, /, **data: Any) -> None:
        where = data.pop("where", None) or caller()
        try:
            super().__init__(**data)
        except ValidationError as invalid:
            raise_all(_explain(type(self), data, invalid, where))
        self._where = where

    @property
    def where(self) -> Where:
        """The line that declared this."""
        return self._where

    def __eq__(self, other: object) -> bool:
        """The place is not part of the value."""
        return type(other) is type(self) and content(self.__dict__) == content(other.__dict__)

    def __hash__(self) -> int:
        return id(self)


def content(value: Any) -> Any:
    """A value in a form that can be compared: to compare references makes conditions, not truth values."""
    if isinstance(value, dict):
        return {name: content(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [content(one) for one in value]
    return value.__content__() if hasattr(type(value), "__content__") else value


def refuse(message: str, hint: str, code: str = "BUN101") -> PydanticCustomError:
    """What a validator raises: a message with a hint of its own."""
    return PydanticCustomError("bunsui", "{message}", {"message": message, "hint": hint, "code": code})


def show(value: object) -> str:
    """A wrong value in a message: a declaration by kind and name, anything else as Python writes it, shortened."""
    if isinstance(value, Declaration):
        name = value.__dict__.get("name", value.__dict__.get("id"))
        return f"{type(value).__name__} {name!r}" if isinstance(name, str) else type(value).__name__
    if isinstance(value, type) or hasattr(value, "__code__"):
        return getattr(value, "__name__", repr(value))
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _explain(
    kind: type[Declaration], data: dict[str, Any], invalid: ValidationError, where: Where
) -> list[BunsuiError]:
    name = data.get("name", data.get("id"))
    subject = f"{kind.__name__} {name!r}" if isinstance(name, str) else kind.__name__
    return [_explain_one(kind, subject, error, where) for error in invalid.errors(include_url=False)]


def _explain_one(kind: type[Declaration], subject: str, error: Any, where: Where) -> BunsuiError:
    context = error.get("ctx") or {}
    field = ".".join(str(part) for part in error["loc"] if not str(part).startswith(("function-", "is-instance")))
    if error["type"] == "bunsui":
        return DeclarationError(context["code"], f"{subject}: {context['message']}", where=where, hint=context["hint"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, kind.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"its fields are {', '.join(kind.model_fields)}"
        return DeclarationError("BUN101", f"{subject} has no field {field!r}", where=where, hint=hint)
    if error["type"] == "missing":
        return DeclarationError("BUN101", f"{subject} needs {field!r}", where=where, hint=f"give {field}=")
    if error["type"] == "model_type":
        wanted = context["class_name"]
        message = f"{subject}: {field}={show(error['input'])} is no {wanted}"
        return DeclarationError("BUN101", message, where=where, hint=f"write {field}={wanted}(…)")
    reason = error["msg"][0].lower() + error["msg"][1:]
    message = f"{subject}: {field}={show(error['input'])}: {reason}"
    return DeclarationError("BUN101", message, where=where, hint=f"correct {field}=")


def _pattern(pattern: str, says: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise refuse(f"{value!r} is not allowed as a name", says, "BUN102")
        return value

    return AfterValidator(check)


Name = Annotated[
    str,
    _pattern(
        r"[A-Za-z][A-Za-z0-9-]{0,39}",
        "use 1 to 40 letters, digits and hyphens, and begin with a letter (it becomes part of names in AWS)",
    ),
]
"""The name of a pipeline or job."""

Identifier = Annotated[
    str,
    _pattern(
        r"[A-Za-z][A-Za-z0-9_]{0,127}",
        "use letters, digits and underscores, and begin with a letter (parameters refer to it by name)",
    ),
]
"""The name of an operation or parameter."""

ResourceId = Annotated[
    str,
    _pattern(r"[a-z][a-z0-9-]{0,29}", "use 1 to 30 lower-case letters, digits and hyphens, and begin with a letter"),
]
"""The name of a resource."""
