"""`a >> b`: b runs after a although it takes nothing from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import PrivateAttr

from bunsui.errors import DeclarationError, Where
from bunsui.model.declaration import Declaration, caller, show

Later = TypeVar("Later")


class Ordered(Declaration):
    """What can stand on either side of `>>`; lists mean each of their members."""

    _before: list[tuple[Any, Where]] = PrivateAttr(default_factory=list)
    _closed: tuple[str, Where] | None = PrivateAttr(default=None)

    def __init__(self, /, **data: Any) -> None:
        super().__init__(**data)

    def __rshift__(self, later: Later) -> Later:
        for one in _each(later):
            _put_in_order(self, one)
        return later

    def __rrshift__(self, earlier: Iterable[Any]) -> Any:
        for one in _each(earlier):
            _put_in_order(one, self)
        return self

    @property
    def predecessors(self) -> tuple[tuple[Any, Where], ...]:
        """What `>>` put before this, and where it did."""
        return tuple(self._before)

    def close(self, owner: str, where: Where) -> None:
        """From now on nothing can be put before it: `owner` was built with the order that it has."""
        self._closed = self._closed or (owner, where)


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple | set) else [value]


def _put_in_order(earlier: object, later: object) -> None:
    if not isinstance(earlier, Ordered) or not isinstance(later, Ordered) or _kind(earlier) is not _kind(later):
        raise DeclarationError(
            "BUN101",
            f"{show(earlier)} >> {show(later)} has no meaning",
            where=caller(),
            hint="order operations with operations and jobs with jobs",
        )
    if later._closed is not None:
        owner, where = later._closed
        raise DeclarationError(
            "BUN101",
            f"{show(earlier)} >> {show(later)} comes after {owner} was built, and would have no effect",
            where=caller(),
            hint="move the line up, before the pipeline",
            related=[(owner, where)],
        )
    later._before.append((earlier, caller()))


def _kind(one: Ordered) -> type[Ordered]:
    """Steps of all kinds can be put in order with each other, and jobs with jobs."""
    return next(kind for kind in type(one).__mro__ if Ordered in kind.__bases__)
