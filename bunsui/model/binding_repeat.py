"""Binding a repetition: its operation gets the carried values, its condition and these may refer to the operation."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from bunsui.errors import BunsuiError, DeclarationError
from bunsui.model.binding_condition import bind_condition
from bunsui.model.bound import Bound
from bunsui.model.declaration import show
from bunsui.model.feeding import after, inputs
from bunsui.model.references import FromHere, Output
from bunsui.model.repeat import EACH, UNTIL, Repeat
from bunsui.model.resolving import Reader, Scope, source_of, type_of
from bunsui.model.step import Step


def bind_repeat(step: Step, job: str, scope: Scope, errors: list[BunsuiError]) -> Bound:
    """The repetition with its operation and condition; what is wrong (BUN101 to BUN111) is added to `errors`."""
    assert isinstance(step, Repeat)
    within = Scope(scope.pipeline, scope.parameters, {**scope.operations, step.each.name: step.each})
    if wrong := list(_wrong(step)):
        errors += wrong
        return Bound(step, job, {})
    here = _here(step, within, errors)
    each = Bound(step.each, job, inputs(step.each, scope, errors, here), tuple(after(step.each, scope, errors)))
    until = bind_condition(step.until, f"Repeat {step.name!r}", within, errors)
    rules = {} if until is None else {UNTIL: until}
    before = tuple(after(step, scope, errors))
    return Bound(step, job, inputs(step, scope, errors), before, {EACH: each}, rules=rules)


def _wrong(step: Repeat) -> Iterator[DeclarationError]:
    known = [one.name for one in step.each.signature().parameters]
    for name, given in step.carry.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield DeclarationError(
                "BUN108",
                f"Repeat {step.name!r}: carry={{{name!r}: …}}, but operation {step.each.name!r} has no such parameter",
                where=step.where,
                hint=f"did you mean {near[0]!r}?" if near else f"its parameters are {', '.join(known) or 'none'}",
            )
        elif name in step.each.inputs:
            yield DeclarationError(
                "BUN108",
                f"Repeat {step.name!r}: parameter {name!r} is carried, but inputs= of {step.each.name!r} feeds it",
                where=step.where,
                hint="take one of the two away",
            )
        elif not isinstance(given, Output) or step.carried[name][0] is not step.each:
            yield DeclarationError(
                "BUN101",
                f"Repeat {step.name!r}: carry={{{name!r}: {show(given)}}} is no result of {step.each.name!r}",
                where=step.where,
                hint=f"write {step.each.name}.output or a field of it",
            )


def _here(step: Repeat, scope: Scope, errors: list[BunsuiError]) -> Mapping[str, FromHere]:
    """The carried parameters, with the types that they have from the second round on."""
    found = {}
    for name, given in step.carry.items():
        reader = Reader(f"Repeat {step.name!r}", f"carry {name!r}", step.where)
        try:
            found[name] = FromHere(name, type_of(source_of(given, reader, scope), reader, scope), far=True)
        except BunsuiError as wrong:
            errors.append(wrong)
            found[name] = FromHere(name)
    return found
