"""JSONata as Step Functions evaluates it: version 2.0.6 without `$eval`, with AWS's functions, undefined told apart.

Two engines stand behind it: jsonatapy (Rust) and, where that has no wheel, jsonata-python. Expressions that are only a
path of names, `$states.input.a.b`, are walked here; that is the same by JSONata's rules as long as no array is met.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final, Protocol

from bunsui.interpreter.jsonata_functions import Ambient

PATH: Final = re.compile(r"\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)\Z", re.ASCII)
VARIABLE: Final = re.compile(r"\$(\w+)")
STATES: Final = re.compile(r"\$states(?!\w)((?:\.[A-Za-z_]\w*)*)")
SKIPPED: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|/\*.*?\*/", re.S)
NEWER: Final = re.compile(r"\?\?|\?:")
WORDS: Final = frozenset({"and", "or", "in", "true", "false", "null", "function"})


class Undefined:
    """JSONata's nothing, which is not null."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()


class JsonataError(Exception):
    """An expression that does not parse, or fails when evaluated; the message carries JSONata's code."""


class Engine(Protocol):
    """One compiled expression."""

    def evaluate(self, bindings: dict[str, Any], ambient: Ambient) -> Any:
        """Its value, or UNDEFINED.

        Raises:
            JsonataError: it fails.
        """


Evaluate = Callable[[dict[str, Any], Ambient], Any]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and what it needs.

    Attributes:
        variables: the names after `$`, without `states`.
        states: the parts of `$states` that it reads, such as `input`; empty when it reads none, None for all.
        context: the paths below `$states.context` that it reads, two names deep at most; None for all.
    """

    text: str
    names: tuple[str, ...] | None
    variables: tuple[str, ...]
    states: frozenset[str] | None
    context: frozenset[tuple[str, ...]] | None
    evaluate: Evaluate


@lru_cache(maxsize=8192)
def compiled(text: str) -> Expression:
    """Compile once for all runs.

    Raises:
        JsonataError: the text is not JSONata 2.0.6.
    """
    path = PATH.match(text)
    names = tuple(text[1:].split(".")) if path and not WORDS.intersection(text[1:].split(".")) else None
    bare = SKIPPED.sub("''", text)
    if NEWER.search(bare):
        raise JsonataError("S0201: Syntax error: the operators ?? and ?: are newer than JSONata 2.0.6")
    engine = ENGINE(text, bare)
    states, context = parts_of_states(text)
    variables = tuple(sorted(set(VARIABLE.findall(text)) - {"states"}))
    return Expression(text, names, variables, states, context, engine.evaluate)


def parts_of_states(text: str) -> tuple[frozenset[str] | None, frozenset[tuple[str, ...]] | None]:
    """What of `$states` a text can read; a parent operator or a comment in between could read more, so then all."""
    paths = [tuple(found[1].split(".")[1:]) for found in STATES.finditer(text)]
    if any(not path for path in paths) or (paths and ("%" in text or "/*" in text)):
        return None, None
    context = [path[1:3] for path in paths if path[0] == "context"]
    return frozenset(path[0] for path in paths), None if () in context else frozenset(context)


def walk(names: tuple[str, ...], value: Any) -> Any:
    """Follow names through objects: the value, UNDEFINED, or NotImplemented where an array needs the engine."""
    for name in names:
        if type(value) is dict:
            if name not in value:
                return UNDEFINED
            value = value[name]
        elif type(value) is list:
            return NotImplemented
        else:
            return UNDEFINED
    return value


def _engine() -> Callable[[str, str], Engine]:
    if find_spec("jsonatapy"):
        from bunsui.interpreter.jsonata_rust import RustEngine

        return RustEngine
    from bunsui.interpreter.jsonata_pure import PureEngine

    return PureEngine


ENGINE: Final = _engine()
