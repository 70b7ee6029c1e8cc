"""JSONata by jsonata-python, for interpreters that jsonatapy has no wheel for."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jsonata.jexception import JException  # type: ignore[import-untyped]
from jsonata.jsonata import Jsonata  # type: ignore[import-untyped]
from jsonata.utils import Utils  # type: ignore[import-untyped]

from bunsui.interpreter.jsonata import UNDEFINED, JsonataError
from bunsui.interpreter.jsonata_functions import ADDED, REPLACED, Ambient


class PureEngine:
    """One expression."""

    def __init__(self, text: str, bare: str) -> None:
        try:
            self._expression = Jsonata(text)
            self._exists = Jsonata(f"$exists(({text}\n))")
        except JException as error:
            raise JsonataError(message(error)) from None

    def evaluate(self, bindings: dict[str, Any], ambient: Ambient) -> Any:
        """The value, or UNDEFINED; the library answers None for both null and undefined."""
        try:
            value = self._expression.evaluate(None, self._frame(self._expression, bindings, ambient))
            if value is None:
                there_is = self._exists.evaluate(None, self._frame(self._exists, bindings, ambient))
                return None if there_is else UNDEFINED
        except JException as error:
            raise JsonataError(message(error)) from None
        except (ArithmeticError, ValueError, TypeError, RecursionError, AttributeError) as error:
            raise JsonataError(f"D1001: {error}") from None
        return plain(value)

    @staticmethod
    def _frame(expression: Any, bindings: dict[str, Any], ambient: Ambient) -> Any:
        """Where the expression finds variables and functions."""
        frame = expression.create_frame()
        for name, function in {**ADDED, **REPLACED}.items():
            frame.bind(name, Jsonata.JLambda(hosted(function, ambient)))
        frame.bind("millis", Jsonata.JLambda(ambient.milliseconds))
        frame.bind("now", Jsonata.JLambda(lambda: iso(ambient.milliseconds())))
        frame.bind("eval", None)
        for name, value in bindings.items():
            frame.bind(name, Utils.NULL_VALUE if value is None else with_nulls(value))
        return frame


def hosted(function: Callable[..., Any], ambient: Ambient) -> Callable[..., Any]:
    """A function of ours with its surroundings."""
    return lambda *arguments: function(ambient, *arguments)


def message(error: JException) -> str:
    """Code and text, as the JavaScript library words them."""
    return f"{error.error}: {error}" if getattr(error, "error", None) else str(error)


def iso(milliseconds: int) -> str:
    """`$now()`."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def with_nulls(value: Any) -> Any:
    """The library tells null from undefined by a value of its own."""
    if isinstance(value, dict):
        return {key: Utils.NULL_VALUE if item is None else with_nulls(item) for key, item in value.items()}
    if isinstance(value, list):
        return [Utils.NULL_VALUE if item is None else with_nulls(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Plain JSON again.

    Raises:
        JsonataError: a part of the value is a function.
    """
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        raise JsonataError(f"D1001: Number out of range: {value}")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | range):
        return [plain(item) for item in value]
    if isinstance(value, str | int | float | bool):
        return value
    raise JsonataError("the result is a function, which is not a JSON value")
