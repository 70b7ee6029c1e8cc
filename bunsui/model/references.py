"""What feeds an input: a constant, a pipeline parameter, an operation's output or a field of it, or a list of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from bunsui.errors import DeclarationError
from bunsui.model.condition import Reference
from bunsui.model.declaration import Declaration, Identifier, caller, refuse, show

REQUIRED: Any = object()
"""The default of a parameter that has none."""


def _kind(value: object) -> object:
    """A value where a type belongs would fit nothing, and the message would not say why."""
    if value is not None and isinstance(value, str | int | float | bytes | list | tuple | dict | set | Declaration):
        raise refuse(f"{show(value)} is not a type", "give a type such as int, list[str] or a dataclass")
    return value


Kind = Annotated[Any, BeforeValidator(_kind)]
"""An annotation."""


class Parameter(Declaration):
    """A parameter of a pipeline: `Parameter("month", int, default=1)`.

    Attributes:
        name: as operations name it.
        type: any annotation that JSON can carry.
        default: value when a session gives none.
        description: for help texts.
    """

    name: Identifier
    type: Kind = Field(default_factory=lambda: Any)
    default: Any = Field(default=REQUIRED)
    description: str = ""

    def __init__(self, name: str, type: Any = Any, **data: Any) -> None:
        super().__init__(name=name, type=type, **data)

    @property
    def required(self) -> bool:
        """Whether a session has to give it."""
        return self.default is REQUIRED

    def json_default(self) -> Any:
        """The default as JSON.

        Raises:
            DeclarationError: BUN206, JSON cannot carry the type.
        """
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticSchemaGenerationError

        try:
            adapter: TypeAdapter[Any] = TypeAdapter(self.type)
        except PydanticSchemaGenerationError:
            raise DeclarationError(
                "BUN206",
                f"parameter {self.name!r} is of a type that cannot be given to a session",
                where=self.where,
                hint="use a type that JSON can carry",
            ) from None
        return adapter.dump_python(adapter.validate_python(self.default), mode="json")

    @property
    def value(self) -> Given:
        """What a session gives for it, to be compared in conditions or fed to an input."""
        return Given(self)


class _Fields(Reference):
    """A value whose fields are its attributes."""

    __slots__ = ("_of", "_path")

    def __init__(self, of: Any, path: tuple[str, ...] = ()) -> None:
        self._of = of
        self._path = path

    def __getattr__(self, field: str) -> Self:
        if field.startswith("__"):
            raise AttributeError(field)
        return type(self)(self._of, (*self._path, field))

    def __getitem__(self, field: str) -> Self:
        if not isinstance(field, str):
            raise DeclarationError(
                "BUN107",
                f"{self!r}[{field!r}]: only a named field of an output can be an input",
                where=caller(),
                hint="take the whole output, and the part in the function that needs it",
            )
        return type(self)(self._of, (*self._path, field))

    def __repr__(self) -> str:
        return ".".join([self._of.name, _PROPERTY[type(self)], *self._path])

    def __str__(self) -> str:
        raise DeclarationError(
            "BUN107",
            f"{self!r} cannot be written into a text: its value is known only when the pipeline runs",
            where=caller(),
            hint="give it to the function as an input, and make the text there",
        )

    def __content__(self) -> Any:
        return _PROPERTY[type(self)], self._of, self._path


class Output(_Fields):
    """The result of an operation, or with `.field` a field of it: `count.output.rows`."""

    __slots__ = ()


class Given(_Fields):
    """What a session gives for a parameter, or with `.field` a field of it: `month.value`."""

    __slots__ = ()


_PROPERTY: Mapping[type[_Fields], str] = {Output: "output", Given: "value"}


@dataclass(frozen=True, slots=True)
class FromConstant:
    """An input that is the same in every session."""

    value: Any


@dataclass(frozen=True, slots=True)
class FromParameter:
    """An input that is a pipeline parameter, or the field at `path` of it."""

    name: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FromOutput:
    """An input that is an operation's output, or the field at `path` of it."""

    operation: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FromHere:
    """An input that the enclosing step provides: the item of a map, the error that a handler is told.

    Attributes:
        name: what the enclosing step calls it.
        type: annotation of the value.
        far: whether it may come by reference.
    """

    name: str
    type: Any = Any
    far: bool = False


@dataclass(frozen=True, slots=True)
class FromList:
    """An input that is a list, each item of which has a source of its own."""

    items: tuple[Source, ...]


Source = FromConstant | FromParameter | FromOutput | FromHere | FromList


def flat(sources: Iterable[Source]) -> Iterator[Source]:
    """The sources themselves, and for lists those of their items."""
    for source in sources:
        if isinstance(source, FromList):
            yield from flat(source.items)
        else:
            yield source


def parts(reference: Output | Given) -> tuple[Any, tuple[str, ...]]:
    """What the value is of, and the path in it; its own attributes are all fields of the value."""
    return reference._of, reference._path
