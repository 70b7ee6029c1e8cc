"""The user's function, called with typed values: once, or once for each item of a batch."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Mapping
from typing import Any

from . import hints, store
from .decode import decode
from .envelope import Envelope, read
from .failures import DecodeError, EncodeError, MissingInput
from .invocation import subject

Function = Callable[..., Any]


def call(function: Function, event: Mapping[str, Any]) -> Any:
    """What the function returns; of a batch the list of what it returns for each item.

    Raises:
        MissingInput, UnreadableInput, DecodeError, EncodeError: the runtime's own.
        Exception: whatever the function raises; in a batch it says for which item.
    """
    about, inputs = event["bunsui"], given(event)
    if about.get("batch"):
        return _batch(function, about, inputs, event.get("items") or [])
    wanted = [(_parameter(name), envelope) for name, envelope in inputs.items()]
    return _once(function, about, dict(zip(inputs, _read(about, wanted))))  # noqa: B905 - their lengths are equal


def given(event: Mapping[str, Any]) -> Mapping[str, Envelope]:
    """The event's inputs without those that were skipped and that the parameter's default stands for."""
    inputs: Mapping[str, Envelope] = event.get("inputs") or {}
    optional = event["bunsui"].get("optional")
    if not optional:
        return inputs
    return {name: one for name, one in inputs.items() if name not in optional or "skipped" not in one}


def _batch(function: Function, about: Mapping[str, Any], inputs: Mapping[str, Envelope], items: list[Any]) -> list[Any]:
    name, first = about["item"], about.get("part") or 0
    wanted = [(_parameter(one), envelope) for one, envelope in inputs.items()]
    if not about.get("plain"):
        wanted += [(f"{_parameter(name)}, item {number}", one) for number, one in enumerate(items, first)]
    values = _read(about, wanted)
    # Parsed for each item anew, so that none sees what the function does to the values of another.
    shared = json.dumps(dict(zip(inputs, values)))  # noqa: B905 - the items' values come behind
    results = []
    for number, item in enumerate(items if about.get("plain") else values[len(inputs) :], first):
        try:
            results.append(_once(function, about, {**json.loads(shared), name: item}))
        except Exception as error:
            failed = _of_item(number, error)
        else:
            continue
        raise failed
    return results


def _of_item(number: int, error: Exception) -> Exception:
    """The same error to Retry and Catch, which match the name of its class; its message says which item it is about."""
    kind = type(error)
    same = type(kind.__name__, (Exception,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})
    told = same(f"item {number}: {error}")
    vars(told).update(vars(error))
    told.__cause__, told.__context__ = error.__cause__, error.__context__
    told.__suppress_context__ = error.__suppress_context__
    return told.with_traceback(error.__traceback__)  # type: ignore[no-any-return]


def _read(about: Mapping[str, Any], wanted: list[tuple[str, Envelope]]) -> list[Any]:
    return read(wanted, store.Artefacts(), about.get("stored"))


def _once(function: Function, about: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    _check_complete(function, values)
    kinds = hints.of(_annotated(function))
    if about.get("text"):
        from .text import as_json

        name = about["item"]
        values = {**values, name: as_json(values[name], kinds.get(name, Any))}
    arguments = {name: decode(value, kinds.get(name, Any), _parameter(name)) for name, value in values.items()}
    result = function(**arguments)
    if isinstance(result, types.CoroutineType):
        import asyncio

        result = asyncio.run(result)
    if result is None:
        _check_none(kinds.get("return", Any))
    return result


def _parameter(name: str) -> str:
    return f"{subject()}, parameter {name!r}"


def _annotated(function: Function) -> Any:
    """Where a callable keeps its annotations."""
    return function if inspect.isroutine(function) or inspect.isclass(function) else type(function).__call__


def _check_complete(function: Function, values: Mapping[str, Any]) -> None:
    for name, parameter in inspect.signature(function).parameters.items():
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if named and parameter.default is parameter.empty and name not in values:
            raise MissingInput(f"{_parameter(name)}: the event has no value for it")


def _check_none(promised: Any) -> None:
    """A function that falls off its end fails itself, rather than whoever takes its result."""
    try:
        decode(None, promised, "result")
    except DecodeError:
        name = getattr(promised, "__name__", promised)
        raise EncodeError(
            f"{subject()} returned None, but its annotation says {name}; return one, or annotate it as optional"
        ) from None
