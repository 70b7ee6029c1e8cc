"""Joins: how a branch waits for producers in other branches (docs/architecture.md, "Joins").

A consumer registers its task token in the join's item, unless every producer is there already. A producer adds itself
to the set in the item and reads the whole item in the same write; the one that finds the set complete and a token in
it sends the token. Condition, set and token are one item, whose writes DynamoDB puts in order: of the last producer
and the consumer, whichever writes second knows of the other. To repeat any of it changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from bunsui.compile import tables
from bunsui.compile.states import (
    CONTEXT_INPUT,
    ONWARD,
    Link,
    Scope,
    field,
    jsonata,
    machine,
    retrier,
    state_name,
    variable,
    whole,
)
from bunsui.compile.workers import table_arn
from bunsui.errors import Where
from bunsui.graph.part import Arrival, Arrive, Join, Part, leaves
from bunsui.model.calls import Call, Why
from bunsui.model.names import ACCOUNT, JOINS_TABLE, PARTITION, REGION
from bunsui.model.target import Json, State

COMPLETE = "DynamoDb.ConditionalCheckFailedException"
"""What registering a token fails with when every producer has arrived. AWS Step Functions developer guide,
"supported-services-awssdk": the service's name in Pascal case, and the error's with the suffix `Exception`."""

GONE = ("Sfn.TaskTimedOutException", "Sfn.TaskDoesNotExistException", "Sfn.InvalidTokenException")
"""What sending a token fails with when nobody waits for it any more (AWS API reference, SendTaskSuccess)."""

REDRIVE = 14 * 86_400
"""Seconds after its end in which an execution may be redriven (AWS Step Functions developer guide,
"redrive-executions"); it finds who has arrived."""

ONE_BY_ONE = 4
"""Arrivals that stand one after the other; more of them with the same results are an inline Map, which makes 40 at a
time and is written down once."""

_TOKEN, _EXPIRES, _ARRIVED = "token", "expires", "arrived"


class Joins(NamedTuple):
    """The joins of one graph.

    Attributes:
        graph: job, or empty for the pipeline's.
        prefix: of the variables that hold results.
        all: consumer -> join.
        longest: seconds that the graph can take.
    """

    graph: str
    prefix: str
    all: Mapping[str, Join]
    longest: int

    @classmethod
    def of(cls, part: Part, graph: str, prefix: str, longest: int) -> Joins:
        """Those of a whole graph."""
        return cls(graph, prefix, {one.consumer: one for one in leaves(part) if isinstance(one, Join)}, longest)

    def wait(self, join: Join, scope: Scope, depth: int) -> list[Link]:
        """Register the token and wait, then take over the results that are not in sight already."""
        name, key = join.consumer, self._key(json.dumps(join.consumer))
        links = [Link(state_name(f"{name}: join"), self._registered(join, key))]
        values = [value for value in join.values if value not in scope]
        if values:
            scope.update({value: f"${variable(f'{self.prefix}{depth}', value)}" for value in values})
            read = tables.task("getItem", JOINS_TABLE, key, ConsistentRead=True)
            read["Assign"] = {
                scope[value][1:]: jsonata(_exact(f"$parse($states.result.Item.{field(_attribute(value))}.S)"))
                for value in values
            }
            links.append(Link(state_name(f"{name}: joined"), read))
        return links

    def _registered(self, join: Join, key: Mapping[str, str]) -> State:
        """The Task that is over when its token is sent, or at once when every producer has arrived."""
        arguments = {
            "UpdateExpression": "SET #token = :token, #expires = :expires",
            "ConditionExpression": "attribute_not_exists(#arrived) OR size(#arrived) < :all",
            "ExpressionAttributeNames": {f"#{name}": name for name in (_TOKEN, _EXPIRES, _ARRIVED)},
            "ExpressionAttributeValues": {
                ":token": tables.text("$states.context.Task.Token"),
                ":expires": self._expires,
                ":all": {"N": str(len(join.producers))},
            },
        }
        return {
            **tables.task("updateItem", JOINS_TABLE, key, **arguments),
            "Resource": f"arn:{PARTITION}:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "TimeoutSeconds": self.longest,
            "Retry": [_never(COMPLETE), retrier(("States.TaskFailed",), **tables.RETRY)],
            "Catch": [{"ErrorEquals": [COMPLETE], "Next": ONWARD}],
        }

    def arrive(self, arrive: Arrive, scope: Scope, depth: int) -> list[Link]:
        """Count a producer in at each of its joins."""
        found: list[Link] = []
        for values, alike in groupby(sorted(arrive.arrivals, key=_values), key=_values):
            arrivals = list(alike)
            if len(arrivals) > ONE_BY_ONE:
                found.append(self._mapped(arrive.producer, arrivals, scope, depth))
                continue
            for consumer, _ in arrivals:
                producers = str(len(self.all[consumer].producers))
                place = _Place(f"{arrive.producer}: arrive at {consumer}", json.dumps(consumer), producers, values)
                found += self._counted(arrive.producer, place, scope, depth)
        return found

    def _mapped(self, producer: str, arrivals: Sequence[Arrival], scope: Scope, depth: int) -> Link:
        """An inline Map over joins that get the same results."""
        first, values = arrivals[0]
        title = f"{producer}: arrive at {first} and {len(arrivals) - 1} more"
        place = _Place(f"{title}: count", "$states.input.join", "$states.input.all", values)
        items = [{"join": consumer, "all": len(self.all[consumer].producers)} for consumer, _ in arrivals]
        body = machine(self._counted(producer, place, scope, depth + 1), {})
        processor = {"ProcessorConfig": {"Mode": "INLINE"}, **body}
        return Link(state_name(title), {"Type": "Map", "Items": items, "ItemProcessor": processor})

    def _counted(self, producer: str, place: _Place, scope: Scope, depth: int) -> list[Link]:
        """The write, a look at what it found, and the token sent to who waits."""
        token = f"{_TOKEN}{depth}"
        count = tables.task("updateItem", JOINS_TABLE, self._key(place.join), **self._arrival(producer, place, scope))
        item = "$states.result.Attributes"
        complete = f"$count({item}.{_ARRIVED}.SS) = {place.producers} and $exists({item}.{_TOKEN})"
        count["Assign"] = {token: jsonata(f'{complete} ? {item}.{_TOKEN}.S : ""')}
        wake = state_name(f"{place.title}: wake")
        choice: State = {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata(f'${token} != ""'), "Next": wake}],
            "Default": ONWARD,
        }
        return [
            Link(state_name(place.title), count),
            Link(state_name(f"{place.title}: complete"), choice, beside={wake: _sent(f"${token}")}),
        ]

    def _arrival(self, producer: str, place: _Place, scope: Scope) -> dict[str, Json]:
        attributes = {f"#v{number}": _attribute(value) for number, value in enumerate(place.values)}
        results = {
            f":v{number}": tables.text(f"$string({whole(value, scope)})") for number, value in enumerate(place.values)
        }
        sets = ["#expires = :expires", *(f"#v{number} = :v{number}" for number in range(len(results)))]
        return {
            "UpdateExpression": f"ADD #arrived :producer SET {', '.join(sets)}",
            "ExpressionAttributeNames": {"#arrived": _ARRIVED, "#expires": _EXPIRES, **attributes},
            "ExpressionAttributeValues": {":producer": {"SS": [producer]}, ":expires": self._expires, **results},
            "ReturnValues": "ALL_NEW",
        }

    @property
    def _expires(self) -> Json:
        """Epoch seconds at which DynamoDB may forget the item: nobody can ask for it any more."""
        return tables.number(f"$floor($millis() / 1000) + {self.longest + REDRIVE}")

    def _key(self, consumer: str) -> dict[str, str]:
        """The item of a join, of whose consumer this is JSONata."""
        sort = f"$string({CONTEXT_INPUT}.attempt) & {json.dumps(f'#{self.graph}#')} & {consumer}"
        return {**tables.SESSION_KEY, "join": jsonata(sort)}


class _Place(NamedTuple):
    """A join that is arrived at: title of the states, JSONata of its name and of its producers' number, results."""

    title: str
    join: str
    producers: str
    values: tuple[str, ...]


