"""A session of a pipeline under test that is on its way: time passes when the test says so."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bunsui.errors import UsageError
from bunsui.interpreter import Execution, Handle
from bunsui.model.names import APPROVALS_TABLE, JOB_RUNS_TABLE, SESSIONS_TABLE
from bunsui.runtime.decode import decode
from bunsui.session.approvals import REJECTED
from bunsui.session.store import iso
from bunsui.simulate.results import envelopes, values
from bunsui.simulate.stage import World
from bunsui.testing.run import PipelineRun


@dataclass(frozen=True, slots=True)
class Reply:
    """How a person of the test answers a question.

    Attributes:
        answer: such as `approve`, `reject`, `retry`.
        comment: what they say.
        by: who they are.
        after: seconds that they take.
    """

    answer: str = "approve"
    comment: str = ""
    by: str = "arn:aws:sts::123456789012:assumed-role/tester/tester"
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Started:
    """A session that has begun.

    Attributes:
        handle: the interpreter's, of the pipeline's state machine.
        world: what the session leaves behind.
        results: operation -> type of its result.
        replies: operation -> answers to its questions, one a time; the last one is given again and again.
    """

    handle: Handle
    world: World
    results: Mapping[str, Any]
    replies: Mapping[str, deque[Reply]] = field(default_factory=dict)

    @property
    def now(self) -> PipelineRun:
        """How it stands."""
        return self._told(self.handle.execution)

    def advance(self, seconds: float) -> PipelineRun:
        """Let time pass on the virtual clock, and tell how it stands then."""
        return self._told(self.handle.advance(seconds).execution)

    def stop(self, cause: str = "") -> PipelineRun:
        """Stop the execution, as cancelling does."""
        return self._told(self.handle.stop("Cancelled", cause))

    def finish(self) -> PipelineRun:
        """Run it to its end, answering what there are replies for."""
        while True:
            execution = self.handle.wait(lambda: self._next() is not None)
            item = self._next()
            if execution.status != "RUNNING" or item is None:
                return self._told(execution)
            replies = self.replies[self._name(item)]
            reply = replies.popleft() if len(replies) > 1 else replies[0]
            self.handle.advance(reply.after)
            self._reply(item, reply)

    @property
    def questions(self) -> tuple[Mapping[str, Any], ...]:
        """What waits for an answer now, as recorded."""
        items = map(_plain, self.world.tables.tables[APPROVALS_TABLE].items.values())
        return tuple(item for item in items if item["token"] in self.handle.tokens)

    def answer(self, operation: str, answer: str = "approve", comment: str = "") -> PipelineRun:
        """Answer what a step asks.

        Raises:
            UsageError: BUN704 when it asks nothing.
        """
        for item in self.questions:
            if operation in (item["operation"], self._name(item)):
                self._reply(item, Reply(answer, comment))
                return self.now
        raise UsageError("BUN704", f"{operation!r} does not wait for an answer")

    def _next(self) -> Mapping[str, Any] | None:
        """A question that there is a reply for."""
        return next((item for item in self.questions if self._name(item) in self.replies), None)

    def _name(self, item: Mapping[str, Any]) -> str:
        return self.world.known_as(item["pipeline"], item["operation"])

    def _reply(self, item: Mapping[str, Any], reply: Reply) -> None:
        if item["token"] not in self.handle.tokens:
            return
        if reply.answer == "reject" and item["rejected"] == "fail":
            cause = f"rejected by {reply.by}" + (f": {reply.comment}" if reply.comment else "")
            self.handle.send_task_failure(item["token"], REJECTED, cause)
        else:
            self.handle.send_task_success(
                item["token"],
                {
                    "answer": reply.answer,
                    "approved": reply.answer == "approve",
                    "by": reply.by,
                    "comment": reply.comment,
                    "at": iso(datetime.fromtimestamp(self.handle.now, UTC)),
                },
            )

    def _told(self, execution: Execution) -> PipelineRun:
        records = {
            name: [_plain(item) for item in table.items.values()] for name, table in self.world.tables.tables.items()
        }
        session = execution.name.rpartition("-")[0]
        runs = tuple(run for run in records[JOB_RUNS_TABLE] if run["session"] == session)
        error, message = _failure(execution)
        return PipelineRun(
            status=execution.status,
            error=error,
            message=message,
            outputs=self._outputs(execution),
            skipped=_skipped(self.world.executions(execution), self.results, runs),
            invocations=tuple(self.world.invocations),
            jobs={run["job"]: run["status"] for run in runs},
            duration=execution.duration,
            session=next((one for one in records[SESSIONS_TABLE] if one["session"] == session), {}),
            nested=tuple(one for one in records[SESSIONS_TABLE] if one["session"] != session),
            job_runs=runs,
            execution=execution,
        )

    def _outputs(self, execution: Execution) -> dict[str, Any]:
        """What functions returned, and what other steps came to; what was skipped has no result."""
        found = {name: value for name, value in self.world.values.items() if name in self.results}
        others = envelopes(self.world.executions(execution), self.results.keys() - found.keys())
        there = {name: envelope for name, envelope in others.items() if "skipped" not in envelope}
        found |= values(there, self.world.artefacts, self.world.stored)
        return {name: decode(value, self.results[name], name) for name, value in found.items()}


def _skipped(
    executions: Iterable[Execution], steps: Iterable[str], runs: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Why steps did not run; of a job that was skipped, those whose results leave it."""
    found = envelopes(executions, steps)
    for run in runs:
        found |= run.get("outputs") or {}
    return {name: envelope["skipped"] for name, envelope in found.items() if "skipped" in envelope}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """A DynamoDB item without its type tags; JSON texts of outputs and parameters are read."""
    found = {name: next(iter(attribute.values())) for name, attribute in item.items()}
    return {
        name: json.loads(value) if name in ("outputs", "parameters") and isinstance(value, str) else value
        for name, value in found.items()
    }


def _failure(execution: Execution) -> tuple[str, str]:
    """Error class and message, read out of what nested executions and Lambda wrap them in."""
    if execution.error is None:
        return "", ""
    from bunsui.session.failure import explain

    told = explain(execution.error, execution.cause or "")
    return told.error, told.message
