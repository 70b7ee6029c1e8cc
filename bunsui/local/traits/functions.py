"""An exception in a function reaches `Catch` and `Retry` by its own class name.

AWS: the runtime answers {"errorMessage", "errorType", "requestId", "stackTrace"}; `errorType` is the class's name, with
which Step Functions compares `ErrorEquals`, and the whole is the `Cause`. What goes wrong outside the handler has names
of its own: Runtime.ImportModuleError, Runtime.UserCodeSyntaxError, Runtime.HandlerNotFound, Runtime.MarshalError,
Runtime.ExitError. With `LogFormat: JSON` the error is one JSON line in the log.

MiniStack: its worker script sends `str(exception)` only, and the executor calls every error Runtime.HandlerError or
RuntimeError, so that `"ErrorEquals": ["ValueError"]` never matches. No start option changes it.

Mended: the worker script sends the whole error, in the message; the executor's answer is made from it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from bunsui.local.traits.anchor import substitute, wrap

_MARK = "<described>"
_DIED = "Worker process died"

# Runs in the function's process, before its code; `/var/task` is where AWS unpacks a function.
_DESCRIBE = """
def _describe_error(e, initialising=None):
    import json, os, traceback
    kind, message, trace = type(e).__name__, str(e), e.__traceback__.tb_next
    if initialising:
        module, handler = initialising
        if isinstance(e, ImportError):
            kind, message = "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, e)
        elif isinstance(e, SyntaxError):
            kind, message = "Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, e)
        elif isinstance(e, AttributeError) and trace is None:
            kind, message = "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (handler, module)
        if kind != type(e).__name__:
            trace = None
    elif trace is not None and trace.tb_frame.f_globals.get("__name__") == "json":
        kind, message, trace = "Runtime.MarshalError", "Unable to marshal response: " + message, None
    home = os.environ.get("LAMBDA_TASK_ROOT", "")
    lines = [line.replace(home, "/var/task") for line in traceback.format_tb(trace)]
    return "__MARK__" + json.dumps({"errorMessage": message, "errorType": kind, "stackTrace": lines})
""".replace("__MARK__", _MARK)


def apply() -> None:
    """Patch the worker script and the executor."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    script = "_PYTHON_WORKER_SCRIPT"
    substitute(lambda_runtime, script, '"error": str(e), "trace"', '"error": _describe_error(e), "trace"')
    substitute(lambda_runtime, script, '"error": str(e)}', '"error": _describe_error(e, (module_name, handler_name))}')
    lambda_runtime._PYTHON_WORKER_SCRIPT = _DESCRIBE + lambda_runtime._PYTHON_WORKER_SCRIPT
    wrap(lambda_svc, "_execute_function_warm", _as_aws)


def _as_aws(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def execute_function(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result = execute(func, event, request_id)
        body = result.get("body")
        if not result.get("error") or not isinstance(body, dict) or "errorMessage" not in body:
            return result
        described = _described(str(body["errorMessage"]))
        if described is None:
            return result
        kind, message, trace = described
        error = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}
        logging_config = (func.get("config") or func).get("LoggingConfig") or {}
        log = _log(str(result.get("log") or ""), error, as_json=logging_config.get("LogFormat") == "JSON")
        return {**result, "body": error, "log": log}

    return execute_function


def _described(message: str) -> tuple[str, str, list[str]] | None:
    """Class name, message and stack of an error that the worker described; None for one of the executor's own."""
    if message == _DIED:
        return "Runtime.ExitError", "Runtime exited without providing a reason", []
    _, mark, description = message.partition(_MARK)
    if not mark:
        return None
    error = json.loads(description)
    return error["errorType"], error["errorMessage"], error["stackTrace"]


def _log(text: str, error: dict[str, Any], *, as_json: bool) -> str:
    """The log of a failed invocation: what the function printed, then the error as the runtime prints it."""
    printed, _, _ = f"\n{text}".partition("\nTraceback (most recent call last):")
    lines = [line for line in printed.splitlines()[1:] if _MARK not in line and line != _DIED]
    if as_json:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines.append(json.dumps({"timestamp": now, "level": "ERROR", **error}))
    else:
        lines.append(f"[ERROR] {error['errorType']}: {error['errorMessage']}")
        if error["stackTrace"]:
            lines += ["Traceback (most recent call last):", *"".join(error["stackTrace"]).splitlines()]
    return "\n".join(lines)
