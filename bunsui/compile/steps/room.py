"""How many elements an inline map may meet: its iterations share the history, and its results the room of one place."""

from __future__ import annotations

from bunsui.compile.budget import SESSION_ID, SMALL
from bunsui.compile.events import of_states
from bunsui.compile.states import jsonata
from bunsui.compile.steps.context import Context
from bunsui.errors import DeclarationError
from bunsui.model import types
from bunsui.model.map import SHARES, Map
from bunsui.model.names import spill_prefix
from bunsui.model.target import Json, State

HISTORY = 20_000
"""Events that the iterations may have of the 25,000 of an execution (AWS Step Functions quotas)."""

ITERATION = 2
"""Events of an iteration: started, succeeded."""


def item_inline(step: Map, context: Context) -> Json:
    """Bytes of JSON that the result of one element may have in the state machine."""
    frame = len(r"{\"value\":},")
    room = SHARES * context.plan.inline // step.at_most - frame
    if isinstance(context.inline(step.name), int):
        return room
    return jsonata(f"$min([{room}, $floor({context.given}.inline * {SHARES} / {step.at_most}) - {frame}])")


def check_room(step: Map, processor: State, context: Context) -> None:
    """Refuse more elements than there is room for.

    Raises:
        DeclarationError: BUN301.
    """
    bounds = {
        "an execution's history has room for": HISTORY // (ITERATION + of_states(processor["States"], {})),
        "their results have room for": SHARES * context.plan.inline // _least(step, context),
    }
    reason, most = min(bounds.items(), key=lambda bound: bound[1])
    if step.at_most > most:
        raise DeclarationError(
            "BUN301",
            f"Map {step.name!r}: at_most={step.at_most} elements, but {reason} {most}",
            where=step.where,
            hint=f"add distributed=True, or at_most={most}",
        )


def _least(step: Map, context: Context) -> int:
    """Bytes that a result takes in any case: a small one, or a reference to a large one."""
    small = len(r"{\"value\":},") + SMALL
    if types.is_small(step.each.result_type()):
        return small
    key = f"{spill_prefix(context.plan.names.stack)}//99999/{context.plan.job}/{step.each.name}/{step.at_most}.json"
    return max(small, len(r"{\"pointer\":\"\"},") + len(key) + SESSION_ID) * step.each.shares
