"""The intrinsic functions of JSONPath states: `States.Format('{}', $.name)`."""

from __future__ import annotations

import base64
import binascii
import inspect
import json
import math
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from bunsui.interpreter.jsonata_functions import ALGORITHMS, Ambient, hash_of, unique_id
from bunsui.interpreter.jsonvalue import compact, equal, is_number, java_text

LIMIT = 1000
"""The most items that States.ArrayRange makes."""

LONGEST = 10_000
"""The most characters that States.Base64Encode, States.Base64Decode and States.Hash take."""


class IntrinsicError(ValueError):
    """Arguments that a function refuses."""


def round_half_up(value: Any) -> int:
    """Java's Math.round."""
    if not is_number(value):
        raise IntrinsicError(f"{compact(value)} is not a number")
    rounded: int = math.floor(value + 0.5)
    return rounded


def array_of(value: Any) -> list[Any]:
    """The argument, which has to be an array."""
    if not isinstance(value, list):
        raise IntrinsicError(f"{compact(value)} is not an array")
    return value


def text_of(value: Any) -> str:
    """The argument, which has to be a string."""
    if not isinstance(value, str):
        raise IntrinsicError(f"{compact(value)} is not a string")
    return value


def format_text(_: Ambient, template: Any, *values: Any) -> str:
    """`States.Format`: each `{}` in turn; a brace behind a backslash is a brace."""
    parts = re.split(r"(\\.|\{\})", text_of(template))
    rest = iter(values)
    out = []
    for part in parts:
        if part == "{}":
            try:
                out.append(java_text(next(rest)))
            except StopIteration:
                raise IntrinsicError("fewer values than occurrences of {}") from None
        else:
            out.append(part[1:] if len(part) == 2 and part[0] == "\\" else part)
    if next(rest, None) is not None:
        raise IntrinsicError("more values than occurrences of {}")
    return "".join(out)


def string_to_json(_: Ambient, text: Any) -> Any:
    """`States.StringToJson`."""
    try:
        return json.loads(text_of(text)) if text else None
    except ValueError as error:
        raise IntrinsicError(f"cannot parse as JSON: {error}") from None


def array_partition(_: Ambient, values: Any, length: Any) -> list[Any]:
    """`States.ArrayPartition`."""
    items, count = array_of(values), round_half_up(length)
    if count <= 0:
        raise IntrinsicError("the size of a chunk must be positive")
    return [items[at : at + count] for at in range(0, len(items), count)]


def array_range(_: Ambient, first: Any, last: Any, step: Any) -> list[int]:
    """`States.ArrayRange`: both ends belong to it."""
    start, stop, stride = map(round_half_up, (first, last, step))
    if stride == 0:
        raise IntrinsicError("the step must not be zero")
    values = list(range(start, stop + (1 if stride > 0 else -1), stride))
    if len(values) > LIMIT:
        raise IntrinsicError(f"the array would have more than {LIMIT} items")
    return values


def array_item(_: Ambient, values: Any, position: Any) -> Any:
    """`States.ArrayGetItem`."""
    items, at = array_of(values), round_half_up(position)
    if not 0 <= at < len(items):
        raise IntrinsicError(f"the array has no item {at}")
    return items[at]


def array_unique(_: Ambient, values: Any) -> list[Any]:
    """`States.ArrayUnique`: the first of each stays."""
    kept: list[Any] = []
    for item in array_of(values):
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    return kept


def short_of(text: Any) -> str:
    """The argument, which has to be a string of at most 10,000 characters."""
    if len(text_of(text)) > LONGEST:
        raise IntrinsicError(f"the string has more than {LONGEST} characters")
    return str(text)


def base64_encode(_: Ambient, text: Any) -> str:
    """`States.Base64Encode`."""
    return base64.b64encode(short_of(text).encode()).decode()


def base64_decode(_: Ambient, text: Any) -> str:
    """`States.Base64Decode`."""
    try:
        return base64.b64decode(short_of(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise IntrinsicError(str(error)) from None


def hashed(ambient: Ambient, data: Any, algorithm: Any) -> str:
    """`States.Hash`."""
    if algorithm not in ALGORITHMS:
        raise IntrinsicError(f"unknown algorithm {algorithm}")
    if isinstance(data, str):
        short_of(data)
    return hash_of(ambient, data, algorithm)


def json_merge(_: Ambient, left: Any, right: Any, deep: Any) -> Any:
    """`States.JsonMerge`: shallow only."""
    if not isinstance(left, dict) or not isinstance(right, dict) or deep is not False:
        raise IntrinsicError("needs two objects and false: only shallow merging is supported")
    return {**left, **right}


def math_random(ambient: Ambient, start: Any, stop: Any, seed: Any = None) -> int:
    """`States.MathRandom`: start belongs to it, stop does not."""
    low, high = round_half_up(start), round_half_up(stop)
    if low >= high:
        raise IntrinsicError("the end must be greater than the start")
    source = ambient.random if seed is None else Random(round_half_up(seed))  # noqa: S311
    return source.randrange(low, high)


def string_split(_: Ambient, text: Any, delimiters: Any) -> list[str]:
    """`States.StringSplit`: every character of the second argument splits; empty parts vanish."""
    pattern = f"[{re.escape(text_of(delimiters))}]+"
    return [part for part in re.split(pattern, text_of(text)) if part] if delimiters else [text_of(text)]


def arity(function: Callable[..., Any]) -> tuple[int, float]:
    """The fewest and the most arguments of a function, its surroundings aside."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    many = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    single = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL]
    return sum(parameter.default is parameter.empty for parameter in single), float("inf") if many else len(single)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "States.Format": format_text,
    "States.StringToJson": string_to_json,
    "States.JsonToString": lambda _, value: compact(value),
    "States.Array": lambda _, *values: list(values),
    "States.ArrayPartition": array_partition,
    "States.ArrayContains": lambda _, values, item: any(equal(item, other) for other in array_of(values)),
    "States.ArrayRange": array_range,
    "States.ArrayGetItem": array_item,
    "States.ArrayLength": lambda _, values: len(array_of(values)),
    "States.ArrayUnique": array_unique,
    "States.Base64Encode": base64_encode,
    "States.Base64Decode": base64_decode,
    "States.Hash": hashed,
    "States.JsonMerge": json_merge,
    "States.MathRandom": math_random,
    "States.MathAdd": lambda _, left, right: round_half_up(left) + round_half_up(right),
    "States.StringSplit": string_split,
    "States.UUID": lambda ambient: unique_id(ambient),
}
