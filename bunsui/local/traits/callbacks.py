"""Task tokens: each belongs to one attempt of one task, and is worth nothing when that is over.

AWS: every attempt of a `.waitForTaskToken` task has a token of its own. To answer one whose task was answered, failed,
timed out or was given up is TaskTimedOut; to answer what never was a token is InvalidToken (AWS API reference,
SendTaskSuccess). A task that waits ends when its branch or execution does.

MiniStack: all attempts share a token; says TaskDoesNotExist for all that it does not know, and nothing when a token is
answered twice; a task goes on waiting after its execution has ended.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from bunsui.local.traits import stopping
from bunsui.local.traits.anchor import wrap

_POLL_SECONDS = 0.05

_closed: set[str] = set()


def apply() -> None:
    """Patch how a task waits, and how it is answered."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_invoke_with_callback", _ending)
    wrap(stepfunctions, "_apply_jsonata_arguments", _with_own_token)
    for name in ("_send_task_success", "_send_task_failure", "_send_task_heartbeat"):
        wrap(stepfunctions, name, _answered_once)


def _ending(invoke: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def invoke_with_callback(resource: str, value: Any, token: str, state: dict[str, Any]) -> Any:
        stopping.check()
        over = threading.Event()

        def give_up() -> None:
            while not over.wait(_POLL_SECONDS):
                try:
                    stopping.check()
                except stopping.StoppedError:
                    if (task := sfn._task_tokens.get(token)) is not None:
                        task["event"].set()
                    return

        threading.Thread(target=contextvars.copy_context().run, args=(give_up,), daemon=True).start()
        try:
            return invoke(resource, value, token, state)
        finally:
            over.set()
            _closed.add(token)
            stopping.check()

    return invoke_with_callback


def _with_own_token(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def apply_arguments(state: dict[str, Any], value: Any, ctx: dict[str, Any]) -> Any:
        if ctx.get("Task", {}).get("Token") in _closed:
            ctx["Task"] = {"Token": sfn.new_uuid()}
        return evaluate(state, value, ctx)

    return apply_arguments


def _answered_once(send: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    from ministack.services import stepfunctions as sfn

    def answer(data: dict[str, Any]) -> Any:
        token = data.get("taskToken")
        task = sfn._task_tokens.get(token)
        if token in _closed or (task is not None and task["event"].is_set()):
            message = "Task Timed Out: 'Provided task does not exist anymore'"
            return sfn.error_response_json("TaskTimedOut", message, 400)
        if task is None:
            return sfn.error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
        return send(data)

    return answer
