"""Binding a condition: its references get their sources, and what can never be compared is refused."""

from __future__ import annotations

import collections.abc
import datetime
import decimal
import enum
import math
import pathlib
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from bunsui.errors import BunsuiError, DeclarationError
from bunsui.model import types
from bunsui.model.condition import Condition, Length
from bunsui.model.declaration import Declaration, show
from bunsui.model.references import FromConstant, FromOutput, FromParameter, Given, Output
from bunsui.model.resolving import Reader, Scope, source_of, type_of
from bunsui.runtime.encode import encode
from bunsui.runtime.failures import EncodeError
from bunsui.runtime.result import LENGTH, THERE

Families = frozenset[str]
"""What kinds of JSON value a type has: those of one family can be compared."""

_WITH_LENGTH = {"list", "object", "text"}
_ANYTHING = frozenset({"boolean", "number", "text", "nothing", "list", "object"})
"""What is not annotated may be all of this; no date and no Decimal, whose JSON is text."""

AMOUNTS = frozenset({"number", "decimal"})
"""A Decimal travels as text, and is compared as the number that it is; with one too."""

_CLASSES: Sequence[tuple[type, str]] = (
    (bool, "boolean"),
    (int, "number"),
    (float, "number"),
    (datetime.timedelta, "number"),
    (str, "text"),
    (uuid.UUID, "text"),
    (pathlib.PurePath, "text"),
    (datetime.date, "time"),
    (decimal.Decimal, "decimal"),
    (type(None), "nothing"),
    (collections.abc.Mapping, "object"),
    (bytes, "other"),
    (collections.abc.Collection, "list"),
)
"""Class -> family; the first that fits decides. A datetime is a date."""


class Term(NamedTuple):
    """What is compared.

    Attributes:
        source: where the value comes from; a constant is JSON: a Decimal is a number, and a time milliseconds since
            1970 in UTC.
        families: of its type.
        label: as it was written.
        type: annotation; None of a constant.
    """

    source: FromOutput | FromParameter | FromConstant
    families: Families
    label: str
    type: Any = None

    @property
    def told(self) -> str:
        """The term with its type."""
        return self.label if isinstance(self.source, FromConstant) else f"{self.label} ({types.describe(self.type)})"


@dataclass(frozen=True, slots=True)
class BoundCondition:
    """A condition whose references have sources.

    Attributes:
        operator: as of `Condition`.
        operands: conditions or terms.
        text: as it was written.
    """

    operator: str
    operands: tuple[BoundCondition | Term, ...]
    text: str

    @property
    def refers(self) -> Iterator[FromOutput | FromParameter]:
        """Everything that it reads."""
        for operand in self.operands:
            if isinstance(operand, BoundCondition):
                yield from operand.refers
            elif not isinstance(operand.source, FromConstant):
                yield operand.source


def bind_condition(
    condition: Condition, subject: str, scope: Scope, errors: list[BunsuiError]
) -> BoundCondition | None:
    """The condition with sources; None when something is wrong with it, which is added to `errors`.

    Args:
        condition: as declared.
        subject: whose it is, such as `operation 'clean'`.
        scope: what it may refer to.
        errors: BUN107, BUN111, BUN204.
    """
    try:
        return _bound(condition, subject, scope)
    except BunsuiError as wrong:
        errors.append(wrong)
        return None


def _bound(condition: Condition, subject: str, scope: Scope) -> BoundCondition:
    operands: tuple[BoundCondition | Term, ...]
    if condition.operator in ("and", "or", "not"):
        operands = tuple(_bound(one, subject, scope) for one in condition.operands)
    else:
        operands = _Test(condition, Reader(subject, str(condition), condition.where), scope).terms()
    return BoundCondition(condition.operator, operands, str(condition))


class _Test(NamedTuple):
    """One comparison that is being bound."""

    condition: Condition
    reader: Reader
    scope: Scope

    def terms(self) -> tuple[Term, ...]:
        """The operands with their sources.

        Raises:
            DeclarationError: BUN107, BUN111, BUN204.
        """
        operands, operator = self.condition.operands, self.condition.operator
        if operator == "exists":
            return (self.term(operands[0], THERE),)
        if operator == "in":
            values = tuple(self.term(value) for value in operands[1])
            found = (self.term(operands[0]), *values)
        else:
            found = tuple(self.term(one) for one in operands)
        if (wrong := _RULES[operator](*found)) is not None:
            raise self.refused(*wrong)
        return found

    def term(self, operand: Any, *last: str) -> Term:
        """One operand; `last` is added to the path of a reference."""
        if isinstance(operand, Length):
            of = self.term(operand.of, LENGTH)
            if not of.families & _WITH_LENGTH:
                raise self.refused(f"{of.told} has no length", "a list, an object or a text has one")
            return Term(of.source, frozenset({"number"}), repr(operand), int)
        if isinstance(operand, Output | Given):
            source = source_of(operand, self.reader, self.scope)
            kind = type_of(source, self.reader, self.scope, there=False)
            return Term(replace(source, path=(*source.path, *last)), families(kind), repr(operand), kind)
        return self.constant(operand)

    def constant(self, value: Any) -> Term:
        """A value that is written down."""
        label = show(value)
        if isinstance(value, datetime.date):
            return Term(FromConstant(milliseconds(value)), frozenset({"time"}), label)
        if isinstance(value, decimal.Decimal) and math.isfinite(value):
            return Term(FromConstant(float(value)), frozenset({"decimal"}), label)
        try:
            if not isinstance(value, Declaration):
                return Term(FromConstant(encode(value, label)), families(type(value)), label)
        except EncodeError:
            pass
        hint = "compare with a constant, an operation's .output or a pipeline parameter's .value"
        raise self.refused(f"{label} is no value that JSON can carry", hint)

    def refused(self, why: str, hint: str) -> DeclarationError:
        """The error of this comparison."""
        return DeclarationError("BUN111", f"{self.reader.name}: {why}", where=self.reader.where, hint=hint)


