"""An inline map: a Map state whose iterations run the operation, one for each element."""

from __future__ import annotations

from bunsui.compile.states import ONWARD, Link, jsonata, machine, state_name, text
from bunsui.compile.steps import distributed
from bunsui.compile.steps.context import Context
from bunsui.compile.steps.elements import INDEX, list_facts, listed
from bunsui.compile.steps.room import check_room, item_inline
from bunsui.model.binding import Bound
from bunsui.model.binding_map import ITEM
from bunsui.model.map import EACH, OVER, Map
from bunsui.model.target import State

TOO_MANY = "Bunsui.TooManyItems"
"""The error of a map that meets more elements than its history and its state machine have room for."""

calls = distributed.calls


def links(bound: Bound, context: Context) -> list[Link]:
    """The Map, behind a look at how many elements there are."""
    step = bound.operation
    assert isinstance(step, Map)
    if step.distributed is not None:
        return distributed.links(bound, context)
    elements = listed(bound.inputs[OVER], context)
    state: State = {
        "Type": "Map",
        "Items": elements.items,
        "ItemSelector": {"item": elements.envelope, "index": jsonata(INDEX)},
        "MaxConcurrency": step.at_a_time,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **_iteration(step, bound.parts[EACH], context)},
    }
    result = {"list": jsonata("$states.result"), **list_facts(step.name, "$count($states.result)", context)}
    state["Assign"] = {context.result(step.name): result}
    looks = [] if elements.length is None else [_look(step, elements.length)]
    return [*looks, Link(state_name(step.name), {"Comment": step.description, **state} if step.description else state)]


def _look(step: Map, count: str) -> Link:
    too_many = state_name(f"{step.name}: too many")
    cause = f" elements are too many for map {step.name!r}, which has at_most={step.at_most}; add distributed=True"
    choice: State = {
        "Type": "Choice",
        "Choices": [{"Condition": jsonata(f"{count} > {step.at_most}"), "Next": too_many}],
        "Default": ONWARD,
    }
    fail: State = {"Type": "Fail", "Error": TOO_MANY, "Cause": jsonata(f"$string({count}) & {text(cause)}")}
    return Link(state_name(f"{step.name}: count"), choice, ends={too_many: fail})


def _iteration(step: Map, each: Bound, context: Context) -> State:
    """The processor, whose input is the element; states behind the first know it by a variable."""
    item, index = f"item{context.depth}", f"index{context.depth}"
    chain, output = _states(step, each, context, "$states.input.item", "$states.input.index")
    if len(chain) > 1 or chain[0].beside or chain[0].ends:
        chain, output = _states(step, each, context, f"${item}", f"${index}")
        own = {item: jsonata("$states.input.item"), index: jsonata("$states.input.index")}
        chain = [Link(state_name(f"{step.name}: element"), {"Type": "Pass", "Assign": own}), *chain]
    made = machine(chain, jsonata(output))
    check_room(step, made, context)
    return made


def _states(step: Map, each: Bound, context: Context, item: str, index: str) -> tuple[list[Link], str]:
    """The states for one element, and JSONata of the envelope that they result in."""
    inner = context._replace(
        scope=dict(context.scope),
        depth=context.depth + 1,
        here={ITEM: jsonata(item)},
        about={**context.about, "turn": jsonata(index), "inline": item_inline(step, context)},
    )
    chain = inner.links(each)
    return chain, inner.scope[each.operation.name]