def _values(arrival: Arrival) -> tuple[str, ...]:
    return arrival.values


def _attribute(value: str) -> str:
    """The attribute that brings a result; apart from our own."""
    return f"result_{value}"


def _exact(envelope: str) -> str:
    """JSONata of an envelope that was written as text, in which numbers have lost what a `text` of their own keeps."""
    return f'($read := {envelope}; $exists($read.text) ? $merge([$read, {{"value": $parse($read.text)}}]) : $read)'


def _sent(token: str) -> State:
    """The Task that ends a consumer's wait; when nobody waits any more, somebody else has ended it."""
    return {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::aws-sdk:sfn:sendTaskSuccess",
        "Arguments": {"TaskToken": jsonata(token), "Output": "{}"},
        "TimeoutSeconds": tables.TIMEOUT,
        "Retry": [_never(*GONE), retrier(("States.TaskFailed", "States.Timeout"), **tables.RETRY)],
        "Catch": [{"ErrorEquals": list(GONE), "Next": ONWARD}],
    }


def _never(*errors: str) -> State:
    """A retrier that keeps errors from those after it."""
    return {"ErrorEquals": list(errors), "MaxAttempts": 0}


def join_calls(leaf: Join | Arrive, machines: Mapping[str, str], wheres: Mapping[str, Where]) -> Iterator[Call]:
    """What a machine needs in order to wait or to arrive at a join.

    A token is sent to the state machine that waits: IAM checks that one's ARN ("is not authorized to perform:
    states:SendTaskSuccess on resource: arn:aws:states:…:stateMachine:…"). The partition key is a session's id, so that
    `dynamodb:LeadingKeys` could say no more than the table does.

    Args:
        leaf: of a graph.
        machines: consumer -> name of the state machine that waits.
        wheres: name in the graph -> its line.
    """
    table = table_arn(JOINS_TABLE)
    if isinstance(leaf, Join):
        why = Why(leaf.consumer, f"wait for {_few(leaf.producers)}", wheres.get(leaf.consumer))
        yield Call("dynamodb:UpdateItem", table, why)
        if leaf.values:
            yield Call("dynamodb:GetItem", table, why)
        return
    why = Why(leaf.producer, f"tell {_few([one.consumer for one in leaf.arrivals])}", wheres.get(leaf.producer))
    yield Call("dynamodb:UpdateItem", table, why)
    states = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:stateMachine"
    for waiting in dict.fromkeys(machines[one.consumer] for one in leaf.arrivals):
        yield Call("states:SendTaskSuccess", f"{states}:{waiting}", why)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


_NAMED = 5
"""Names that a reason tells."""
