"""The record of sessions: the two tables of the control stack, read, and settled where their writer was cut off."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bunsui.errors import AwsError, UsageError
from bunsui.model.names import JOB_RUNS_TABLE, SESSIONS_TABLE
from bunsui.session.failure import explain
from bunsui.session.model import JobRun, Session, SessionPage, Status

if TYPE_CHECKING:
    from bunsui.aws import Aws
    from bunsui.aws.dynamodb import DynamoDB

KIND = "session"
_WRONG = (Status.FAILED, Status.TIMED_OUT, Status.ABORTED)
BY_PIPELINE = "by-pipeline"
BY_TIME = "by-time"
PAGE = 20
READ_AHEAD = 100
"""Items read in one request when most of them may be filtered out."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an execution ended, as the record keeps it.

    Attributes:
        error: as Step Functions tells it, not yet explained; as is `cause`.
        outputs: JSON text.
    """

    status: Status
    finished: datetime
    error: str = ""
    cause: str = ""
    outputs: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """The tables by way of a connection; every method raises AwsError, BUN504 where there are none."""

    aws: Aws

    def session(self, id: str) -> Session | None:
        """The session as recorded, or None; strongly consistent."""
        with tables():
            item = self._db.get_item(SESSIONS_TABLE, {"session": id})
        return None if item is None or "pipeline" not in item else session_of(item)

    def job_runs(self, id: str, attempt: int) -> tuple[JobRun, ...]:
        """The job runs of an attempt in order of their start; strongly consistent."""
        with tables():
            items = list(
                self._db.query_all(
                    JOB_RUNS_TABLE,
                    "#session = :session AND begins_with(#run, :attempt)",
                    names={"#session": "session", "#run": "run"},
                    values={":session": id, ":attempt": f"{attempt}#"},
                    consistent=True,
                )
            )
        far = datetime.max.replace(tzinfo=UTC)
        return tuple(sorted(map(job_run_of, items), key=lambda run: (run.started or far, run.job)))

    def children(self, session: Session) -> tuple[Session, ...]:
        """The sessions of nested pipelines that a session has run, in order of their start."""
        if session.started is None:
            return ()
        with tables():
            items = list(
                self._db.query_all(
                    SESSIONS_TABLE,
                    "#kind = :kind AND #started >= :since"
                    if session.finished is None
                    else "#kind = :kind AND #started BETWEEN :since AND :until",
                    index=BY_TIME,
                    names={"#kind": "kind", "#started": "started", "#parent": "parent"},
                    values={":kind": KIND, ":parent": session.id, ":since": iso(session.started)}
                    | ({} if session.finished is None else {":until": iso(session.finished)}),
                    filter="#parent = :parent",
                )
            )
        return tuple(map(session_of, items))

    def page(
        self,
        *,
        pipeline: str | None = None,
        status: Status | None = None,
        since: datetime | None = None,
        limit: int = PAGE,
        token: str | None = None,
        wanted: Callable[[Session], bool] = lambda session: True,
    ) -> SessionPage:
        """Sessions, newest first.

        Args:
            pipeline: only its sessions.
            status: only sessions with that status on record.
            since: only those started then or later.
            limit: at most so many.
            token: `next` of the page before.
            wanted: anything else that decides.

        Raises:
            UsageError: BUN406, the token is not one of ours, or the limit is below 1.
        """
        if limit < 1:
            raise UsageError("BUN406", f"a page has at least 1 session, not {limit}", hint="give a higher limit")
        found: list[Session] = []
        place = None
        for item in self._newest_first(pipeline, status, since, token):
            session = session_of(item)
            if not wanted(session):
                continue
            if len(found) == limit:
                return SessionPage(sessions=tuple(found), next=place)
            found.append(session)
            place = _token(item)
        return SessionPage(sessions=tuple(found))

    def settle_session(self, session: Session, ending: Ending) -> bool:
        """Record how the session's attempt ended, unless its end is recorded already; returns whether it was not."""
        first = {
            "kind": KIND,
            "pipeline": session.pipeline,
            "attempt": session.attempt,
            "started": iso(session.started or ending.finished),
            "parameters": json.dumps(session.parameters),
            "execution": session.execution,
            "parent": session.parent,
            "step": session.step,
        }
        return self._settle(SESSIONS_TABLE, {"session": session.id}, session.attempt, first, ending)

    def settle_job_run(self, session: str, run: JobRun, ending: Ending) -> bool:
        """Record how a job run ended, unless its end is recorded already; returns whether it was not."""
        first = {
            "job": run.job,
            "attempt": run.attempt,
            "started": iso(run.started or ending.finished),
            "execution": run.execution,
        }
        key = {"session": session, "run": f"{run.attempt}#{run.job}"}
        return self._settle(JOB_RUNS_TABLE, key, run.attempt, first, ending)

    def _settle(
        self, table: str, key: Mapping[str, str], attempt: int, first: Mapping[str, Any], ending: Ending
    ) -> bool:
        """A finished state is never overwritten, nor the record of a later attempt."""
        from bunsui.aws.dynamodb import ConditionFailedError

        now = {
            "status": ending.status.value,
            "finished": iso(ending.finished),
            "error": ending.error,
            "cause": ending.cause,
            "outputs": ending.outputs,
        }
        set_now = [f"#{name} = :{name}" for name, value in now.items() if value]
        set_first = [f"#{name} = if_not_exists(#{name}, :{name})" for name in first]
        told = {**first, **{name: value for name, value in now.items() if value}}
        try:
            with tables():
                self._db.update_item(
                    table,
                    dict(key),
                    f"SET {', '.join(set_first + set_now)}",
                    names={f"#{name}": name for name in told},
                    values={**{f":{name}": value for name, value in told.items()}, ":running": Status.RUNNING.value},
                    condition="(attribute_not_exists(#status) OR #status = :running)"
                    " AND (attribute_not_exists(#attempt) OR #attempt = :attempt)",
                )
        except ConditionFailedError:
            return False
        return True

    def _newest_first(
        self, pipeline: str | None, status: Status | None, since: datetime | None, token: str | None
    ) -> Iterator[Mapping[str, Any]]:
        field, value = ("kind", KIND) if pipeline is None else ("pipeline", pipeline)
        names, values = {"#key": field}, {":key": value}
        condition, filter = "#key = :key", None
        if since is not None:
            condition += " AND #started >= :since"
            names["#started"], values[":since"] = "started", iso(since)
        if status is not None:
            filter = "#status = :status"
            names["#status"], values[":status"] = "status", status.value
        with tables():
            yield from self._db.query_all(
                SESSIONS_TABLE,
                condition,
                index=BY_TIME if pipeline is None else BY_PIPELINE,
                names=names,
                values=values,
                filter=filter,
                descending=True,
                limit=READ_AHEAD,
                start={field: value, **_position(token)} if token else None,
            )

    @property
    def _db(self) -> DynamoDB:
        from bunsui.aws.dynamodb import DynamoDB

        return DynamoDB(self.aws)


