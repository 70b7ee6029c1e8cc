"""Stubs of the declarations: in a function they accept everything, so that the user's modules import, and do nothing.

Only what works inside a function works here: decorated functions, resources, `Dataset`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from . import resources
from .dataset import Dataset

__version__ = "0+function"


class Anything:
    """Takes every argument, has every attribute, and is part of every expression that declarations are made of."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and isinstance(args[0], str):
            self.name = args[0]
        vars(self).update(kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __getitem__(self, key: Any) -> Any:
        return Anything()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Whatever is called gives anything."""
        return Anything()

    def __rshift__(self, other: Any) -> Any:
        return other

    def __rrshift__(self, other: Any) -> Any:
        return self


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


class Job(Anything):
    """A declared job."""


class Pipeline(Anything):
    """A declared pipeline."""


class Parameter(Anything):
    """A pipeline's parameter."""


class Lambda(Anything):
    """Settings of a target."""


class Retry(Anything):
    """A retry policy."""


class Fallback(Anything):
    """What stands in for a failed operation."""


class _AnyMethod(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class Workspace(Anything, metaclass=_AnyMethod):
    """The project; there is none in a function."""


class BunsuiError(Exception):
    """Never raised in a function."""


class BunsuiErrors(Exception):
    """Never raised in a function."""


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
