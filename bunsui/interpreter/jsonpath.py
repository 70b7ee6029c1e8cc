"""JSONPath as Step Functions runs it, which is as the Jayway library does.

    compiled("$.a[0]").find(document)     the value, or PathNotFound
    compiled("$.a[*].b").find(document)   always a list: the path can match many nodes

A path is *definite* when it can match one node at most. Reading follows Jayway where it is peculiar: a slice ignores
its step, a filter on an object tests the object itself, several names at the end of a path make one object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import pstdev
from typing import Any, Protocol

from bunsui.interpreter.jsonvalue import compact


class PathSyntaxError(ValueError):
    """The text is not a JSONPath that Step Functions understands."""


class PathNotFound(LookupError):
    """A definite path matches nothing; the message is Jayway's."""


class Predicate(Protocol):
    """A compiled filter expression."""

    def __call__(self, node: Any, root: Any) -> bool:
        """Whether the node stays."""


@dataclass(frozen=True, slots=True)
class Property:
    """`.name`, `['name']` or `['a','b']`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "[" + ",".join(f"'{name}'" for name in self.names) + "]"


@dataclass(frozen=True, slots=True)
class Index:
    """`[0]` or `[0,-1]`."""

    positions: tuple[int, ...]

    def __str__(self) -> str:
        return "[" + ",".join(map(str, self.positions)) + "]"


@dataclass(frozen=True, slots=True)
class Slice:
    """`[1:3]`; either end may be missing."""

    start: int | None
    stop: int | None

    def __str__(self) -> str:
        return f"[{'' if self.start is None else self.start}:{'' if self.stop is None else self.stop}]"

    def positions(self, length: int) -> range:
        """The indices it selects; negative ones count from the end, as Jayway leaves them."""
        if self.stop is None:
            start = self.start or 0
            return range(max(0, length + start if start < 0 else start), length)
        if self.start is None:
            return range(min(length, length + self.stop if self.stop < 0 else self.stop))
        return range(self.start, min(length, self.stop)) if length else range(0)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`.*` or `[*]`."""

    def __str__(self) -> str:
        return "[*]"


