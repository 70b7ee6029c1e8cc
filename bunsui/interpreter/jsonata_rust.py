"""JSONata by jsonatapy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jsonatapy

from bunsui.interpreter.jsonata import UNDEFINED, JsonataError
from bunsui.interpreter.jsonata_functions import ADDED, REPLACED, Ambient

LONGEST = 10_000
"""Milliseconds after which an expression is given up: JSONata can recurse without end."""

CALLED = re.compile(r"\$(\w+)")
HOSTED = re.compile(r"\Ahost function raised \w+: ")
"""What the engine puts before the errors of functions that it was given."""


class RustEngine:
    """One expression; its functions read the surroundings of the evaluation that runs at the moment."""

    def __init__(self, text: str, bare: str) -> None:
        try:
            self._expression = jsonatapy.compile(text, timeout=LONGEST)
        except ValueError as error:
            raise JsonataError(str(error)) from None
        self._ambient = Ambient()
        names = set(CALLED.findall(bare))
        self._needs_ambient = bool(names & (ADDED.keys() | REPLACED.keys() | {"now", "millis", "eval"}))
        for name in sorted(names & ADDED.keys()):
            self._expression.register(name, self._host(ADDED[name]))
        for name in sorted(names & REPLACED.keys()):
            self._expression.register_override(name, self._host(REPLACED[name]))
        if "now" in names:
            self._expression.register_override("now", self._now)
        if "millis" in names:
            self._expression.register_override("millis", lambda: self._ambient.milliseconds())
        if "eval" in names:
            self._expression.register_override("eval", refuse_eval)

    def evaluate(self, bindings: dict[str, Any], ambient: Ambient) -> Any:
        """The value, or UNDEFINED."""
        if self._needs_ambient:
            self._ambient = ambient
        try:
            try:
                value = self._expression.evaluate(None, bindings)
            except OverflowError:
                bindings = doubles(bindings)
                value = self._expression.evaluate(None, bindings)
            if value is None:
                text = self._expression.evaluate_json_or_none(None, bindings)
                if text is None:
                    return UNDEFINED
                if text != "null":
                    raise JsonataError("the result is a function, which is not a JSON value")
                return None
        except (ValueError, TypeError, RecursionError) as error:
            raise JsonataError(HOSTED.sub("", str(error))) from None
        return finite(value) if type(value) is float else value

    def _host(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: function(self._ambient, *arguments)

    def _now(self, picture: Any = None, timezone: Any = None) -> Any:
        milliseconds = self._ambient.milliseconds()
        if picture is None and timezone is None:
            moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        formatter = jsonatapy.compile("$fromMillis($ms, $picture, $timezone)")
        return formatter.evaluate(None, {"ms": milliseconds, "picture": picture, "timezone": timezone})


def doubles(value: Any) -> Any:
    """Integers beyond 64 bits as JSONata has all numbers: as doubles."""
    if isinstance(value, dict):
        return {key: doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [doubles(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63 else value


def refuse_eval(*_: Any) -> Any:
    """AWS leaves `$eval` out."""
    raise ValueError("T1006: Attempted to invoke a non-function")


def finite(value: float) -> float:
    """JSON has no infinity; JSONata calls such a number out of range."""
    if not math.isfinite(value):
        raise JsonataError(f"D1001: Number out of range: {value}")
    return value
