"""A nested pipeline: one Task that runs the pipeline's own state machine, as a session of its own.

The session's id begins as that of the session around it and ends with a hash of everything that tells one run of the
step from another. Unless its own `retry` says otherwise it keeps the id when the service itself fails, so that a start
whose answer was lost starts nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bunsui.compile import failure
from bunsui.compile.children import OUTPUT, TRANSIENT, child, child_calls
from bunsui.compile.states import ONWARD, Link, constant, field, jsonata, state_name, text, variable
from bunsui.compile.steps.context import Context, reached
from bunsui.compile.steps.operation import retriers
from bunsui.model import types
from bunsui.model.binding import Bound
from bunsui.model.calls import Call, Why
from bunsui.model.names import Names, execution_name, spill_prefix
from bunsui.model.nested import Nested
from bunsui.model.references import FromConstant, FromHere, FromList, Parameter, Source
from bunsui.model.skipping import names_none
from bunsui.model.target import Json, State
from bunsui.runtime.result import LENGTH, THERE

TOO_LARGE = "Bunsui.TooLarge"
"""The error when a result that is read inside the state machine came by reference."""

ATTEMPT = 1
BEGIN, HASH = 27, 12
"""Characters of an id: those it has of the id of the session around it, a hyphen, and hexadecimal digits."""


def links(bound: Bound, context: Context) -> list[Link]:
    """The Task, and behind it a look at whether its result is there to be read, where it is read."""
    step = bound.operation
    assert isinstance(step, Nested)
    names, session = Names(step.pipeline.name, context.plan.names.prefix), _session(step, context)
    given = {
        "session": jsonata(session),
        "attempt": ATTEMPT,
        "parameters": _parameters(step, bound, context),
        "inline": _inline(step, context),
        "parent": {"session": jsonata(f"{context.given}.session"), "step": f"{context.plan.job}/{step.name}"},
    }
    name = jsonata(f"{session} & {text(execution_name('', ATTEMPT))}")
    failed, caught = state_name(f"{step.name}: unsuccessful"), variable(f"failure{context.depth}", step.name)
    catch = {"ErrorEquals": ["States.ALL"], "Assign": {caught: jsonata("$states.errorOutput")}, "Next": failed}
    state = {
        **child(names.machine, name, given, step.once),
        "Retry": retriers(step.retry, TRANSIENT),
        "Catch": [catch],
    }
    wanted = context.plan.facts.get(step.name, {})
    state["Assign"] = {context.result(step.name): jsonata(_result(step, names, session, wanted))}
    if step.description:
        state = {"Comment": step.description, **state}
    link = Link(state_name(step.name), state, ends={failed: failure.of_session(f"${caught}")})
    return [*_element_there(step, bound, context), link, *_look(step, wanted, context)]


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterable[Call]:
    """What the state machine needs in order to run it."""
    step = bound.operation
    assert isinstance(step, Nested)
    why = Why(step.name, f"run pipeline {step.pipeline.name} and wait for it", step.where)
    return child_calls(Names(step.pipeline.name, names.prefix).machine, why)


def _session(step: Nested, context: Context) -> str:
    """JSONata of the session's id."""
    parts = ["$states.context.Execution.Id", text(f"/{step.name}/"), "$states.context.State.EnteredTime"]
    times = [context.about[name] for name in ("turn", "part") if name in context.about]
    times += [jsonata("$states.context.State.RetryCount")] if step.retry is not None else []
    for one in times:
        parts += ['"/"', f"$string({one.removeprefix('{% ').removesuffix(' %}')})"]
    told = f'$substring($hash({" & ".join(parts)}, "SHA-256"), 0, {HASH})'
    return f'$substring({context.given}.session, 0, {BEGIN}) & "-" & {told}'


def _inline(step: Nested, context: Context) -> Json:
    """Bytes that each of its results may have in the state machine."""
    whole = context.about.get("inline")
    if whole is None or step.alone is not None:
        return context.inline(step.name) if whole is None else whole
    return jsonata(f"$floor({str(whole).removeprefix('{% ').removesuffix(' %}')} / {len(step.results)})")


def _parameters(step: Nested, bound: Bound, context: Context) -> dict[str, Json]:
    """The value of every parameter, for the pipeline's machine knows no defaults."""
    found: dict[str, Json] = {}
    for parameter in step.pipeline.parameters:
        source = bound.inputs.get(parameter.name)
        found[parameter.name] = (
            constant(parameter.json_default()) if source is None else _value(source, parameter, context)
        )
    return found


def _value(source: Source, parameter: Parameter, context: Context) -> Json:
    match source:
        case FromConstant(value):
            return constant(value)
        case FromList(items):
            return [_value(item, Parameter(parameter.name, types.item_type(parameter.type)), context) for item in items]
        case FromHere(name):
            return jsonata(_of_element(context.here[name][3:-3]))
    value = context.read(source)
    if not source.path and not context.may_miss(source):
        return jsonata(value)
    if not parameter.required:
        return jsonata(f"$exists({value}) ? {value} : {text(parameter.json_default())}")
    return jsonata(f"$exists({value}) ? {value} : null" if names_none(parameter.type) else value)


