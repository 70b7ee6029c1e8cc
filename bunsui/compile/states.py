"""Putting states of the Amazon States Language together: chains, branches, names, JSONata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from itertools import pairwise
from typing import Any, NamedTuple

from bunsui.model.names import shorten
from bunsui.model.target import Json, State

STATE_NAME_LIMIT = 80
"""Characters (Amazon States Language specification, "States")."""

CONTEXT_INPUT = "$states.context.Execution.Input"
"""The execution's input, readable from every state without a variable."""


Scope = dict[str, str]
"""Name in the graph -> JSONata of its result, which a variable holds."""


@dataclass(frozen=True, slots=True)
class Link:
    """A state of a chain, and those beside it that go on to the same next state."""

    name: str
    state: State
    beside: Mapping[str, State] = attribute(default_factory=dict)
    ends: Mapping[str, State] = attribute(default_factory=dict)
    """States that are reached from here and go nowhere."""


ONWARD = "\0onward"
"""Where `Next` of a Choice's rule or of a Catch, or `Default`, stands for whatever comes after its link."""


def machine(links: Sequence[Link], output: Json, **top: Json) -> State:
    """A state machine or branch that runs the links one after the other and results in `output`."""
    states: dict[str, State] = {}
    for link, following in pairwise(links):
        states |= _followed(link, following.name)
    for name, state in {links[-1].name: links[-1].state, **links[-1].beside}.items():
        after = state_name(f"{name}: done")
        if state["Type"] == "Choice":
            states[name] = _onward(state, after)
        else:
            states[name] = {**_onward(state, after), "Output": _output(state, output), "End": True}
        if _goes_onward(state):
            states[after] = {"Type": "Pass", "Output": output, "End": True}
    states |= links[-1].ends
    return {**top, "StartAt": links[0].name, "States": states}


def _followed(link: Link, after: str) -> dict[str, State]:
    """The states of a link that another one follows."""
    found: dict[str, State] = {}
    for name, state in {link.name: link.state, **link.beside}.items():
        led = _onward(state, after)
        found[name] = led if state["Type"] == "Choice" else {**led, "Output": {}, "Next": after}
    return {**found, **link.ends}


class Aside(NamedTuple):
    """A chain that a link may lead to, and that goes on where the link does.

    Attributes:
        first: name of its first state.
        beside, ends: what it adds to those of the link.
    """

    first: str
    beside: Mapping[str, State]
    ends: Mapping[str, State]


def aside(links: Sequence[Link]) -> Aside:
    """The links as a chain beside another link."""
    ends: dict[str, State] = {}
    for link, following in pairwise(links):
        ends |= _followed(link, following.name)
    last = links[-1]
    return Aside(links[0].name, {last.name: last.state, **last.beside}, {**ends, **last.ends})


_WAYS = ("Choices", "Catch")
"""Fields of a state with rules that say where to go on."""


def _goes_onward(state: State) -> bool:
    rules = [rule for way in _WAYS for rule in state.get(way, ())]
    return state.get("Default") == ONWARD or any(rule["Next"] == ONWARD for rule in rules)


def _onward(state: State, after: str) -> State:
    """The state with `after` where it goes onward."""
    if not _goes_onward(state):
        return state
    found = dict(state)
    for way in state.keys() & set(_WAYS):
        found[way] = [{**rule, "Next": after if rule["Next"] == ONWARD else rule["Next"]} for rule in state[way]]
    return {**found, "Default": after} if state.get("Default") == ONWARD else found


def _output(state: State, output: Json) -> Json:
    """Assign takes effect after the state, so what the state assigns itself has to be spelled out in its Output."""
    assigned = {f"{{% ${name} %}}": expression for name, expression in state.get("Assign", {}).items()}
    if isinstance(output, dict):
        return {key: assigned.get(value, value) if isinstance(value, str) else value for key, value in output.items()}
    return assigned.get(output, output) if isinstance(output, str) else output


def jsonata(expression: str) -> str:
    """The expression as the value of a field."""
    return f"{{% {expression} %}}"


def field(name: str) -> str:
    """A field's name in a JSONata path, quoted where JSONata would read something else."""
    return f"`{name}`" if name in _WORDS or not name.isascii() or not name.isidentifier() else name


_WORDS = ("and", "or", "in", "true", "false", "null", "function")
"""Operators and literals of JSONata."""

_PLACEHOLDER = "${AWS::"


def constant(value: Json) -> Json:
    """A JSON value as it stands; text that would be taken for JSONata or a placeholder becomes a JSONata string.

    Text that only begins or ends as JSONata does is refused when the machine is created (AWS Step Functions developer
    guide, "transforming-data").
    """
    if isinstance(value, str):
        taken = _PLACEHOLDER in value or value.startswith("{%") or value.endswith("%}")
        return written(value) if taken else value
    if isinstance(value, list | tuple):
        return [constant(one) for one in value]
    if isinstance(value, dict):
        if any(_PLACEHOLDER in key for key in value):
            return written(value)
        return {key: constant(one) for key, one in value.items()}
    return value


def written(value: Json) -> str:
    """A JSON value as JSONata, which has JSON's literals; without placeholders, which CloudFormation would fill in."""
    return jsonata(text(value))


def text(value: Json) -> str:
    """A JSON value within a JSONata expression; without placeholders."""
    return json.dumps(value).replace("${", "\\u0024{")


def whole(name: str, scope: Scope) -> str:
    """JSONata of a result: of this machine, or else given to it."""
    return scope.get(name, f"{CONTEXT_INPUT}.inputs.{field(name)}")


def state_name(name: str) -> str:
    """A state's name within the limit, unique as long as the given names are."""
    return shorten(name, STATE_NAME_LIMIT)


def variable(prefix: str, name: str) -> str:
    """A variable's name, which has 80 characters at most (AWS Step Functions developer guide, "workflow-variables")."""
    return shorten(f"{prefix}_{name}", 71).replace("-", "_")


def retrier(errors: Sequence[str], **policy: Any) -> State:
    """A retrier; its delays are drawn at random unless the policy says otherwise."""
    return {"ErrorEquals": list(errors), "JitterStrategy": "FULL", **policy}
