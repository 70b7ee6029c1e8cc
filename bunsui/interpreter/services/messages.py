"""SQS, SNS and EventBridge: messages kept in lists, and handed to a consumer if there is one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from bunsui.interpreter.calls import Call, Handler
from bunsui.interpreter.faults import TaskFailed
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.services.metadata import cause, dressed

Consumer = Callable[[Any], None]
SNS_RESPONSE = 294
SNS_FIFO_RESPONSE = 352


def text_of(value: Any) -> str:
    """A message body: text stays, JSON becomes text."""
    return value if isinstance(value, str) else compact(value)


class SQS:
    """Queues, which exist as soon as something is sent.

    Attributes:
        messages: the bodies by queue URL.
    """

    def __init__(self, consumer: Consumer | None = None) -> None:
        self.messages: dict[str, list[str]] = {}
        self._consumer = consumer

    def integrations(self) -> Mapping[str, Handler]:
        """Sending."""
        return {"sqs:sendMessage": self.send, "aws-sdk:sqs:sendMessage": self.send}

    def send(self, call: Call) -> Any:
        """SendMessage."""
        body = text_of(call.arguments.get("MessageBody"))
        self.messages.setdefault(str(call.arguments.get("QueueUrl")), []).append(body)
        digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
        result = {"MD5OfMessageBody": digest, "MessageId": call.run.world.identifier()}
        if self._consumer is not None:
            self._consumer(body)
        if call.integration.startswith("aws-sdk:"):
            return result
        return dressed(call, result, Connection="", connection="keep-alive")


class SNS:
    """Topics.

    Attributes:
        messages: the messages by topic ARN.
    """

    def __init__(self, topics: set[str] | None = None, consumer: Consumer | None = None) -> None:
        self.messages: dict[str, list[str]] = {}
        self._topics = topics
        self._consumer = consumer

    def integrations(self) -> Mapping[str, Handler]:
        """Publishing."""
        return {"sns:publish": self.publish, "aws-sdk:sns:publish": self.publish}

    def publish(self, call: Call) -> Any:
        """Publish."""
        arn = str(call.arguments.get("TopicArn"))
        fifo = arn.endswith(".fifo")
        if self._topics is not None and arn not in self._topics:
            raise TaskFailed("SNS.NotFoundException", cause("Topic does not exist", "AmazonSNS", 404, "NotFound", call))
        if fifo and not call.arguments.get("MessageGroupId"):
            text = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
            raise TaskFailed("SNS.InvalidParameterException", cause(text, "AmazonSNS", 400, "InvalidParameter", call))
        body = text_of(call.arguments.get("Message"))
        self.messages.setdefault(arn, []).append(body)
        result = {"MessageId": call.run.world.identifier()}
        if fifo:
            result["SequenceNumber"] = str(10**19 + len(self.messages[arn]))
        if self._consumer is not None:
            self._consumer(body)
        if call.integration.startswith("aws-sdk:"):
            return result
        length = SNS_FIFO_RESPONSE if fifo else SNS_RESPONSE
        return dressed(call, result, length, Connection="", connection="keep-alive", **{"Content-Type": "text/xml"})


class EventBridge:
    """Event buses.

    Attributes:
        events: the entries that were taken, in order.
    """

    def __init__(self, consumer: Consumer | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._consumer = consumer

    def integrations(self) -> Mapping[str, Handler]:
        """Putting events."""
        return {"events:putEvents": self.put, "aws-sdk:eventbridge:putEvents": self.put}

    def put(self, call: Call) -> Any:
        """PutEvents; the optimized integration fails if one entry does."""
        results = []
        for entry in call.arguments.get("Entries") or []:
            problem = wrong(entry)
            if problem:
                results.append(problem)
                continue
            self.events.append(entry)
            results.append({"EventId": call.run.world.identifier()})
            if self._consumer is not None:
                self._consumer(entry)
        failed = sum("ErrorCode" in result for result in results)
        answer = {"Entries": results, "FailedEntryCount": failed}
        if failed and call.integration.startswith("events:"):
            raise TaskFailed("EventBridge.FailedEntry", compact(answer))
        return answer


def wrong(entry: Mapping[str, Any]) -> dict[str, str] | None:
    """Why an entry is not taken, or None."""
    for name in ("Source", "DetailType"):
        if not entry.get(name):
            message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    detail = entry.get("Detail")
    if isinstance(detail, str):
        try:
            detail = json.loads(detail)
        except ValueError:
            detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None
