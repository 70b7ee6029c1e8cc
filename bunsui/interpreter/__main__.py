"""`python -m bunsui.interpreter DEFINITION [--input FILE|-]`: run a definition, or one of its states, from a shell."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bunsui.errors import BunsuiError, ExitCode
from bunsui.interpreter.api import Execution, execute
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.mocks import Mock, StateTestRefused
from bunsui.interpreter.teststate import try_state


class Unreadable(Exception):
    """A file that cannot be used; the message says why."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m bunsui.interpreter", description=__doc__)
    found.add_argument("definition", help="a file with Amazon States Language, or - for stdin")
    found.add_argument("--input", metavar="FILE", help="the input as JSON; - for stdin (default: {})")
    found.add_argument("--results", metavar="FILE", help="JSON: what each integration returns, or {error, cause}")
    found.add_argument("--services", metavar="MODULE:NAME", help="a mapping of services in an importable module")
    found.add_argument("--express", action="store_true", help="run it as an EXPRESS workflow")
    found.add_argument("--clock", choices=("virtual", "real"), default="virtual")
    found.add_argument("--seed", type=int, default=0, help="other than 0 shuffles simultaneous events")
    found.add_argument("--history", action="store_true", help="print the events, too")
    found.add_argument("--json", action="store_true", help="print one JSON object")
    state = found.add_argument_group("one state, as the TestState API runs it")
    state.add_argument("--state", metavar="NAME", help="run only this state")
    state.add_argument("--mock", metavar="FILE", help="the result of its task as JSON")
    state.add_argument("--mock-error", metavar="NAME", help="fail its task with this error")
    state.add_argument("--mock-cause", metavar="TEXT", help="the cause of that error")
    state.add_argument("--variables", metavar="FILE", help="the variables in scope as JSON")
    state.add_argument("--context", metavar="FILE", help="the context object as JSON")
    state.add_argument("--inspect", action="store_true", help="show the data at each step")
    return found


def text_of(name: str) -> str:
    """The text of a file, or of stdin.

    Raises:
        Unreadable: there is none.
    """
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot read {name}: {error}") from None


def json_of(name: str | None, absent: Any = None) -> Any:
    """The JSON in a file.

    Raises:
        Unreadable: the file is missing or is no JSON.
    """
    if name is None:
        return absent
    try:
        return json.loads(text_of(name))
    except ValueError as error:
        raise Unreadable(f"{name} is not JSON: {error}") from None


def fixed(result: Any) -> Callable[[Any], Any]:
    """A service that always answers the same."""

    def answer(arguments: Any) -> Any:
        if isinstance(result, dict) and result.keys() <= {"error", "cause"} and "error" in result:
            raise TaskFailed(result["error"], result.get("cause"))
        return result

    return answer


def services_of(options: argparse.Namespace) -> Mapping[str, Any]:
    """The services that the command line names.

    Raises:
        Unreadable: they cannot be loaded.
    """
    found: dict[str, Any] = {}
    if options.services:
        module, _, name = options.services.partition(":")
        try:
            found.update(getattr(import_module(module), name or "services"))
        except (ImportError, AttributeError) as error:
            raise Unreadable(f"cannot load services from {options.services}: {error}") from None
    found.update({name: fixed(result) for name, result in json_of(options.results, {}).items()})
    return found


def report(execution: Execution, *, history: bool) -> dict[str, Any]:
    """An execution as one JSON object."""
    found: dict[str, Any] = {"status": execution.status}
    if execution.status == "SUCCEEDED":
        found["output"] = execution.output
    told = {"error": execution.error, "cause": execution.cause}
    found |= {name: value for name, value in told.items() if value is not None}
    found["transitions"] = execution.transitions
    found["started"] = execution.started.isoformat()
    found["stopped"] = execution.stopped.isoformat() if execution.stopped else None
    if history:
        events = [{**event, "timestamp": event["timestamp"].isoformat()} for event in execution.history]
        found["events"] = events
    return found


def readable(execution: Execution, *, history: bool) -> str:
    """An execution for people: the events if wanted, how it ended, and the output or the error."""
    lines = []
    if history:
        for event in execution.history:
            details: Any = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
            name = details.get("name", details.get("resource", "")) if isinstance(details, dict) else ""
            lines.append(f"{event['id']:>5} {event['timestamp']:%H:%M:%S.%f}  {event['type']} {name}".rstrip())
    lines.append(f"{execution.status} after {execution.transitions} states and {execution.duration:g} seconds")
    if execution.status == "SUCCEEDED":
        lines.append(json.dumps(execution.output, indent=2, ensure_ascii=False))
    else:
        lines += [
            f"{word}: {value}" for word, value in (("error", execution.error), ("cause", execution.cause)) if value
        ]
    return "\n".join(lines)


def run_state(options: argparse.Namespace, definition: str) -> int:
    """`--state`."""
    mock = None
    if options.mock_error:
        mock = Mock(error=options.mock_error, cause=options.mock_cause, failing=True)
    elif options.mock:
        mock = Mock(result=json_of(options.mock))
    value = json.loads(definition)
    result = try_state(
        value,
        json_of(options.input, {}),
        mock=mock,
        state_name=options.state if isinstance(value, dict) and "States" in value else None,
        variables=json_of(options.variables),
        context=json_of(options.context),
        inspection_level="DEBUG" if options.inspect else "INFO",
        services=services_of(options),
    )
    print(json.dumps(result.response(), indent=None if options.json else 2, ensure_ascii=False))
    return ExitCode.OK if result.status == "SUCCEEDED" else ExitCode.FAILED


def run_machine(options: argparse.Namespace, definition: str) -> int:
    """A whole definition."""
    execution = execute(
        definition,
        json_of(options.input, {}),
        services=services_of(options),
        clock=options.clock,
        workflow_type="EXPRESS" if options.express else "STANDARD",
        seed=options.seed,
    )
    if options.json:
        print(json.dumps(report(execution, history=options.history), ensure_ascii=False))
    else:
        print(readable(execution, history=options.history))
    return ExitCode.OK if execution.status == "SUCCEEDED" else ExitCode.FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the value is the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.definition == "-" and options.input == "-":
            raise Unreadable("only one of the definition and the input can come from stdin")
        definition = text_of(options.definition)
        return run_state(options, definition) if options.state else run_machine(options, definition)
    except (Unreadable, StateTestRefused, ValueError) as error:
        print(error, file=sys.stderr)
        return ExitCode.USAGE
    except BunsuiError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
