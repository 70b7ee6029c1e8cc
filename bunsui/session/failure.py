"""What an error's name and cause mean, in words.

Causes come in layers: `states:startExecution.sync:2` hands on the child's description with the child's own error and
cause inside (AWS, connect-stepfunctions), and a Lambda task's cause is JSON of the function's `errorType`,
`errorMessage` and `stackTrace` (AWS, python-exceptions). The innermost layer is what the user wants to read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bunsui.session.model import FailureKind

CANCELLED = "Cancelled"
"""The error of an execution that `bunsui cancel` stopped."""
TIMEOUT = "States.Timeout"
NO_MESSAGE = "it gave no message"


@dataclass(frozen=True, slots=True)
class Explained:
    """An error in words.

    Attributes:
        error: class of the innermost error.
        message: never empty.
        traceback: the function's frames, outermost call first.
        execution: ARN of the child execution that it came from, or empty.
    """

    kind: FailureKind
    error: str
    message: str
    traceback: tuple[str, ...] = ()
    execution: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: FailureKind
    error: re.Pattern[str]
    message: re.Pattern[str]
    say: Callable[[re.Match[str]], str]


def _as_is(found: re.Match[str]) -> str:
    return found.string


_ANY = re.compile(r"", re.DOTALL)
_API = (
    r"An error occurred \((?P<code>{codes})\) when calling the (?P<call>\w+) operation"
    r"(?: \(reached max retries: \d+\))?:\s*(?P<words>.*)"
)
_ABSENT = _API.format(codes=r"NoSuchKey|NoSuchBucket|NoSuchVersion|404|NotFound|ResourceNotFoundException")
_DENIED = _API.format(codes=r"AccessDenied|AccessDeniedException|403|Forbidden|UnauthorizedOperation")


def _ask(call: str) -> str:
    """What may be wrong. S3 denies what is not there to who may not list it (AWS API reference, GetObject)."""
    if call in ("GetObject", "HeadObject"):
        return "does the object exist, and is it declared in reads= of the operation?"
    return "is it declared in reads= or writes= of the operation?"


RULES = (
    _Rule("cancelled", re.compile(CANCELLED), _ANY, lambda m: m.string or "cancelled"),
    _Rule(
        "timeout",
        _ANY,
        re.compile(r"Task timed out after (?P<s>[\d.]+) seconds"),
        lambda m: f"timed out after {float(m['s']):g} s",
    ),
    _Rule(
        "timeout",
        re.compile(r"States\.(Heartbeat)?Timeout|Sandbox\.Timedout"),
        _ANY,
        lambda m: f"timed out: {m.string}" if m.string else "timed out",
    ),
    _Rule(
        "missing",
        _ANY,
        re.compile(_ABSENT, re.DOTALL),
        lambda m: f"what {m['call']} asked for does not exist ({m['code']}: {m['words']})",
    ),
    _Rule(
        "missing",
        re.compile("FileNotFoundError"),
        re.compile(r"^(?:\[Errno 2\] )?No such file or directory: (?P<file>.*)", re.DOTALL),
        lambda m: f"no such file or directory: {m['file']}",
    ),
    _Rule("missing", re.compile(r"FileNotFoundError|NoSuchKey|NoSuchBucket"), _ANY, _as_is),
    _Rule(
        "access",
        _ANY,
        re.compile(_DENIED, re.DOTALL),
        lambda m: f"AWS did not allow {m['call']} ({m['code']}: {m['words']}); {_ask(m['call'])}",
    ),
    _Rule(
        "error",
        re.compile(r"ModuleNotFoundError|Runtime\.ImportModuleError"),
        re.compile(r"No module named '[^']*'"),
        lambda m: f"{m.string}; is it in requirements= of the operation or pipeline, or part of the project?",
    ),
    _Rule(
        "memory",
        re.compile(r"Runtime\.(ExitError|OutOfMemory)"),
        re.compile(r"signal: killed|[Oo]ut ?[Oo]f ?[Mm]emory"),
        lambda m: f"the function ran out of memory ({m.string})",
    ),
    _Rule(
        "memory", re.compile("MemoryError"), _ANY, lambda m: f"the function ran out of memory: {m.string}".rstrip(": ")
    ),
    _Rule("error", _ANY, _ANY, _as_is),
)
"""Asked in this order; the first whose patterns are found in the error's name and in its message decides."""

