"""How data passes through a state: paths, selectors, templates, assignments."""

from __future__ import annotations

from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch
from bunsui.interpreter.definition import Catcher, Rule, State, Steps
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonata import UNDEFINED
from bunsui.interpreter.jsonvalue import compact, too_large
from bunsui.interpreter.variables import check_variables


def effective_input(branch: Branch, state: State, data: Any) -> Any:
    """What InputPath lets through."""
    return data if state.input_path is None else state.input_path(branch, data)


def arguments(branch: Branch, state: State, data: Any, absent: Any) -> Any:
    """Parameters or Arguments; `absent` where the state has none."""
    return absent if state.parameters is None else state.parameters(branch, data)


def written(document: Any, steps: Steps, value: Any) -> Any:
    """A copy of a document with a value at a reference path.

    Raises:
        Fault: the path does not fit the document.
    """
    try:
        return copied(document, steps, value)
    except LookupError:
        pass
    path = "$" + "".join(f"['{step}']" if isinstance(step, str) else f"[{step}]" for step in steps)
    raise Fault(faults.RESULT_PATH_MATCH_FAILURE, f"Unable to apply ReferencePath {path} to input {compact(document)}")


def copied(document: Any, steps: Steps, value: Any) -> Any:
    """A copy with a value at a path; objects on the way are made where they are missing.

    Raises:
        LookupError: something else than an object or array is in the way.
    """
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str) and isinstance(document, dict):
        return {**document, step: copied(document.get(step, {}) if rest else None, rest, value)}
    if isinstance(step, int) and isinstance(document, list) and -len(document) <= step < len(document):
        changed = list(document)
        changed[step] = copied(document[step], rest, value)
        return changed
    raise LookupError(step)


def finish(branch: Branch, state: State, data: Any, result: Any) -> None:
    """The way out of a state with a result: selector, result path, output, assignment, event.

    Args:
        branch: the line of control.
        state: the state.
        data: the input of the state as it was entered.
        result: what the state produced.
    """
    if state.jsonata:
        branch.result = result
        output = result if state.output is None else state.output(branch, result)
        assigned = None if state.assign is None else state.assign(branch, result)
    else:
        selected = result if state.result_selector is None else state.result_selector(branch, result)
        steps = state.result_path
        output = data if steps is None else written(data, steps, selected) if steps else selected
        if state.output_path is not None:
            output = state.output_path(branch, output)
        assigned = None if state.assign is None else state.assign(branch, selected)
    leave(branch, state, output, assigned)


def leave(branch: Branch, state: State, output: Any, assigned: Any) -> None:
    """Check the size of the output and record that the state is left."""
    if output is not branch.input and too_large(output):
        raise faults.data_limit(state.name)
    if assigned:
        check_variables(branch, state.name, assigned)
    branch.exit(state, output, assigned)
    branch.input = output


def finish_plain(branch: Branch, state: State, data: Any, shaper: State | Rule) -> None:
    """The way out of a state that produces nothing of its own: Wait, Choice, Succeed."""
    if state.jsonata:
        output = data if shaper.output is None else shaper.output(branch, data)
        assigned = None if shaper.assign is None else shaper.assign(branch, data)
    else:
        effective = effective_input(branch, state, data)
        output = effective if state.output_path is None else state.output_path(branch, effective)
        assigned = None if shaper.assign is None else shaper.assign(branch, effective)
    leave(branch, state, output, assigned)


def finish_caught(branch: Branch, state: State, catcher: Catcher, data: Any, fault: Fault) -> None:
    """The way out through a Catch."""
    error = fault.output()
    branch.error_output = error
    if state.jsonata:
        branch.result = UNDEFINED
        output = error if catcher.output is None else catcher.output(branch, error)
    else:
        steps = catcher.result_path
        output = data if steps is None else written(data, steps, error) if steps else error
    assigned = None if catcher.assign is None else catcher.assign(branch, error)
    leave(branch, state, output, assigned)
