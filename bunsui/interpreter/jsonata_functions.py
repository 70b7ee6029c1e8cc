"""The functions that Step Functions adds to JSONata, and those it makes depend on the execution."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

ALGORITHMS: Mapping[str, str] = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
"""The algorithms of `$hash` and `States.Hash`."""


@dataclass(slots=True)
class Ambient:
    """What an evaluation takes from its surroundings: the time and the source of chance of the execution."""

    milliseconds: Callable[[], int] = lambda: 0
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311


class FunctionError(ValueError):
    """An argument that a function refuses."""


def partition(_: Ambient, values: Any = None, length: Any = None) -> Any:
    """`$partition(array, size)`."""
    count = whole(length, "partition size")
    if not isinstance(values, list) or count <= 0:
        raise FunctionError("T0410: $partition needs an array and a positive size")
    return [values[at : at + count] for at in range(0, len(values), count)]


def number_range(_: Ambient, first: Any = None, last: Any = None, step: Any = None) -> int | list[int]:
    """`$range(first, last, step)`: both ends belong to it; being a sequence, one number stands for itself."""
    start, stop, stride = (whole(value, "range") for value in (first, last, step))
    if stride == 0:
        raise FunctionError("T0410: the third argument of $range must not be 0")
    values = list(range(start, stop + (1 if stride > 0 else -1), stride))
    if len(values) > 1000:
        raise FunctionError("T0410: $range must not make more than 1000 items")
    return values[0] if len(values) == 1 else values


def hash_of(_: Ambient, data: Any = None, algorithm: Any = None) -> str:
    """`$hash(text, algorithm)`."""
    if algorithm not in ALGORITHMS:
        raise FunctionError(f"T0410: $hash does not know the algorithm {algorithm}")
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return hashlib.new(ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def random_number(ambient: Ambient, seed: Any = None) -> float:
    """`$random()`, or `$random(seed)` which always gives the same."""
    return ambient.random.random() if seed is None else Random(seed).random()  # noqa: S311


def unique_id(ambient: Ambient) -> str:
    """`$uuid()`: version 4."""
    digits = f"{ambient.random.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def parse(_: Ambient, text: Any = None) -> Any:
    """`$parse(text)`: JSON text to its value."""
    if not isinstance(text, str):
        raise FunctionError("T0410: $parse needs a string")
    try:
        return json.loads(text)
    except ValueError as error:
        raise FunctionError(f"D3121: $parse cannot read its argument: {error}") from None


def whole(value: Any, what: str) -> int:
    """A number rounded half up, as Java does."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise FunctionError(f"T0410: {what} must be a number")
    return math.floor(value + 0.5)


ADDED: Mapping[str, Callable[..., Any]] = {
    "partition": partition,
    "range": number_range,
    "hash": hash_of,
    "uuid": unique_id,
    "parse": parse,
}
"""Functions that plain JSONata does not have."""

REPLACED: Mapping[str, Callable[..., Any]] = {"random": random_number}
"""Functions of plain JSONata that behave differently."""
