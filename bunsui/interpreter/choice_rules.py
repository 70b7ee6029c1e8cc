"""The rules of a JSONPath Choice: comparisons and the connectives And, Or, Not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from bunsui.interpreter import faults
from bunsui.interpreter.expressions import Evaluate, Frame, path_or_intrinsic
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.fields import moment
from bunsui.interpreter.jsonpath import PathNotFound
from bunsui.interpreter.jsonvalue import is_number

Test = Callable[[Any, Any], bool]


class RuleError(ValueError):
    """A rule cannot be compiled; `place` is the field at fault."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place


def numbers(test: Test) -> Test:
    """False unless both are numbers."""
    return lambda left, right: is_number(left) and is_number(right) and test(left, right)


def strings(test: Test) -> Test:
    """False unless both are strings."""
    return lambda left, right: isinstance(left, str) and isinstance(right, str) and test(left, right)


def times(test: Test) -> Test:
    """False unless both are timestamps."""

    def compare(left: Any, right: Any) -> bool:
        first, second = moment(left), moment(right)
        return first is not None and second is not None and test(first, second)

    return compare


def wildcard(value: Any, pattern: Any) -> bool:
    """StringMatches: `*` stands for any text; behind a backslash it stands for itself."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    parts = re.split(r"(\\\\|\\\*|\*)", pattern)
    spelled = (".*" if part == "*" else re.escape(part[1:] if part in {"\\*", "\\\\"} else part) for part in parts)
    return re.fullmatch("".join(spelled), value, re.S) is not None


ORDERS: Final[Mapping[str, Test]] = {
    "Equals": lambda left, right: left == right,
    "LessThan": lambda left, right: left < right,
    "GreaterThan": lambda left, right: left > right,
    "LessThanEquals": lambda left, right: left <= right,
    "GreaterThanEquals": lambda left, right: left >= right,
}
COMPARISONS: Final[Mapping[str, Test]] = {
    **{f"Numeric{name}": numbers(test) for name, test in ORDERS.items()},
    **{f"String{name}": strings(test) for name, test in ORDERS.items()},
    **{f"Timestamp{name}": times(test) for name, test in ORDERS.items()},
    "BooleanEquals": lambda left, right: isinstance(left, bool) and isinstance(right, bool) and left is right,
}
"""Operators that also exist with the ending `Path`."""

TYPE_TESTS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: moment(value) is not None,
}
CONNECTIVES: Final = ("And", "Or", "Not")
OPERATORS: Final = frozenset(
    {*COMPARISONS, *(f"{name}Path" for name in COMPARISONS), *TYPE_TESTS, "IsPresent", "StringMatches"}
)
NOT_OPERATORS: Final = frozenset({"Next", "Variable", "Comment", "Assign", "Output", "Condition"})


def condition(rule: Mapping[str, Any], place: str = "") -> Evaluate:
    """Compile a rule.

    Raises:
        RuleError: it is not a rule.
    """
    if not isinstance(rule, dict):
        raise RuleError("Value is not of type OBJECT", place)
    for name in CONNECTIVES:
        if name in rule:
            return connective(name, rule[name], f"{place}/{name}")
    operators = [key for key in rule if key not in NOT_OPERATORS]
    if "Variable" not in rule:
        raise RuleError("These fields are required: [Variable]", place)
    if len(operators) != 1 or operators[0] not in OPERATORS:
        wrong = [key for key in operators if key not in OPERATORS]
        what = f"Field is not supported: {wrong[0]}" if wrong else "A rule needs exactly one comparison operator"
        raise RuleError(what, place)
    return comparison(rule["Variable"], operators[0], rule[operators[0]])


def connective(name: str, rules: Any, place: str) -> Evaluate:
    """And, Or, Not."""
    if name == "Not":
        inner = condition(rules, place)
        return lambda frame, data: not inner(frame, data)
    if not isinstance(rules, list) or not rules:
        raise RuleError("Value is not a non-empty array of rules", place)
    parts = [condition(rule, f"{place}[{at}]") for at, rule in enumerate(rules)]
    if name == "And":
        return lambda frame, data: all(part(frame, data) for part in parts)
    return lambda frame, data: any(part(frame, data) for part in parts)


def comparison(variable: str, operator: str, operand: Any) -> Evaluate:
    """One operator."""
    if not isinstance(variable, str):
        raise RuleError("Value is not a reference path", "/Variable")
    if not operator.endswith("Path"):
        check_operand(operator, operand)
    if operator == "IsPresent":
        read = path_or_intrinsic(variable)
        return lambda frame, data: present(read, frame, data) is operand
    left = chosen(variable)
    if operator in TYPE_TESTS:
        test = TYPE_TESTS[operator]
        return lambda frame, data: test(left(frame, data)) is operand
    if operator == "StringMatches":
        return lambda frame, data: wildcard(left(frame, data), operand)
    if operator.endswith("Path"):
        if not isinstance(operand, str):
            raise RuleError("Value is not a reference path", f"/{operator}")
        compare, right = COMPARISONS[operator[:-4]], chosen(operand)
        return lambda frame, data: compare(left(frame, data), right(frame, data))
    compare = COMPARISONS[operator]
    return lambda frame, data: compare(left(frame, data), operand)


OPERANDS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "Numeric": (is_number, "Value is not of type NUMBER"),
    "String": (lambda value: isinstance(value, str), "Value is not of type STRING"),
    "Boolean": (lambda value: isinstance(value, bool), "Value is not of type BOOLEAN"),
    "Timestamp": (lambda value: moment(value) is not None, "String does not match RFC3339 timestamp"),
    "Is": (lambda value: isinstance(value, bool), "Value is not of type BOOLEAN"),
}
"""What operators compare with, by how they begin."""


def check_operand(operator: str, operand: Any) -> None:
    """A literal operand has the type of its operator.

    Raises:
        RuleError: it has another one.
    """
    for head, (accepts, message) in OPERANDS.items():
        if operator.startswith(head) and not accepts(operand):
            raise RuleError(message, f"/{operator}")


def present(read: Evaluate, frame: Frame, data: Any) -> bool:
    """Whether a path matches."""
    try:
        read(frame, data)
    except PathNotFound:
        return False
    return True


def chosen(path: str) -> Evaluate:
    """A path of a rule, which has to match."""
    read = path_or_intrinsic(path)

    def evaluate(frame: Frame, data: Any) -> Any:
        try:
            return read(frame, data)
        except PathNotFound:
            raise Fault(
                faults.RUNTIME,
                f"Invalid path '{path}': The choice state's condition path references an invalid value.",
            ) from None

    return evaluate
