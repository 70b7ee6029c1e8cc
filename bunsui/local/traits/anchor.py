"""Take hold of an internal of MiniStack, or say that it is no longer there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class AnchorError(RuntimeError):
    """The installed MiniStack is not the one that the traits were written for."""


def wrap(module: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace a function of a module by what `around` makes of it."""
    original = getattr(module, name, None)
    if not callable(original):
        raise AnchorError(f"{module.__name__}.{name} is not there; install the MiniStack that bunsui[local] names")
    setattr(module, name, around(original))


def substitute(module: Any, name: str, old: str, new: str) -> None:
    """Replace the one occurrence of a text in a text of a module."""
    text = getattr(module, name, "")
    if text.count(old) != 1:
        raise AnchorError(f"{module.__name__}.{name} is not as it was; install the MiniStack that bunsui[local] names")
    setattr(module, name, text.replace(old, new))