Wrong = tuple[str, str] | None
"""What is wrong and what to do about it."""


def _ordered(left: Term, right: Term) -> Wrong:
    if left.families & right.families & {"number", "text", "time"} or are_amounts(left.families, right.families):
        return None
    return _unlike(left, right)


def _equal(left: Term, right: Term) -> Wrong:
    common = left.families & right.families
    if are_amounts(left.families, right.families):
        return None
    if not common:
        return _unlike(left, right)
    if common <= {"list", "object", "other"}:
        return f"{left.told} and {right.told} cannot be compared as a whole", "compare a field of them, or length(…)"
    for constant, other in ((left, right), (right, left)):
        if isinstance(constant.source, FromConstant) and not _possible(constant, other):
            return f"{other.told} is never {constant.label}", "correct the constant or the annotation"
    return None


def _possible(constant: Term, other: Term) -> bool:
    """Whether what has only certain values can have this one."""
    certain = all(_is_certain(member) for member in types.members(other.type))
    return not certain or types.holds(constant.source.value, other.type)  # type: ignore[union-attr]


def _is_certain(member: Any) -> bool:
    return (
        member is type(None)
        or typing.get_origin(member) is Literal
        or (isinstance(member, type) and issubclass(member, enum.Enum))
    )


def _one_of(left: Term, *values: Term) -> Wrong:
    return next((wrong for value in values if (wrong := _equal(left, value)) is not None), None)


def _contains(whole: Term, part: Term) -> Wrong:
    inside: Families = frozenset()
    if "text" in whole.families:
        inside |= {"text"}
    if "list" in whole.families:
        inside |= families(types.item_type(whole.type)) & {"boolean", "number", "text", "nothing"}
    if not inside:
        return f"{whole.told} contains nothing that can be compared", "take a text, or a list of texts or numbers"
    return None if inside & part.families else _unlike(whole, part)


def _texts(left: Term, right: Term) -> Wrong:
    return None if "text" in left.families & right.families else _unlike(left, right)


def _true(term: Term) -> Wrong:
    if "boolean" in term.families:
        return None
    return f"{term.told} is neither true nor false", f"compare it, such as {term.label} == …"


def _unlike(left: Term, right: Term) -> Wrong:
    hint = "compare a number with a number, a text with a text, a date with a date"
    if not isinstance(right.source, FromConstant) or "time" in left.families | right.families:
        hint += ", and annotate dates as date or datetime"
    return f"{left.told} and {right.told} can never be compared", hint


_RULES: Mapping[str, Callable[..., Wrong]] = {
    **dict.fromkeys(("<", "<=", ">", ">="), _ordered),
    **dict.fromkeys(("==", "!="), _equal),
    **dict.fromkeys(("starts_with", "ends_with", "matches"), _texts),
    "in": _one_of,
    "contains": _contains,
    "true": _true,
}
"""Operator -> what may be wrong with its operands."""


def are_amounts(left: Families, right: Families) -> bool:
    """Whether a Decimal is compared, with another or with a number."""
    return "decimal" in left | right and bool(left & AMOUNTS) and bool(right & AMOUNTS)


def families(annotation: Any) -> Families:
    """The families of a type's alternatives."""
    found: set[str] = set()
    for member in types.members(annotation):
        found |= _families(member)
    return frozenset(found)


def _families(member: Any) -> Families:
    if member in (Any, object):
        return _ANYTHING
    if typing.get_origin(member) is Literal:
        return families(type(typing.get_args(member)[0]))
    kind = typing.get_origin(member) or member
    if not isinstance(kind, type) or types.fields_of(kind) is not None:
        return frozenset({"object"})
    if issubclass(kind, enum.Enum):
        return frozenset().union(*(families(type(one.value)) for one in kind))
    return frozenset({next((family for base, family in _CLASSES if issubclass(kind, base)), "other")})


def milliseconds(moment: datetime.date) -> int:
    """Since 1970; a date is its first moment, and what has no time zone is in UTC."""
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime(moment.year, moment.month, moment.day)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
