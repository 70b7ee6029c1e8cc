"""The elements of a list as a Map state iterates over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bunsui.compile.states import constant, field, jsonata, text, written
from bunsui.compile.steps.context import Context
from bunsui.model.references import FromConstant, FromList, FromOutput, FromParameter, Source
from bunsui.model.target import Json
from bunsui.runtime.result import LENGTH

VALUE, INDEX = "$states.context.Map.Item.Value", "$states.context.Map.Item.Index"
"""What the state iterates over, one at a time (AWS Step Functions developer guide, "input-output-contextobject")."""


class Elements(NamedTuple):
    """The elements of a list.

    Attributes:
        items: what the state iterates over.
        envelope: of one element.
        length: JSONata of how many there are; None where the declaration says it.
    """

    items: Json
    envelope: Json
    length: str | None = None


def listed(over: Source, context: Context) -> Elements:
    """The elements of a list that is in sight, or is a result."""
    match over:
        case FromConstant(value):
            items = list(value)
            plain = constant(items)
            return Elements(items if plain == items else written(items), {"value": jsonata(VALUE)})
        case FromList(sources):
            return Elements([context.envelope(source) for source in sources], jsonata(VALUE))
        case FromParameter():
            found = context.read(over)
            return Elements(jsonata(found), {"value": jsonata(VALUE)}, f"$count({found})")
        case FromOutput(operation, path):
            length = context.read(FromOutput(operation, (*path, LENGTH)))
            return Elements(jsonata(f"[0..{length} - 1]"), _element(context.whole(operation), path), length)
        case _:
            raise TypeError(f"a map over {over}")


def _element(whole: str, path: tuple[str, ...]) -> Json:
    """The element at an index of a result that may lie in S3: itself where it is in sight, else a reference to it.

    The result of a map is a list of envelopes. Where there is text beside the value, that alone is exact.
    """
    inside = "".join(f".{field(name)}" for name in path)
    place = "".join(f"{text(name)}, " for name in path)
    return jsonata(
        f"($all := {whole}; $at := {VALUE}; $exists($all.value) and $not($exists($all.text))"
        f' ? {{"value": $all.value{inside}[$at]}}'
        f' : $exists($all.list) ? $all.list[$at] : $merge([$all, {{"path": [{place}$at]}}]))'
    )


def list_facts(name: str, count: str, context: Context) -> Mapping[str, Json]:
    """What others read of a map's list inside the state machine: how long it is, or that it is there."""
    wanted = context.plan.facts.get(name, {})
    shown = {one: jsonata(count) if path[-1:] == (LENGTH,) else True for one, path in wanted.items()}
    return {"facts": shown} if shown else {}