def _of_element(envelope: str) -> str:
    """JSONata of the value of a map's element, which may be part of the value of its envelope."""
    follow = 'function($value, $step) {$type($step) = "number" ? $value[$step] : $lookup($value, $step)}'
    part = f"$exists({envelope}.path) ? $reduce({envelope}.path, {follow}, {envelope}.value) : {envelope}.value"
    return f"$exists({envelope}.value) ? ({part}) : null"


def _result(step: Nested, names: Names, session: str, wanted: Mapping[str, Sequence[str]]) -> str:
    """JSONata of the result's envelope, with what is read of it inside the state machine."""
    found = {one: _one(bound.job, one, names) for one, bound in step.pipeline.results.items()}
    several = f'{{"object": {{{", ".join(f"{text(one)}: {envelope}" for one, envelope in found.items())}}}}}'
    whole = several if step.alone is None else found[step.alone]
    facts = ", ".join(f"{text(name)}: {_fact(step, path)}" for name, path in wanted.items())
    asked = f'$merge([$whole, {{"facts": {{{facts}}}}}])' if facts else "$whole"
    return f"($session := {session}; $whole := {whole}; {asked})"


def _one(job: str, operation: str, names: Names) -> str:
    """JSONata of the envelope of one result; one that never travels is where the pipeline keeps it."""
    prefix, place = text(f"{spill_prefix(names.stack)}/"), text(f"/{ATTEMPT}/{job}/{operation}.json")
    envelope = f"{OUTPUT}.{field(job)}.{field(operation)}"
    return f'($exists({envelope}) ? {envelope} : {{"pointer": {prefix} & $session & {place}}})'


def _fact(step: Nested, path: Sequence[str]) -> str:
    """JSONata of what is read of the result."""
    if step.alone is not None:
        return _of_envelope("$whole", path)
    if not path:
        return f"{{{', '.join(f'{text(one)}: {_of_envelope(_part(one), ())}' for one in step.results)}}}"
    if path[0] in (LENGTH, THERE):
        return text(len(step.results) if path[0] == LENGTH else True)
    return _of_envelope(_part(path[0]), path[1:])


def _part(name: str) -> str:
    return f"$whole.object.{field(name)}"


def _of_envelope(envelope: str, path: Sequence[str]) -> str:
    """JSONata of what is at a path of the value of an envelope, which may be a list of other envelopes."""
    value = reached(f"{envelope}.value", path)
    if tuple(path) == (LENGTH,):
        items, count = f"{envelope}.list", f"{envelope}.count"
        return f"($exists({items}) ? $count({items}) : $exists({count}) ? {count} : {value})"
    if tuple(path) == (THERE,):
        return f"($exists({envelope}.value) ? {envelope}.value != null : $not($exists({envelope}.skipped)))"
    return value


def _element_there(step: Nested, bound: Bound, context: Context) -> list[Link]:
    """The state that fails when an element of a map came by reference; none where there is no element."""
    here = [context.here[one.name][3:-3] for one in bound.inputs.values() if isinstance(one, FromHere) and one.far]
    if not here:
        return []
    rule = " or ".join(f"$not($exists({element}.value) or $exists({element}.skipped))" for element in here)
    cause = f"the list lies in S3, and an element of it is to be a parameter of pipeline {step.pipeline.name};"
    return [_large(f"{step.name}: element", rule, f"{cause} let the list be shorter, or its elements keys or Datasets")]


def _large(name: str, rule: str, cause: str) -> Link:
    """A look that fails where the rule holds."""
    large = state_name(f"{name} too large")
    choice: State = {
        "Type": "Choice",
        "Choices": [{"Condition": jsonata(rule), "Next": large}],
        "Default": ONWARD,
    }
    return Link(state_name(f"{name}?"), choice, ends={large: {"Type": "Fail", "Error": TOO_LARGE, "Cause": cause}})


def _look(step: Nested, wanted: Mapping[str, Sequence[str]], context: Context) -> list[Link]:
    """The state that fails when what is read of the result came by reference; none where that cannot be."""
    whole = context.scope[step.name]
    far: dict[str, None] = {}
    for path in wanted.values():
        if tuple(path[-1:]) == (THERE,) and len(path) <= 1 + (step.alone is None):
            continue
        if step.alone is not None:
            read = {step.alone: whole}
        elif path and path[0] != LENGTH:
            read = {path[0]: f"{whole}.object.{field(path[0])}"}
        else:
            read = {} if path else {one: f"{whole}.object.{field(one)}" for one in step.results}
        far |= {f"$exists({at}.pointer)": None for one, at in read.items() if not types.is_small(step.results[one])}
    if not far:
        return []
    cause = (
        f"a result of pipeline {step.pipeline.name} lies in S3, and {step.name!r} is read inside the state machine;"
        " let the pipeline return a smaller value that tells what matters, such as a count"
    )
    return [_large(f"{step.name}: result", " or ".join(far), cause)]