def session_of(item: Mapping[str, Any]) -> Session:
    """A session from its item."""
    status = Status(item.get("status", Status.RUNNING))
    told = explain(item.get("error"), item.get("cause")) if status.finished and status is not Status.SUCCEEDED else None
    return Session(
        id=item["session"],
        pipeline=item.get("pipeline", ""),
        status=status,
        attempt=item.get("attempt", 1),
        started=_time(item.get("started")),
        finished=_time(item.get("finished")) if status.finished else None,
        parameters=_json(item.get("parameters")) or {},
        outputs=_json(item.get("outputs")),
        kind=told.kind if told else None,
        error=told.error if told else "",
        cause=told.message if told else "",
        execution=item.get("execution", ""),
        parent=item.get("parent", ""),
        step=item.get("step", ""),
    )


def job_run_of(item: Mapping[str, Any]) -> JobRun:
    """A job run from its item."""
    status = Status(item.get("status", Status.RUNNING))
    told = explain(item.get("error"), item.get("cause")) if status in _WRONG else None
    return JobRun(
        job=item.get("job") or item["run"].partition("#")[2],
        attempt=item.get("attempt", 1),
        status=status,
        started=_time(item.get("started")),
        finished=_time(item.get("finished")) if status.finished else None,
        outputs=_json(item.get("outputs")),
        kind=told.kind if told else None,
        error=told.error if told else "",
        cause=told.message if told else str(item.get("cause", "")) if status is Status.SKIPPED else "",
        handled=bool(item.get("handled", False)),
        execution=item.get("execution") or (told.execution if told else ""),
    )


def iso(time: datetime) -> str:
    """`2026-11-21T10:15:30.000Z`: to the millisecond, as Step Functions writes them, so that texts sort as times."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _json(text: Any) -> Any:
    """JSON text as a value; a value that is no text as it is."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _token(item: Mapping[str, Any]) -> str:
    place = [item["started"], item["session"]]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _position(token: str) -> dict[str, str]:
    try:
        started, session = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return {"started": str(started), "session": str(session)}
    except ValueError:
        raise UsageError(
            "BUN406", "this is not a token of a page of sessions", hint="give the `next` of the page before, unchanged"
        ) from None


@contextmanager
def tables() -> Iterator[None]:
    """Within it, a missing table means a missing control stack."""
    from bunsui.aws import ServiceError

    try:
        yield
    except ServiceError as error:
        if error.aws_code != "ResourceNotFoundException":
            raise
        hint = "nothing was deployed to this account and region yet: `bunsui deploy` (or `bunsui bootstrap`) makes them"
        raise AwsError("BUN504", "the session tables are not there", hint=hint) from error