@dataclass(frozen=True, slots=True)
class Scan:
    """`..`: the next token applied to every node below."""

    def __str__(self) -> str:
        return ".."


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(...)]`."""

    predicate: Predicate

    def __str__(self) -> str:
        return "[?]"


@dataclass(frozen=True, slots=True)
class Function:
    """`.length()` and its like, at the end of a path."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}()"


Token = Property | Index | Slice | Wildcard | Scan | Filter | Function


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path."""

    text: str
    tokens: tuple[Token, ...]
    definite: bool
    names: tuple[str, ...] | None

    def find(self, document: Any, root: Any = None) -> Any:
        """The value of a definite path, or the list that an indefinite one selects.

        Raises:
            PathNotFound: a definite path matches nothing.
        """
        if self.names is not None:
            return self._follow_names(document)
        found: list[Any] = []
        tokens = self.tokens
        function = tokens[-1] if tokens and isinstance(tokens[-1], Function) else None
        if function:
            tokens = tokens[:-1]
        Walk(tokens, document if root is None else root, found).step(0, document, True)
        if not self.definite:
            return self._apply(function, found) if function else found
        if not found:
            raise PathNotFound(f"No results for path: ${''.join(map(str, tokens))}")
        return self._apply(function, found[0]) if function else found[0]

    def _follow_names(self, document: Any) -> Any:
        node = document
        names = self.names or ()
        last = len(names) - 1
        for at, name in enumerate(names):
            if not isinstance(node, dict):
                raise PathNotFound(
                    f"Expected to find an object with property ['{name}'] in path {bracketed(names[:at])} "
                    f"but found '{type(node).__name__}'. This is not a json object."
                )
            if name not in node:
                if at == last:
                    raise PathNotFound(f"No results for path: {bracketed(names)}")
                raise PathNotFound(f"Missing property in path {bracketed(names[: at + 1])}")
            node = node[name]
        return node

    @staticmethod
    def _apply(function: Function, value: Any) -> Any:
        return FUNCTIONS[function.name](value)


def bracketed(names: tuple[str, ...]) -> str:
    """`$['a']['b']`."""
    return "$" + "".join(f"['{name}']" for name in names)


def numbers(value: Any) -> list[Any]:
    """The numbers of a list."""
    found = [item for item in value if isinstance(item, int | float) and not isinstance(item, bool)] if value else []
    if not found:
        raise PathNotFound("Aggregation function attempted to calculate value using empty array")
    return found


FUNCTIONS: Mapping[str, Any] = {
    "length": lambda value: len(value) if isinstance(value, list | dict | str) else None,
    "size": lambda value: len(value) if isinstance(value, list | dict | str) else None,
    "sum": lambda value: sum(numbers(value)),
    "min": lambda value: min(numbers(value)),
    "max": lambda value: max(numbers(value)),
    "avg": lambda value: sum(numbers(value)) / len(numbers(value)),
    "stddev": lambda value: pstdev(numbers(value)),
    "keys": lambda value: list(value) if isinstance(value, dict) else None,
    "first": lambda value: value[0] if isinstance(value, list) and value else None,
    "last": lambda value: value[-1] if isinstance(value, list) and value else None,
}


@dataclass(slots=True)
class Walk:
    """One evaluation: the tokens, the root document, and what has been found."""

    tokens: tuple[Token, ...]
    root: Any
    found: list[Any]

    def step(self, at: int, node: Any, strict: bool) -> None:
        """Apply the tokens from `at` on; `strict` while every token before was definite."""
        if at == len(self.tokens):
            self.found.append(node)
            return
        token = self.tokens[at]
        STEPS[type(token)](self, token, at, node, strict)

    def property(self, token: Property, at: int, node: Any, strict: bool) -> None:
        """Names of an object."""
        if not isinstance(node, dict):
            if strict:
                raise PathNotFound(
                    f"Expected to find an object with property {token} in path $ but found "
                    f"'{type(node).__name__}'. This is not a json object."
                )
            return
        leaf = at == len(self.tokens) - 1
        if len(token.names) > 1 and leaf:
            self.found.append({name: node[name] for name in token.names if name in node})
            return
        single = len(token.names) == 1
        for name in token.names:
            if name in node:
                self.step(at + 1, node[name], strict and single)
            elif strict and single and not leaf:
                raise PathNotFound(f"Missing property in path ${''.join(map(str, self.tokens[: at + 1]))}")

    def array(self, token: Index | Slice, at: int, node: Any, strict: bool) -> None:
        """Places of an array."""
        if not isinstance(node, list):
            if strict:
                raise PathNotFound(
                    f"Filter: {token} can only be applied to arrays. Current context is: {compact(node)}"
                )
            return
        length = len(node)
        positions = token.positions if isinstance(token, Index) else token.positions(length)
        definite = strict and isinstance(token, Index) and len(token.positions) == 1
        for position in positions:
            if -length <= position < length:
                self.step(at + 1, node[position], definite)

    def wildcard(self, token: Wildcard, at: int, node: Any, strict: bool) -> None:
        """All children."""
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        for child in children:
            self.step(at + 1, child, False)

    def filter(self, token: Filter, at: int, node: Any, strict: bool) -> None:
        """The children, or the object itself, that a filter keeps."""
        candidates = node if isinstance(node, list) else [node] if isinstance(node, dict) else []
        for candidate in candidates:
            if token.predicate(candidate, self.root):
                self.step(at + 1, candidate, False)

    def scan(self, token: Scan, at: int, node: Any, strict: bool) -> None:
        """The node itself and all below."""
        if self.scannable(self.tokens[at + 1], node, at + 1):
            self.step(at + 1, node, False)
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        for child in children:
            if isinstance(child, dict | list):
                self.scan(token, at, child, False)

    def scannable(self, token: Token, node: Any, at: int) -> bool:
        """Whether the token after `..` can say anything about this node."""
        if isinstance(token, Property):
            iterates = len(token.names) > 1 and at < len(self.tokens) - 1
            return isinstance(node, dict) and (iterates or all(name in node for name in token.names))
        if isinstance(token, Filter):
            return isinstance(node, dict) or (isinstance(node, list) and token.predicate(node, self.root))
        return isinstance(node, list) if isinstance(token, Index | Slice) else isinstance(node, dict | list)


STEPS: Mapping[type, Any] = {
    Property: Walk.property,
    Index: Walk.array,
    Slice: Walk.array,
    Wildcard: Walk.wildcard,
    Filter: Walk.filter,
    Scan: Walk.scan,
}


@lru_cache(maxsize=4096)
def compiled(text: str) -> Path:
    """Parse a path once.

    Raises:
        PathSyntaxError: it is not a JSONPath.
    """
    from bunsui.interpreter.jsonpath_parser import parse

    tokens = parse(text)
    single = all(
        (isinstance(token, Property) and (len(token.names) == 1 or token is tokens[-1]))
        or (isinstance(token, Index) and len(token.positions) == 1)
        or isinstance(token, Function)
        for token in tokens
    )
    chain = all(isinstance(token, Property) and len(token.names) == 1 for token in tokens)
    names = tuple(token.names[0] for token in tokens if isinstance(token, Property)) if chain else None
    return Path(text, tokens, single, names)
