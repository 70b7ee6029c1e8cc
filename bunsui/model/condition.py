"""Conditions: what must hold for a step or a job to run, written as Python compares results and parameters.

`row_count.output > 0` is no truth value but a `Condition`, which the state machine evaluates. A comparison with what is
not there (an absent field, the result of a step that was skipped) is false; `exists` tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from bunsui.errors import DeclarationError, Where
from bunsui.model.declaration import caller, content, show

Both = Literal["and", "or"]

COMBINE = "combine conditions with & | ~, each in parentheses: (a.output > 0) & (b.output < 9)"


class Reference:
    """What can be compared: a result, a parameter, a field of one, or a length."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return Condition("==", (self, other))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return Condition("!=", (self, other))

    def __lt__(self, other: object) -> Condition:
        return Condition("<", (self, other))

    def __le__(self, other: object) -> Condition:
        return Condition("<=", (self, other))

    def __gt__(self, other: object) -> Condition:
        return Condition(">", (self, other))

    def __ge__(self, other: object) -> Condition:
        return Condition(">=", (self, other))

    def __and__(self, other: object) -> Condition:
        return _combined("and", self, other)

    def __or__(self, other: object) -> Condition:
        return _combined("or", self, other)

    def __invert__(self) -> Condition:
        return Condition("not", (condition_of(self),))

    def __rand__(self, other: object) -> Condition:
        return _combined("and", other, self)

    def __ror__(self, other: object) -> Condition:
        return _combined("or", other, self)

    def __bool__(self) -> bool:
        raise _refused(f"{self!r} has no truth value here: it is known only when the pipeline runs", COMBINE)

    def __contains__(self, item: object) -> bool:
        raise _refused(f"{show(item)} in {self!r} cannot be told here", f"write contains({self!r}, {show(item)})")


class Length(Reference):
    """How many items a list, fields an object, or characters a text has."""

    __slots__ = ("of",)

    def __init__(self, of: Reference) -> None:
        self.of = of

    def __repr__(self) -> str:
        return f"length({self.of!r})"

    def __content__(self) -> Any:
        return "length", content(self.of)


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """What must hold; `&`, `|` and `~` combine conditions.

    Attributes:
        operator: a key of `_WORDS`.
        operands: references and constants, or conditions.
        where: the line that wrote it.
    """

    operator: str
    operands: tuple[Any, ...]
    where: Where = field(default_factory=caller)

    def __and__(self, other: object) -> Condition:
        return _combined("and", self, other)

    def __or__(self, other: object) -> Condition:
        return _combined("or", self, other)

    def __invert__(self) -> Condition:
        return Condition("not", (self,))

    def __rand__(self, other: object) -> Condition:
        return _combined("and", other, self)

    def __ror__(self, other: object) -> Condition:
        return _combined("or", other, self)

    def __bool__(self) -> bool:
        raise _refused(
            f"{self} is neither true nor false here: it is known only when the pipeline runs",
            f"{COMBINE}; for one of several values write is_in(a.output, […])",
        )

    def __content__(self) -> Any:
        return self.operator, content(self.operands)

    def __str__(self) -> str:
        """As Python would write it, with words for `&`, `|` and `~`."""
        words, strength = _WORDS[self.operator]
        return words.format(*(_operand(one, strength) for one in self.operands))

    __repr__ = __str__


_STRONGEST = 9
_WORDS = {
    "or": ("{} or {}", 1),
    "and": ("{} and {}", 2),
    "not": ("not {}", 3),
    **{operator: (f"{{}} {operator} {{}}", 4) for operator in ("==", "!=", "<", "<=", ">", ">=")},
    "in": ("{} in {}", 4),
    "true": ("{}", _STRONGEST),
    **{
        name: (f"{name}({', '.join(['{}'] * count)})", 0)
        for name, count in {"exists": 1, "contains": 2, "starts_with": 2, "ends_with": 2, "matches": 2}.items()
    },
}
"""Operator -> how it is written, and how strongly it binds; 0 where its operands need no parentheses."""


def _operand(operand: Any, outside: int) -> str:
    if not isinstance(operand, Condition):
        return repr(operand.value if isinstance(operand, Enum) else operand)
    strength = _WORDS[operand.operator][1] or _STRONGEST
    return f"({operand})" if strength < outside else str(operand)


def mentioned(value: Any) -> Iterator[Reference]:
    """The references in a condition."""
    if isinstance(value, Condition):
        yield from mentioned(value.operands)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from mentioned(one)
    elif isinstance(value, Length):
        yield from mentioned(value.of)
    elif isinstance(value, Reference):
        yield value


def condition_of(value: object) -> Condition:
    """A condition as it is; of a reference that it is true.

    Raises:
        DeclarationError: BUN111, it is neither.
    """
    if isinstance(value, Condition):
        return value
    if isinstance(value, Reference):
        return Condition("true", (value,))
    raise _refused(f"{show(value)} is no condition", COMBINE)


def exists(reference: Reference) -> Condition:
    """Whether it is there and not None; false for the result of a step that was skipped."""
    return Condition("exists", (_reference("exists", reference),))


def is_in(reference: Reference, values: Any) -> Condition:
    """Whether it is one of the values, which are constants or another list."""
    found = _reference("is_in", reference)
    if isinstance(values, Reference):
        return Condition("contains", (values, found))
    if isinstance(values, str) or not isinstance(values, list | tuple | set | frozenset) or not values:
        raise _refused(f"is_in({found!r}, {show(values)}): these are no values", "give a list of constants")
    ordered = sorted(values, key=repr) if isinstance(values, set | frozenset) else list(values)
    return Condition("in", (found, ordered))


def contains(reference: Reference, part: Any) -> Condition:
    """Whether a text has the part in it, or a list the item."""
    return Condition("contains", (_reference("contains", reference), part))


def starts_with(reference: Reference, text: Any) -> Condition:
    """Whether a text begins with another."""
    return Condition("starts_with", (_reference("starts_with", reference), text))


def ends_with(reference: Reference, text: Any) -> Condition:
    """Whether a text ends with another."""
    return Condition("ends_with", (_reference("ends_with", reference), text))


def matches(reference: Reference, pattern: str) -> Condition:
    """Whether a text as a whole fits a pattern, in which `*` is any text and `?` any character: `raw/*.csv`."""
    found = _reference("matches", reference)
    if not isinstance(pattern, str):
        raise _refused(f"matches({found!r}, {show(pattern)}): this is no pattern", "give one such as 'raw/*.csv'")
    return Condition("matches", (found, pattern))


def length(reference: Reference) -> Length:
    """How many items a list, fields an object, or characters a text has: `length(rows.output) > 3`."""
    return Length(_reference("length", reference))


def _combined(operator: Both, left: object, right: object) -> Condition:
    return Condition(operator, (condition_of(left), condition_of(right)))


def _reference(function: str, value: object) -> Reference:
    if isinstance(value, Reference):
        return value
    name = getattr(value, "name", "a")
    hint = f"write {function}({name}.output, …) for a result, {function}({name}.value, …) for a pipeline's parameter"
    raise _refused(f"{function}({show(value)}): this is no result and no parameter", hint)


def _refused(message: str, hint: str) -> DeclarationError:
    return DeclarationError("BUN111", message, where=caller(), hint=hint)
