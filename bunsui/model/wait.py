"""A wait: for some time, until a time, until an object is there, or until another pipeline's session succeeded."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SkipValidation

from bunsui.errors import DeclarationError
from bunsui.model.declaration import Declaration, Name, refuse, show
from bunsui.model.operation import A_YEAR
from bunsui.model.references import Output
from bunsui.model.references import Parameter as PipelineParameter
from bunsui.model.resource import Access, access_of
from bunsui.model.signature import Parameter, Signature
from bunsui.model.step import Step

MOST_POLLS = 1_000
"""How often one wait may look: each look is some ten of the 25,000 events of an execution's history."""

SECONDS, UNTIL = "seconds", "until"
"""Names of the inputs that a wait is fed with."""


class Finished(Declaration):
    """A session of another pipeline that succeeded: `Wait("upstream", session=Finished("ingest"))`.

    Attributes:
        pipeline: its name, in the same environment.
        within: seconds before the wait began from which on a session counts, by its start.
    """

    pipeline: Name
    within: int = Field(default=86_400, ge=0, le=A_YEAR)

    def __init__(self, pipeline: str, /, **data: Any) -> None:
        super().__init__(pipeline=pipeline, **data)


def _access(value: object) -> object:
    access = access_of(value) if value is not None else None
    if value is not None and (access is None or access.resource.kind != "Bucket" or not access.path):
        raise refuse(f"object={show(value)} is no part of a bucket", "write object=lake / 'raw/done.csv'", "BUN109")
    return access


def _seconds(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Output | Step | PipelineParameter | None):
        raise refuse(f"seconds={show(value)} is no whole number", "write seconds=60, or give an output that is an int")
    if isinstance(value, int) and not 0 <= value <= A_YEAR:
        raise refuse(f"seconds={value} is not between 0 and {A_YEAR:,}", "an execution may take a year at most")
    return value


def _until(value: object) -> object:
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise refuse(f"until={value.isoformat()} has no time zone", "write datetime(…, tzinfo=UTC)")
        return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    if value is not None and not isinstance(value, Output | Step | PipelineParameter):
        raise refuse(f"until={show(value)} is no time", "give a datetime with a time zone, a parameter or an output")
    return value


class Wait(Step):
    """Wait; exactly one of `seconds`, `until`, `object` and `session` says for what.

    It results in None; for an object in the `Dataset` of the first one found, for a session in its id.

    Attributes:
        seconds: how long, or an output or parameter that is an int.
        until: a datetime with a time zone, or an output or parameter that is one.
        object: part of a bucket, such as `lake / "raw/done.csv"`; an object of that key or below it has to be there.
        session: of another pipeline.
        every: seconds between two looks at an object or session.
        timeout: seconds after which looking fails with `Bunsui.TimedOut`.
    """

    seconds: Annotated[SkipValidation[Any], BeforeValidator(_seconds)] = None
    until: Annotated[SkipValidation[Any], BeforeValidator(_until)] = None
    object: Annotated[SkipValidation[Access | None], BeforeValidator(_access)] = None
    session: Finished | None = None
    every: int = Field(default=60, ge=5, le=86_400)
    timeout: int = Field(default=43_200, ge=5, le=A_YEAR)

    def __init__(self, name: str, /, **data: Any) -> None:
        super().__init__(name, **data)
        given = [one for one in ("seconds", "until", "object", "session") if getattr(self, one) is not None]
        if len(given) != 1:
            raise DeclarationError(
                "BUN101",
                f"Wait {name!r} says {' and '.join(given) if given else 'not'} what to wait for",
                where=self.where,
                hint="give exactly one of seconds=, until=, object= and session=",
            )
        if self.polls > MOST_POLLS:
            raise DeclarationError(
                "BUN101",
                f"Wait {name!r} looks every {self.every} s for {self.timeout} s: {self.polls:,} times",
                where=self.where,
                hint=f"look at most {MOST_POLLS:,} times: every={-(-self.timeout // MOST_POLLS)}",
            )
        for field in (SECONDS, UNTIL):
            if getattr(self, field) is not None:
                self.inputs[field] = getattr(self, field)

    @property
    def polls(self) -> int:
        """How often it looks at most; 0 where there is nothing to look at."""
        return 0 if self.object is None and self.session is None else self.timeout // self.every + 1

    @property
    def rounds(self) -> int:
        """As often as it looks."""
        return max(1, self.polls)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """The object's bucket."""
        return () if self.object is None else (self.object,)

    @property
    def longest(self) -> int:
        """The time it says, or a year where only the session knows."""
        if self.polls:
            return self.timeout + self.every
        return self.seconds if isinstance(self.seconds, int) else A_YEAR

    def signature(self) -> Signature:
        """The time where it is fed, and what was found."""
        from bunsui.runtime.dataset import Dataset

        kinds = {SECONDS: int, UNTIL: datetime.datetime}
        wanted = tuple(Parameter(name, kinds[name], False) for name in kinds if name in self.inputs)
        found: Any = Dataset if self.object is not None else str if self.session is not None else None
        return Signature(wanted, found, self.where)