_RETURNED = re.compile(r"Returned payload: (?P<payload>\{.*\})\s*$", re.DOTALL)
_KNOWN = ("errorMessage", "errorType", "ExecutionArn")
_REQUEST = re.compile(r"^RequestId: [0-9a-f-]{36} (?:Error: )?")


def explain(error: str | None, cause: str | None) -> Explained:
    """The innermost error of `error` and `cause`, in words."""
    name, message, trace, execution = _innermost(error or "", cause or "")
    message = _REQUEST.sub("", message.strip())
    for rule in RULES:
        found = rule.message.search(message)
        if found is not None and (rule.error is _ANY or rule.error.fullmatch(name)):
            said = rule.say(found)
            return Explained(rule.kind, name or "Error", said or NO_MESSAGE, trace, execution)
    raise AssertionError("the last rule fits everything")


def _innermost(error: str, cause: str) -> tuple[str, str, tuple[str, ...], str]:
    """Error, message, traceback and child execution below all layers."""
    execution = ""
    while True:
        layer = _layer(cause)
        if layer is None:
            return error, cause, (), execution
        if "errorMessage" in layer or "errorType" in layer:
            message = layer.get("errorMessage")
            text = "" if message is None else str(message)
            return str(layer.get("errorType") or error), text, frames(layer.get("stackTrace")), execution
        execution = str(layer.get("ExecutionArn", ""))
        error, cause = _of_child(layer, error)


def frames(trace: object) -> tuple[str, ...]:
    """The lines of a traceback that is a text or a list of texts."""
    parts = [str(part) for part in trace] if isinstance(trace, (list, tuple)) else [str(trace or "")]
    return tuple(line for part in parts for line in part.rstrip("\n").split("\n") if line)


def _of_child(layer: dict[str, Any], error: str) -> tuple[str, str]:
    """Error and cause of a child execution from its description; a timed out one has neither."""
    status = str(layer.get("Status", ""))
    fallback = {"TIMED_OUT": TIMEOUT, "ABORTED": "Aborted"}.get(status, error)
    return str(layer.get("Error") or fallback), str(layer.get("Cause") or "")


def _layer(cause: str) -> dict[str, Any] | None:
    """A cause that holds an error of its own: a Lambda payload or the description of a child execution."""
    returned = _RETURNED.search(cause)
    text = returned["payload"] if returned else cause
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return _cut_off(text.lstrip())
    return found if isinstance(found, dict) and any(key in found for key in _KNOWN) else None


def _cut_off(text: str) -> dict[str, Any] | None:
    """What can be read of an object whose end is missing: the record keeps only the beginning of a long cause."""
    decoder, found, at = json.JSONDecoder(), dict[str, Any](), 1
    name = ""
    try:
        while True:
            name, at = decoder.raw_decode(text, _after(text, at, ","))
            at = _after(text, at, ":")
            found[name], at = decoder.raw_decode(text, at)
    except ValueError:
        rest = text[at:]
    if name and name not in found and rest.startswith('"'):
        found[name] = _closed(rest)
    return found if any(key in found for key in (*_KNOWN, "Cause", "Error")) else None


def _after(text: str, at: int, mark: str) -> int:
    """Where the next token begins, beyond blanks and the mark."""
    return len(text) - len(text[at:].lstrip(f"{mark} \n"))


def _closed(text: str) -> str:
    """A JSON string whose end is missing; the cut may have gone through an escape of up to six characters."""
    for cut in range(7):
        try:
            return str(json.loads(f'{text[: len(text) - cut]}"'))
        except ValueError:
            continue
    return ""
