"""Stand-ins for AWS: clients that answer from a list and remember what they were asked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

START = datetime(2026, 11, 21, 10, 15, 30, tzinfo=UTC)


def at(second: float) -> datetime:
    """So many seconds after START."""
    return datetime.fromtimestamp(START.timestamp() + second, UTC)


@dataclass
class FakeAws:
    """A connection whose clients are given."""

    clients: dict[str, Any]

    def client(self, service: str) -> Any:
        return self.clients[service]

    def region_name(self) -> str:
        return "eu-west-1"


@dataclass
class Answers:
    """A client whose methods answer in turn; an exception is raised. The last answer is repeated."""

    answers: dict[str, list[Any]]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, method: str) -> Any:
        def call(**request: Any) -> Any:
            self.asked.append((method, request))
            prepared = self.answers[method]
            answer = prepared.pop(0) if len(prepared) > 1 else prepared[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@dataclass(frozen=True)
class Event:
    """An event of an execution's history."""

    id: int
    previous: int
    type: str
    time: datetime
    details: dict[str, Any]


@dataclass(frozen=True)
class LogEvent:
    """An event of a log group."""

    time_ms: int
    message: str
    stream: str = "s"
    id: str = ""


def refusal(code: str, operation: str = "Call", message: str = "no") -> Exception:
    """What botocore raises when AWS refuses."""
    from botocore.exceptions import ClientError

    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
