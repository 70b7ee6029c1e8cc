"""The protocol that every resource speaks, and the access that operations declare to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from bunsui.errors import Where
from bunsui.model.calls import Call, Why
from bunsui.model.environment import Environment
from bunsui.model.names import Names

Mode = Literal["reads", "writes"]


@runtime_checkable
class Resource(Protocol):
    """Data that operations read and write; one module in resources/ each."""

    @property
    def id(self) -> str:
        """The user's name for it, unique in a pipeline."""

    @property
    def kind(self) -> str:
        """The class name, as users write it."""

    @property
    def where(self) -> Where:
        """The declaring line."""

    def owned_by(self, pipeline: str) -> bool:
        """Whether that pipeline's stack creates it."""

    def physical_name(self, names: Names) -> str:
        """Its name in AWS, with `Fn::Sub` placeholders."""

    def calls(self, mode: Mode, path: str, names: Names, why: Why) -> Sequence[Call]:
        """What reading from or writing to `path` of it needs."""

    def stack(self, names: Names, environment: Environment) -> Sequence[Any]:
        """Its troposphere resources; empty when it exists already."""


@dataclass(frozen=True, slots=True)
class Access:
    """A resource, or the part of it below `path` (`""` is all of it)."""

    resource: Resource
    path: str = ""

    @property
    def label(self) -> str:
        """As the user wrote it: `lake / 'raw'`."""
        return " / ".join([self.resource.id, *([repr(self.path)] if self.path else [])])

    def covers(self, other: Access) -> bool:
        """Whether `other` lies within this."""
        return self.resource.id == other.resource.id and (
            not self.path or other.path == self.path or other.path.startswith(f"{self.path}/")
        )


def access_of(value: object) -> Access | None:
    """The access that an entry of `reads=` or `writes=` means, or None when it is no such thing."""
    if isinstance(value, Access):
        return value
    convert = getattr(value, "access", None)
    if isinstance(convert, Access):
        return convert
    return Access(value) if isinstance(value, Resource) else None
