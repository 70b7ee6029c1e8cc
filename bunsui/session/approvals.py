"""Questions that sessions wait with, and answering them.

The answer is sent before it is recorded: Step Functions takes one answer to a token, so whoever is second is told so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from bunsui.errors import UsageError
from bunsui.model.names import APPROVALS_TABLE
from bunsui.session.ids import utc_now
from bunsui.session.model import Answer, Question
from bunsui.session.store import iso, tables

if TYPE_CHECKING:
    from bunsui.aws import Aws
    from bunsui.aws.dynamodb import DynamoDB

BY_PENDING = "by-pending"
REJECTED = "Bunsui.Rejected"
"""Error of an approval whose rejection fails the step."""

OVER = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")
"""How Step Functions says that nobody waits for a token (any more) (AWS API reference, SendTaskSuccess)."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """The questions of an environment by way of a connection; every method raises AwsError."""

    aws: Aws
    prefix: str = ""
    clock: Callable[[], datetime] = utc_now

    def pending(self, session: str | None = None) -> tuple[Question, ...]:
        """What waits for an answer, the oldest first: of one session, or of all of the environment."""
        with tables():
            return tuple(sorted((_question(item) for item in self._items(session)), key=lambda one: one.requested))

    def answer(self, session: str, operation: str | None, answer: str, comment: str = "") -> Answer:
        """Answer a question, and record who did.

        Args:
            session: its id.
            operation: the step that asks; may be left out where the session asks one thing only.
            answer: one of the question's answers.
            comment: for the record, and for the steps that take the decision.

        Raises:
            UsageError: BUN704 nothing waits for this answer, BUN705 the caller is not among the approvers.
        """
        item = self._waiting(session, operation)
        question = _question(item)
        who = self._allowed(question)
        if answer not in question.answers:
            raise UsageError(
                "BUN704",
                f"{question.operation!r} of session {session} takes no {answer!r}",
                hint=f"answer {' or '.join(question.answers)}",
            )
        if answer == "retry" and float(item["asked"]) > float(item["retries"]):
            raise UsageError(
                "BUN704",
                f"{question.operation!r} of session {session} was run again {item['retries']} times already",
                hint="answer skip or fail",
            )
        at = self.clock()
        told = {"answer": answer, "approved": answer == "approve", "by": who, "comment": comment, "at": iso(at)}
        sent = self._send(item, answer, told)
        self._record(item, told if sent else None)
        if not sent:
            raise UsageError(
                "BUN704",
                f"{question.operation!r} of session {session} waits no longer",
                hint=f"it was answered, ran out of time or was stopped: see `bunsui status {session}`",
            )
        return Answer(question=question, answer=answer, by=who, comment=comment, at=at)

    def _items(self, session: str | None) -> Iterator[Mapping[str, Any]]:
        if session is not None:
            found = self._db.query_all(
                APPROVALS_TABLE,
                "#session = :session",
                names={"#session": "session"},
                values={":session": session},
                consistent=True,
            )
        else:
            found = self._db.query_all(
                APPROVALS_TABLE,
                "#pending = :yes",
                names={"#pending": "pending"},
                values={":yes": "yes"},
                index=BY_PENDING,
            )
        now = self.clock().timestamp()
        for item in found:
            if item.get("pending") and item.get("prefix", "") == self.prefix and float(item["until"]) > now:
                yield item

    def _waiting(self, session: str, operation: str | None) -> Mapping[str, Any]:
        with tables():
            waiting = list(self._items(session))
        found = [item for item in waiting if operation in (None, item["operation"])]
        if len(found) == 1:
            return found[0]
        names = ", ".join(sorted(repr(item["operation"]) for item in waiting))
        if found:
            raise UsageError("BUN704", f"session {session} waits for several answers", hint=f"name one of {names}")
        what = f"{operation!r} of session {session}" if operation else f"session {session}"
        hint = f"{names} does" if waiting else f"see `bunsui status {session}`, `bunsui approvals`"
        raise UsageError("BUN704", f"{what} does not wait for an answer", hint=hint)

    def _allowed(self, question: Question) -> str:
        from bunsui.aws.sts import Sts

        who = Sts(self.aws).identity().arn
        if question.approvers and not any(fnmatchcase(who, pattern) for pattern in question.approvers):
            raise UsageError(
                "BUN705",
                f"{who} may not answer {question.operation!r} of session {question.session}",
                hint=f"it is for {' or '.join(question.approvers)}",
            )
        return who

    def _send(self, item: Mapping[str, Any], answer: str, told: Mapping[str, Any]) -> bool:
        """Whether anybody waited for it."""
        from bunsui.aws import ServiceError
        from bunsui.aws.stepfunctions import StepFunctions

        steps = StepFunctions(self.aws)
        try:
            if answer == "reject" and item["rejected"] == "fail":
                cause = f"rejected by {told['by']}" + (f": {told['comment']}" if told["comment"] else "")
                steps.send_task_failure(item["token"], REJECTED, cause)
            else:
                steps.send_task_success(item["token"], told)
        except ServiceError as error:
            if error.aws_code in OVER:
                return False
            raise
        return True

    def _record(self, item: Mapping[str, Any], told: Mapping[str, Any] | None) -> None:
        """Who answered; a question that was over before is no longer pending."""
        from bunsui.aws.dynamodb import ConditionFailedError

        kept = {name: value for name, value in (told or {}).items() if name != "approved"}
        sets = f"SET {', '.join(f'#{name} = :{name}' for name in kept)} " if kept else ""
        try:
            self._db.update_item(
                APPROVALS_TABLE,
                {"session": item["session"], "approval": item["approval"]},
                f"{sets}REMOVE #pending",
                names={f"#{name}": name for name in (*kept, "pending", "token")},
                values={**{f":{name}": value for name, value in kept.items()}, ":token": item["token"]},
                condition="#token = :token",
            )
        except ConditionFailedError:
            return

    @property
    def _db(self) -> DynamoDB:
        from bunsui.aws.dynamodb import DynamoDB

        return DynamoDB(self.aws)


def _question(item: Mapping[str, Any]) -> Question:
    return Question(
        session=item["session"],
        pipeline=item["pipeline"],
        job=item["job"],
        operation=item["operation"],
        attempt=int(item["attempt"]),
        message=item["message"],
        answers=tuple(json.loads(item["answers"])),
        approvers=tuple(json.loads(item["approvers"])),
        requested=datetime.fromisoformat(item["requested"]).astimezone(UTC),
        until=datetime.fromtimestamp(float(item["until"]), UTC),
    )
