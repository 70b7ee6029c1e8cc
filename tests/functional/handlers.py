"""A handler that is declared by its name."""

from __future__ import annotations


def after(value: int) -> int:
    return value
