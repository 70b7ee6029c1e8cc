"""Expressions of JSONPath states, compiled to functions of a frame: paths and intrinsic calls.

Every compiled expression is called with the frame of the running state and the data that `$` stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from bunsui.interpreter import faults
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.intrinsics import FUNCTIONS, IntrinsicError, arity
from bunsui.interpreter.jsonata_functions import Ambient, FunctionError
from bunsui.interpreter.jsonpath import PathNotFound, PathSyntaxError
from bunsui.interpreter.jsonpath import compiled as compiled_path
from bunsui.interpreter.jsonvalue import compact

VARIABLE_PATH: Final = re.compile(r"\$([A-Za-z_]\w*)(.*)\Z", re.S)


class Frame(Protocol):
    """What an expression can see while a state runs."""

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables in scope."""

    @property
    def ambient(self) -> Ambient:
        """Time and chance."""

    def context(self) -> dict[str, Any]:
        """The context object."""

    def part_of_states(self, name: str) -> Any:
        """`$states.<name>`, or UNDEFINED."""


Evaluate = Callable[[Frame, Any], Any]


class Constant:
    """An expression that needs no evaluation."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, frame: Frame, data: Any) -> Any:
        """The value, whatever the frame."""
        return self.value


class ExpressionSyntaxError(ValueError):
    """The text is no expression of its language."""


def path_expression(text: str) -> Evaluate:
    """A JSONPath of the input (`$.a`), the context object (`$$.a`) or a variable (`$name.a`).

    Raises:
        ExpressionSyntaxError: it is none.
    """
    try:
        if text.startswith("$$"):
            context_path = compiled_path("$" + text[2:])
            return lambda frame, data: context_path.find(frame.context())
        variable = VARIABLE_PATH.match(text)
        if variable:
            return variable_path(variable[1], variable[2])
        if not text.startswith("$"):
            raise PathSyntaxError(f"{text!r} does not start with '$'")
        if text == "$":
            return lambda frame, data: data
        path = compiled_path(text)
        return lambda frame, data: path.find(data)
    except PathSyntaxError as error:
        raise ExpressionSyntaxError(str(error)) from None


def variable_path(name: str, rest: str) -> Evaluate:
    """`$name` and what follows it."""
    path = compiled_path("$" + rest)

    def read(frame: Frame, data: Any) -> Any:
        if name not in frame.variables:
            raise PathNotFound(f"No results for path: ${name}")
        value = frame.variables[name]
        return path.find(value) if rest else value

    return read


def path_or_intrinsic(text: str) -> Evaluate:
    """What may stand behind a key that ends in `.$`."""
    return intrinsic(text) if text.startswith("States.") else path_expression(text)


def intrinsic(text: str) -> Evaluate:
    """`States.Format('{}', $.a)`.

    Raises:
        ExpressionSyntaxError: the call cannot be read.
    """
    reader = IntrinsicReader(text)
    call = reader.call()
    reader.blanks()
    if reader.at != len(text):
        raise ExpressionSyntaxError(f"unexpected {text[reader.at :]!r} after the call")
    return call


class IntrinsicReader:
    """A cursor over one intrinsic call."""

    NAME = re.compile(r"States\.[A-Za-z0-9]+")
    NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
    STRING = re.compile(r"'((?:[^'\\]|\\['\\{}])*)'")
    PATH = re.compile(r"\$(?:\[(?:'[^']*'|\"[^\"]*\"|[^\]])*\]|[^,()\s\[]|\((?=\))|(?<=\()\))*")
    WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def blanks(self) -> None:
        """Skip blanks."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what matches here, if anything does."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def expect(self, symbol: str) -> None:
        """Go past a symbol that has to be here."""
        self.blanks()
        if not self.text.startswith(symbol, self.at):
            raise ExpressionSyntaxError(f"expected {symbol!r} at position {self.at} of {self.text!r}")
        self.at += len(symbol)

    def call(self) -> Evaluate:
        """`States.Name(arguments)`."""
        start = self.at
        name = self.take(self.NAME)
        if not name or name[0] not in FUNCTIONS:
            raise ExpressionSyntaxError(f"unknown intrinsic function in {self.text!r}")
        self.expect("(")
        arguments: list[Evaluate] = []
        self.blanks()
        while not self.text.startswith(")", self.at):
            if arguments:
                self.expect(",")
            arguments.append(self.argument(raw=name[0] == "States.Format" and not arguments))
            self.blanks()
        self.expect(")")
        return called(name[0], tuple(arguments), self.text[start : self.at])

    def argument(self, raw: bool) -> Evaluate:
        """A string, a nested call, a path, a word or a number."""
        self.blanks()
        rest = self.text[self.at :]
        if rest.startswith("'"):
            found = self.take(self.STRING)
            if not found:
                raise ExpressionSyntaxError(f"a string does not end, or has a wrong escape, in {self.text!r}")
            return Constant(found[1].replace("\\'", "'") if raw else re.sub(r"\\(.)", r"\1", found[1]))
        if rest.startswith("States."):
            return self.call()
        if rest.startswith("$"):
            found = self.take(self.PATH)
            return path_argument(found[0] if found else "")
        for word, value in self.WORDS.items():
            if rest.startswith(word):
                self.at += len(word)
                return Constant(value)
        number = self.take(self.NUMBER)
        if not number:
            raise ExpressionSyntaxError(f"cannot read the argument at {rest!r}")
        return Constant(float(number[0]) if number[1] or number[2] else int(number[0]))


def path_argument(text: str) -> Evaluate:
    """A path as an argument, which has to match."""
    read = path_expression(text)

    def evaluate(frame: Frame, data: Any) -> Any:
        try:
            return read(frame, data)
        except PathNotFound:
            raise Fault(
                faults.RUNTIME,
                f"The JsonPath argument for the field '{text}' could not be found in the input '{compact(data)}'",
            ) from None

    return evaluate


def called(name: str, arguments: tuple[Evaluate, ...], text: str) -> Evaluate:
    """A call whose failures are States.IntrinsicFailure."""
    function = FUNCTIONS[name]
    fewest, most = arity(function)
    fits = fewest <= len(arguments) <= most

    def call(frame: Frame, data: Any) -> Any:
        values = [argument(frame, data) for argument in arguments]
        try:
            if not fits:
                raise IntrinsicError(f"wrong number of arguments: {len(arguments)}")
            return function(frame.ambient, *values)
        except (IntrinsicError, FunctionError) as error:
            raise Fault(faults.INTRINSIC_FAILURE, f"The function '{text}' had the following error: {error}") from None

    return call
