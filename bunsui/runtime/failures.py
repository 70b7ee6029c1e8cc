"""What can go wrong in a function before and after the user's code; `Retry` and `Catch` match these class names."""

from __future__ import annotations


class RuntimeFailure(Exception):
    """Base of the errors that the runtime itself raises in a function."""


class MissingInput(RuntimeFailure):
    """A parameter without default got no value, or a field to follow is not in the value."""


class UnreadableInput(RuntimeFailure):
    """The value of an input lies in S3 and cannot be read from there."""


class DecodeError(RuntimeFailure):
    """An input does not fit the annotation of its parameter."""


class EncodeError(RuntimeFailure):
    """A result cannot be written as JSON."""


class ResultTooLarge(RuntimeFailure):
    """A result does not fit into the state machine, and the function may not spill it to S3."""


class UndeclaredAccess(RuntimeFailure):
    """A resource was used that neither `reads=` nor `writes=` of the operation covers."""


class OutsideFunction(RuntimeFailure):
    """A resource was resolved where no operation runs."""
