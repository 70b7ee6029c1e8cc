"""Conditions as JSONata 2.0.6.

Each is true or false and never fails: what is not there or of another type makes a comparison false. Only the branch of
`? :` that is taken is evaluated, so it guards what would be an error (JSONata documentation, "Conditional operators").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bunsui.compile.states import text
from bunsui.model.binding_condition import BoundCondition, Term, are_amounts
from bunsui.model.references import FromConstant, FromOutput, FromParameter

Read = Callable[[FromOutput | FromParameter], str]
"""JSONata of a value; undefined where it is not there."""


class Side(NamedTuple):
    """One side of a comparison.

    Attributes:
        value: JSONata.
        families: of its type.
        constant: whether it is written down.
    """

    value: str
    families: frozenset[str] = frozenset({"boolean"})
    constant: bool = False

    def is_a(self, kind: str) -> str:
        """JSONata of whether it is of a kind that `$type` tells; nothing has to be asked of a constant."""
        return "true" if self.constant else f'$type({self.value}) = "{kind}"'


def condition(bound: BoundCondition, read: Read) -> str:
    """JSONata of a condition, in parentheses."""
    sides = [
        Side(condition(operand, read)) if isinstance(operand, BoundCondition) else _side(operand, read)
        for operand in bound.operands
    ]
    return f"({_WRITERS[bound.operator](*sides)})"


def _side(term: Term, read: Read) -> Side:
    match term.source:
        case FromConstant(value):
            return Side(text(value), term.families, constant=True)
        case source:
            return Side(read(source), term.families)


def _ordered(operator: str) -> Callable[[Side, Side], str]:
    def write(left: Side, right: Side) -> str:
        if are_amounts(left.families, right.families):
            return _of_amounts(left, right, operator, "false")
        common = left.families & right.families & {"number", "text", "time"}
        if common == {"time"}:
            return _of_times(left, right, operator, "false")
        if len(common) == 1:
            kind = "number" if common == {"number"} else "string"
            return f"{_both(left, right, kind)} ? {left.value} {operator} {right.value} : false"
        same = f'$type({left.value}) = $type({right.value}) and $type({left.value}) in ["number", "string"]'
        return f"{same} ? {left.value} {operator} {right.value} : false"

    return write


def _equal(operator: str) -> Callable[[Side, Side], str]:
    def write(left: Side, right: Side) -> str:
        if are_amounts(left.families, right.families):
            return _of_amounts(left, right, operator, f"{left.value} {operator} {right.value}")
        if "time" in left.families & right.families:
            unlike = f"$exists({left.value}) and $exists({right.value})" if operator == "!=" else "false"
            return _of_times(left, right, operator, unlike)
        return f"{left.value} {operator} {right.value}"

    return write


def _both(left: Side, right: Side, kind: str) -> str:
    return " and ".join(side.is_a(kind) for side in (left, right) if not side.constant)


def _of_times(left: Side, right: Side, operator: str, otherwise: str) -> str:
    times = [side.value if side.constant else milliseconds(side.value) for side in (left, right)]
    return f"{_both(left, right, 'string')} ? {times[0]} {operator} {times[1]} : {otherwise}"


_AMOUNT = r"/^-?(0|[1-9]\d{0,99})(\.\d{1,99})?([Ee][+-]?\d{1,2})?$/"
"""What `$number` takes and is finite: a number, or the text that a Decimal is written as."""


def _of_amounts(left: Side, right: Side, operator: str, otherwise: str) -> str:
    """Doubles are compared, which tell Decimals of 15 digits apart (IEEE 754)."""
    there = " and ".join(f"$contains($string({side.value}), {_AMOUNT})" for side in (left, right) if not side.constant)
    amounts = [side.value if side.constant else f"$number({side.value})" for side in (left, right)]
    return f"{there} ? {amounts[0]} {operator} {amounts[1]} : {otherwise}"


def milliseconds(value: str) -> str:
    """JSONata of the milliseconds since 1970 of a date or time in ISO 8601, as the runtime writes it.

    `$toMillis` takes a date for its first moment in UTC, and a time without zone for one of where it runs; fractions
    beyond milliseconds are not part of the form that it is sure to read (ECMAScript, "Date Time String Format").
    """
    zone = rf'$contains({value}, /(Z|[+-]\d\d:?\d\d)$/) ? "" : "Z"'
    moment = rf'$replace({value}, /(\.\d\d\d)\d+/, "$1") & ({zone})'
    return f'$toMillis($contains({value}, "T") ? {moment} : {value} & "T00:00:00Z")'


def _one_of(left: Side, *values: Side) -> str:
    if any(value.families & {"time", "decimal"} for value in (left, *values)):
        return " or ".join(f"({_equal('=')(left, value)})" for value in values)
    return f"{left.value} in [{', '.join(value.value for value in values)}]"


def _contains(whole: Side, part: Side) -> str:
    inside = f"{part.is_a('string')} ? $contains({whole.value}, {part.value}) : false"
    found = f"{whole.is_a('string')} ? ({inside}) : false" if "text" in part.families else "false"
    return f'$type({whole.value}) = "array" ? {part.value} in {whole.value} : ({found})'


def _starts_with(whole: Side, part: Side) -> str:
    return (
        f"{_both(whole, part, 'string')} ? $substring({whole.value}, 0, $length({part.value})) = {part.value} : false"
    )


def _ends_with(whole: Side, part: Side) -> str:
    rest = f"$length({whole.value}) - $length({part.value})"
    end = f"{rest} >= 0 ? $substring({whole.value}, {rest}) = {part.value} : false"
    return f"{_both(whole, part, 'string')} ? ({end}) : false"


def _matches(whole: Side, pattern: Side) -> str:
    return f"{whole.is_a('string')} ? $contains({whole.value}, {_pattern(json.loads(pattern.value))}) : false"


def _pattern(glob: str) -> str:
    """A pattern as a regular expression; what is special to one, to JSONata or to a placeholder stands as its code."""
    wild = {"*": r"[\s\S]*", "?": r"[\s\S]"}
    plain = (wild.get(one) or (f"\\x{ord(one):02x}" if one.isascii() and not one.isalnum() else one) for one in glob)
    return f"/^{''.join(plain)}$/"


_WRITERS: Mapping[str, Callable[..., str]] = {
    "and": lambda left, right: f"{left.value} and {right.value}",
    "or": lambda left, right: f"{left.value} or {right.value}",
    "not": lambda inner: f"$not({inner.value})",
    "true": lambda side: f"{side.value} = true",
    "exists": lambda side: f"{side.value} = true",
    "==": _equal("="),
    "!=": _equal("!="),
    **{operator: _ordered(operator) for operator in ("<", "<=", ">", ">=")},
    "in": _one_of,
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "matches": _matches,
}
"""Operator -> its JSONata."""
