"""`FilterLogEvents` understands JSON patterns and numbers its events.

AWS: `{ $.session = "s-1" && $.attempt >= 2 }` selects the log lines that are JSON objects with these fields; every
event has an `eventId`, by which a reader that asks again can tell what it has seen.

MiniStack: a JSON pattern matches every line, so the log of one session would be the log of all; `eventId` is missing.

Mended: the pattern is parsed and evaluated (= != < <= > >=, wildcards, IS NULL/TRUE/FALSE, EXISTS, NOT EXISTS, &&, ||,
parentheses, and the selectors $.a.b, $.a[0], $["a"]).
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import operator
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from bunsui.local.traits.anchor import wrap

Matcher = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      \$(?:\.[\w\-]+|\[\d+\]|\["[^"]*"\]|\['[^']*'\])*   # a selector
    | "(?:[^"\\]|\\.)*"                                  # a string
    | &&|\|\||!=|<=|>=|[=<>(){}]                         # an operator
    | [^\s&|=<>(){}!]+                                   # a word or number
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.([\w\-]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]""")
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_MISSING = object()


def apply() -> None:
    """Patch the pattern compiler and the operation."""
    from ministack.services import cloudwatch_logs

    wrap(cloudwatch_logs, "_compile_filter_pattern", _with_json)
    wrap(cloudwatch_logs, "_filter_log_events", _with_ids)


def _with_json(compile_text: Callable[[str], Callable[[str], bool]]) -> Callable[[str], Callable[[str], bool]]:
    def compile_pattern(raw: str) -> Callable[[str], bool]:
        if not raw or not raw.strip().startswith("{"):
            return compile_text(raw)
        matches = json_pattern(raw)

        def message_matches(message: str) -> bool:
            try:
                return matches(json.loads(message))
            except ValueError:
                return False

        return message_matches

    return compile_pattern


def _with_ids(operation: Callable[..., Any]) -> Callable[..., Any]:
    def filter_log_events(data: dict[str, Any]) -> Any:
        status, headers, body = operation(data)
        answer = json.loads(body)
        seen: Counter[str] = Counter()
        for event in answer.get("events", ()):
            key = f"{event['logStreamName']}\n{event['timestamp']}\n{event['message']}"
            digest = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()
            seen[key] += 1
            event["eventId"] = f"{event['timestamp']}{int(digest[:32], 16):039d}"
        return status, headers, json.dumps(answer).encode()

    return filter_log_events


def json_pattern(raw: str) -> Matcher:
    """Compile `{ ... }` to a test of a parsed log line; ValueError when it is not a pattern."""
    tokens = _tokens(raw)
    take = iter(tokens).__next__
    if take() != "{" or tokens[-1] != "}":
        raise ValueError(f"not a JSON pattern: {raw}")
    parser = _Parser(tokens[1:-1])
    matcher = parser.either()
    if parser.rest:
        raise ValueError(f"not understood in a pattern: {' '.join(parser.rest)}")
    return matcher


def _tokens(raw: str) -> list[str]:
    tokens, at, text = [], 0, raw.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not understood in a pattern: {text[at:]}")
        tokens.append(found.group().strip())
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent: either := both ('||' both)*; both := one ('&&' one)*; one := '(' either ')' | comparison."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def take(self) -> str:
        if not self.rest:
            raise ValueError("a pattern ends too early")
        return self.rest.pop(0)

    def either(self) -> Matcher:
        options = [self.both()]
        while self.rest and self.rest[0] == "||":
            self.take()
            options.append(self.both())
        return lambda value: any(option(value) for option in options)

    def both(self) -> Matcher:
        conditions = [self.one()]
        while self.rest and self.rest[0] == "&&":
            self.take()
            conditions.append(self.one())
        return lambda value: all(condition(value) for condition in conditions)

    def one(self) -> Matcher:
        first = self.take()
        if first == "(":
            inner = self.either()
            if self.take() != ")":
                raise ValueError("a parenthesis is not closed")
            return inner
        if not first.startswith("$"):
            raise ValueError(f"a selector must start with $: {first}")
        return self.comparison(first)

    def comparison(self, selector: str) -> Matcher:
        sign = self.take()
        if sign.upper() == "EXISTS":
            return lambda value: _select(selector, value) is not _MISSING
        if sign.upper() == "NOT":
            self.take()
            return lambda value: _select(selector, value) is _MISSING
        if sign.upper() == "IS":
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}[self.take().upper()]
            return lambda value: _select(selector, value) is wanted
        operand = self.take()
        return lambda value: _compare(_select(selector, value), sign, operand)


def _select(selector: str, value: Any) -> Any:
    for name, index, quoted, single in _STEP.findall(selector):
        try:
            value = value[int(index)] if index else value[name or quoted or single]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return value


def _compare(value: Any, sign: str, operand: str) -> bool:
    if value is _MISSING:
        return False
    if sign in _ORDER:
        return isinstance(value, int | float) and _ORDER[sign](value, float(operand))
    equal = _equal(value, operand)
    return equal if sign == "=" else not equal


def _equal(value: Any, operand: str) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        try:
            return value == float(operand)
        except ValueError:
            return False
    wanted = json.loads(operand) if operand.startswith('"') else operand
    # Only * is special to CloudWatch.
    return isinstance(value, str) and fnmatch.fnmatchcase(value, re.sub(r"([?\[])", r"[\1]", wanted))
