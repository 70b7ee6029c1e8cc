"""What the steps of a simulated run wait for: people who answer, objects that appear, sessions of other pipelines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bunsui.compile.plan import Plan
from bunsui.interpreter import Call, DynamoDB
from bunsui.model.names import APPROVALS_TABLE, SESSIONS_TABLE
from bunsui.model.wait import Wait
from bunsui.session.approvals import REJECTED
from bunsui.session.store import iso
from bunsui.simulate.assumption import SECONDS, UNSET, Assumption, steps
from bunsui.simulate.memory import MemoryS3
from bunsui.simulate.stage import filled

BY = "simulated"
APPROVE, REJECT = "approve", "reject"

Handler = Callable[[Call], Any]


class Surroundings:
    """Answers questions, and lets come what is waited for, as long after the first look as is assumed."""

    def __init__(self, made: Plan, assumed: Mapping[str, Assumption], s3: MemoryS3) -> None:
        waits = [bound.operation for bound in steps(made.pipeline).values() if isinstance(bound.operation, Wait)]
        self._assumed = assumed
        self._s3 = s3
        self._objects = {
            (filled(one.object.resource.physical_name(made.names)), one.object.path): one.name
            for one in waits
            if one.object is not None
        }
        self._sessions = {one.session.pipeline: one.name for one in waits if one.session is not None}
        self._come: set[str] = set()

    def attend(self, services: dict[str, Any], tables: DynamoDB) -> dict[str, Any]:
        """The services, in whose calls something comes to pass; `tables` are those in memory."""
        heard: Mapping[str, tuple[str, Callable[[Call], None]]] = {
            "aws-sdk:s3:listObjectsV2": ("s3", self._look_for_object),
            "aws-sdk:dynamodb:query": ("dynamodb", lambda call: self._look_for_session(call, tables)),
            "aws-sdk:dynamodb:updateItem": ("dynamodb", self._asked),
        }
        handlers = {
            name: _heard(happens, services[service].integrations()[name]) for name, (service, happens) in heard.items()
        }
        return {**services, **handlers}

    def _asked(self, call: Call) -> None:
        """A question is answered unless silence is assumed: `result` is None."""
        if call.token is None or call.arguments.get("TableName") != APPROVALS_TABLE:
            return
        values = {name: next(iter(told.values())) for name, told in call.arguments["ExpressionAttributeValues"].items()}
        one = self._assumed.get(values[":operation"], Assumption())
        answer = _answer(one.result, json.loads(values[":answers"]))
        if answer is None:
            return
        world, token, at = call.run.world, call.token, call.time + (SECONDS if one.seconds is None else one.seconds)
        told = {"answer": answer, "approved": answer == APPROVE, "by": BY, "comment": "", "at": _iso(at)}

        def send() -> None:
            if world.tokens[token].answer.done:
                return
            if answer == REJECT and values[":rejected"] == "fail":
                world.send_failure(token, REJECTED, f"rejected by {BY}")
            else:
                world.send_success(token, told)

        world.scheduler.at(at, send)

    def _look_for_object(self, call: Call) -> None:
        name = self._objects.get((call.arguments["Bucket"], call.arguments.get("Prefix", "")))
        if name is not None:
            place = {"Bucket": call.arguments["Bucket"], "Key": call.arguments["Prefix"], "Body": b"simulated"}
            self._comes(name, call, lambda: self._s3.put_object(**place))

    def _look_for_session(self, call: Call, tables: DynamoDB) -> None:
        values = call.arguments.get("ExpressionAttributeValues") or {}
        pipeline = values.get(":pipeline", {}).get("S")
        name = self._sessions.get(pipeline)
        if call.arguments.get("TableName") != SESSIONS_TABLE or name is None:
            return
        item = {
            "session": {"S": f"{BY}-{pipeline}"},
            "kind": {"S": "session"},
            "pipeline": {"S": pipeline},
            "status": {"S": "SUCCEEDED"},
            "started": {"S": _iso(call.time)},
            "execution": {"S": f"{values[':execution']['S']}{BY}"},
        }
        self._comes(name, call, lambda: tables.put_item({"TableName": SESSIONS_TABLE, "Item": item}))

    def _comes(self, name: str, call: Call, action: Callable[[], Any]) -> None:
        """Once, and at once where nothing is said about when."""
        if name in self._come:
            return
        self._come.add(name)
        seconds = self._assumed.get(name, Assumption()).seconds or 0.0
        if seconds:
            call.run.world.scheduler.at(call.time + seconds, lambda: action() and None)
        else:
            action()


def _heard(happens: Callable[[Call], None], handler: Handler) -> Handler:
    """The handler, before which something happens."""

    def handle(call: Call) -> Any:
        happens(call)
        return handler(call)

    return handle


def _answer(result: Any, answers: Sequence[str]) -> str | None:
    """The answer that a result means; without one people approve, or where they cannot take the last way out."""
    if isinstance(result, Mapping):
        return APPROVE if result.get("approved", True) else REJECT
    if result is UNSET:
        return APPROVE if APPROVE in answers else answers[-1]
    return None if result is None else str(result)


def _iso(time: float) -> str:
    return iso(datetime.fromtimestamp(time, UTC))
