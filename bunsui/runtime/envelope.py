"""Values between operations: what each kind of envelope means, in a function and everywhere else.

Format: docs/architecture.md, "Values between operations".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .failures import MissingInput, UnreadableInput

Envelope = Mapping[str, Any]

THREADS = 16
"""Objects that are read at the same time."""


if TYPE_CHECKING:  # a Protocol costs milliseconds of a cold start

    class Objects(Protocol):
        """The objects of the artefact bucket."""

        def get(self, key: str) -> bytes:
            """Content of an object; whatever is raised names the reason."""

        def keys(self, prefix: str) -> Iterable[str]:
            """Keys that begin so."""


def read(
    wanted: Iterable[tuple[str, Envelope]], objects: Objects, stored: Mapping[str, str] | None = None
) -> list[Any]:
    """The JSON values of envelopes, in their order; objects are read concurrently, each once.

    Args:
        wanted: what each value is for, such as "operation 'clean', parameter 'month'", and its envelope.
        objects: where values lie that do not travel in the envelope.
        stored: job -> prefix of the keys below which the results of its operations lie.

    Raises:
        MissingInput: an envelope of no known kind, or a path that leads nowhere.
        UnreadableInput: an object cannot be read.
    """
    reading = _Reading(objects, stored or {})
    pairs = list(wanted)
    found: list[Any] = [None] * len(pairs)
    for number, (subject, envelope) in enumerate(pairs):
        reading.place(envelope, _Place(subject, found, number))
    reading.fetch()
    return found


class _Place:
    """Where a value is wanted, and which part of it.

    Attributes:
        subject: what it is for.
        into, at: list and index, or object and name.
        path: field names and list indexes to follow in the value.
    """

    __slots__ = ("at", "into", "path", "subject")

    def __init__(self, subject: str, into: Any, at: Any, path: Sequence[str | int] = ()) -> None:
        self.subject = subject
        self.into = into
        self.at = at
        self.path = path

    def along(self, path: Sequence[str | int]) -> _Place:
        """The same place for what another path leads to."""
        return _Place(self.subject, self.into, self.at, path)

    def put(self, value: Any) -> None:
        """Put the part of the value here."""
        for depth, step in enumerate(self.path):
            if not has(value, step):
                raise MissingInput(f"{self.subject}: the value has no field {written(self.path[: depth + 1])!r}")
            value = value[step]
        self.into[self.at] = value

    def put_batch(self, results: list[Any]) -> None:
        """Put the results of a batch here, the first of them at this index."""
        last = self.at + len(results)
        if last > len(self.into):
            raise MissingInput(f"{self.subject}: its batch has {len(results)} results, of {len(self.into)} in all")
        self.into[self.at : last] = results

    def first(self, count: int) -> int:
        """The first step of the path, where it leads into a list of so many values."""
        first = self.path[0]
        if not isinstance(first, int) or not 0 <= first < count:
            raise MissingInput(f"{self.subject}: the value has no field {written(self.path[:1])!r}")
        return first


def has(value: Any, step: str | int) -> bool:
    """Whether one step of a path leads anywhere in a JSON value."""
    if isinstance(value, list):
        return isinstance(step, int) and 0 <= step < len(value)
    return isinstance(value, dict) and step in value


def written(path: Sequence[str | int]) -> str:
    """A path in words."""
    return ".".join(map(str, path))


class _Reading:
    """Envelopes that are read together; `wanted` says which objects, and where what they hold belongs."""

    def __init__(self, objects: Objects, stored: Mapping[str, str]) -> None:
        self.objects = objects
        self.stored = stored
        self.wanted: dict[str, list[tuple[_Place, Callable[[Any], None]]]] = {}

    def place(self, envelope: Envelope, place: _Place) -> None:
        """Put the value of an envelope at its place, or note which object brings it."""
        kind = next((kind for kind in _KINDS if kind in envelope), None)
        if kind is None:
            *some, last = map(repr, _KINDS)
            raise MissingInput(f"{place.subject}: its envelope has neither {', '.join(some)} nor {last}")
        path = (*(envelope.get("path") or ()), *place.path)
        _KINDS[kind](self, envelope, place.along(path))

    def want(self, key: str, place: _Place, put: Callable[[Any], None] | None = None) -> None:
        """Note that the value in an object belongs at a place, and how it is put there."""
        self.wanted.setdefault(key, []).append((place, put or place.put))

    def parts(self, prefix: str, place: _Place) -> list[int]:
        """The parts that are there. Only a list tells a missing object from a forbidden one: S3 answers both alike."""
        try:
            names = [key[len(prefix) + 1 : -len(".json")] for key in self.objects.keys(f"{prefix}/")]
        except Exception as error:
            raise _unreadable(place, error) from error
        return sorted(int(name) for name in names if name.isdecimal())

    def fetch(self) -> None:
        """Read the objects that are wanted."""
        if len(self.wanted) < 2:
            for key in self.wanted:
                self._fetch(key)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(self._fetch, self.wanted):
                pass

    def _fetch(self, key: str) -> None:
        wanted = self.wanted[key]
        try:
            data = self.objects.get(key)
        except Exception as error:
            raise _unreadable(wanted[0][0], error) from error
        for _, put in wanted:
            # Parsed for each anew, so that no two inputs share a list that one of them changes.
            put(json.loads(data))


def _unreadable(place: _Place, error: Exception) -> UnreadableInput:
    return UnreadableInput(f"{place.subject}: its value cannot be read: {error}")


def _value(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    place.put(json.loads(envelope["text"]) if "text" in envelope else envelope["value"])


def _pointer(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    reading.want(envelope["pointer"], place)


def _skipped(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    place.along(()).put(None)


def _stored(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    job = envelope["job"]
    if job not in reading.stored:
        raise MissingInput(f"{place.subject}: the event does not say where the results of job {job!r} lie")
    reading.want(f"{reading.stored[job]}/{envelope['stored']}.json", place)


def _list(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    envelopes = envelope["list"]
    if place.path:
        reading.place(envelopes[place.first(len(envelopes))], place.along(place.path[1:]))
        return
    values: list[Any] = [None] * len(envelopes)
    place.put(values)
    for number, one in enumerate(envelopes):
        reading.place(one, _Place(f"{place.subject}, item {number}", values, number))


def _object(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    envelopes = envelope["object"]
    if place.path:
        name = place.path[0]
        if name not in envelopes:
            raise MissingInput(f"{place.subject}: the value has no field {written(place.path[:1])!r}")
        reading.place(envelopes[name], place.along(place.path[1:]))
        return
    values: dict[str, Any] = dict.fromkeys(envelopes)
    place.put(values)
    for name, one in envelopes.items():
        reading.place(one, _Place(f"{place.subject}, field {name!r}", values, name))


def _parts(reading: _Reading, envelope: Envelope, place: _Place) -> None:
    prefix, count, batched = envelope["parts"], envelope["count"], envelope.get("batch", 1) > 1
    there = reading.parts(prefix, place)
    if there and there[-1] >= count:
        raise MissingInput(f"{place.subject}: there is a result of item {there[-1]}, of {count} in all")
    if place.path:
        _part(reading, envelope, there, place)
        return
    values: list[Any] = [None] * count
    place.put(values)
    for first in there:
        one = _Place(f"{place.subject}, item {first}", values, first)
        reading.want(f"{prefix}/{first}.json", one, one.put_batch if batched else None)


def _part(reading: _Reading, envelope: Envelope, there: list[int], place: _Place) -> None:
    """One element of them; its place stays None where it failed."""
    index = place.first(envelope["count"])
    batched = envelope.get("batch", 1) > 1
    first = max((one for one in there if one <= index), default=-1)
    one = place.along(place.path[1:])

    def put_one(results: list[Any]) -> None:
        if index - first < len(results):
            one.put(results[index - first])

    if first == index or (batched and first >= 0):
        reading.want(f"{envelope['parts']}/{first}.json", one, put_one if batched else None)


_KINDS: Mapping[str, Callable[[_Reading, Envelope, _Place], None]] = {
    "value": _value,
    "pointer": _pointer,
    "stored": _stored,
    "skipped": _skipped,
    "list": _list,
    "object": _object,
    "parts": _parts,
}
"""For each kind, named by the field that only it has: how it is read."""
