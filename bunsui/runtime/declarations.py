"""Stubs of the declarations: in a function they accept everything, so that the user's modules import, and do nothing.

Only what works inside a function works here: decorated functions and resources. Everything else gets a stand-in.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import resources
from .dataset import Dataset

__version__ = "0+function"

_ASKED = ("model_dump", "model_fields", "model_validate_json")
"""Attributes by which the codec knows pydantic's models; a stub must not pass for one."""


def _reference(name: str) -> Any:
    if name.startswith("__") or name in _ASKED:
        raise AttributeError(name)
    return Reference()


class _Kind(type):
    """Lets a class have every attribute, too."""

    def __getattr__(cls, name: str) -> Any:
        return _reference(name)


class Anything(metaclass=_Kind):
    """Takes every argument, has every attribute, and is part of every expression that declarations are made of."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and isinstance(args[0], str):
            self.name = args[0]
        vars(self).update(kwargs)

    def __getattr__(self, name: str) -> Any:
        return _reference(name)

    def __getitem__(self, key: Any) -> Any:
        return Reference()

    def __iter__(self) -> Iterator[Any]:
        """Python would ask `__getitem__` for ever."""
        return iter(())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Whatever is called gives anything, and what it decorates still runs."""
        decorated = len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType)
        return operation(args[0]) if decorated else Reference()

    def __rshift__(self, other: Any) -> Any:
        return other

    def __rrshift__(self, other: Any) -> Any:
        return self


class Reference(Anything):
    """What is compared in conditions; two of them are no more equal than results are known."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return Reference()

    def __ne__(self, other: object) -> Any:
        return Reference()


def _anything(self: Anything, *others: Any) -> Reference:
    return Reference()


_OPERATORS = "lt le gt ge and rand or ror invert neg add radd sub rsub mul rmul truediv rtruediv floordiv mod"
for _name in _OPERATORS.split():
    setattr(Anything, f"__{_name}__", _anything)


def stand_in(name: str) -> Any:
    """What stands for a public name: a class for a class, an exception for an exception, else something to call."""
    if name.endswith(("Error", "Errors")):
        return type(name, (Exception,), {"__doc__": "Never raised in a function."})
    return type(name, (Anything,), {}) if name[0].isupper() else Reference()


class Operation(Anything):
    """A declared operation; calling it calls its function."""

    function: Callable[..., Any] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the decorated function."""
        if self.function is None:
            raise TypeError(f"operation {self.name!r} is declared by its handler; import and call that")
        return self.function(*args, **kwargs)


def operation(*args: Any, **kwargs: Any) -> Any:
    """The decorator, with or without arguments."""

    def declare(function: Callable[..., Any]) -> Operation:
        declared = Operation(kwargs.get("name") or function.__name__)
        functools.update_wrapper(declared, function)
        declared.function = function
        return declared

    return declare(args[0]) if args and callable(args[0]) else declare


class Prefix:
    """The part of a bucket below a path."""

    def __init__(self, id: str, path: str) -> None:
        self.id = id
        self.path = path

    def __truediv__(self, path: str) -> Prefix:
        return Prefix(self.id, "/".join(part for part in (self.path, path.strip("/")) if part))

    @property
    def bucket(self) -> str:
        """The bucket's name in AWS."""
        return resources.resolve_prefix(self.id, self.path)[0]

    @property
    def key(self) -> str:
        """The key below the bucket."""
        return resources.resolve_prefix(self.id, self.path)[1]

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return "s3://{}/{}".format(*resources.resolve_prefix(self.id, self.path))

    def read_bytes(self, name: str) -> bytes:
        """Content of the object `name` below the path."""
        return resources.read_bytes(self.id, self.path, name)

    def write_bytes(self, name: str, data: bytes, format: str | None = None, rows: int | None = None) -> Dataset:
        """Write the object `name` below the path."""
        return resources.write_bytes(self.id, self.path, name, data, format, rows)

    def list(self) -> Sequence[str]:
        """Names of the objects below the path."""
        return resources.list_names(self.id, self.path)


class Bucket(Prefix):
    """A declared bucket."""

    def __init__(self, id: str, /, **settings: Any) -> None:
        super().__init__(id, "")

    @property
    def name(self) -> str:
        """The bucket's name in AWS."""
        return resources.resolve_bucket(self.id)

    @property
    def uri(self) -> str:
        """`s3://` and the bucket's name."""
        return f"s3://{self.name}"


class Table:
    """A declared table."""

    def __init__(self, id: str, /, **settings: Any) -> None:
        self.id = id

    @property
    def name(self) -> str:
        """The table's name in AWS."""
        return resources.resolve_table(self.id)
