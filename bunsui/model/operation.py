"""An operation: one processing unit, declared by decorating a function or by naming its handler."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Annotated, Any, Required, TypedDict, Unpack

from pydantic import BeforeValidator, PrivateAttr, SkipValidation

from bunsui.errors import DeclarationError, Where
from bunsui.model import signature
from bunsui.model.condition import Condition, Reference
from bunsui.model.declaration import caller, refuse, show
from bunsui.model.on_error import OnError
from bunsui.model.references import Kind
from bunsui.model.resource import Access, access_of
from bunsui.model.retry import Retry
from bunsui.model.step import Step
from bunsui.model.target import Target

_REQUIREMENT = re.compile(
    r"""\s* [A-Za-z0-9] ([A-Za-z0-9._-]*[A-Za-z0-9])? \s* (\[[A-Za-z0-9._,\s-]*\])? \s*
    ( @\s*\S+ | \(?\s* (~=|===?|!=|<=?|>=?)\s*[A-Za-z0-9.*+!_-]+
      (\s*,\s*(~=|===?|!=|<=?|>=?)\s*[A-Za-z0-9.*+!_-]+)* \s*\)? )? \s* (;.+)?""",
    re.VERBOSE,
)
"""The shape of a PEP 508 requirement; resolving it tells the rest."""


def _accesses(value: object) -> object:
    entries = list(value) if isinstance(value, list | tuple | set | frozenset | Generator) else [value]
    accesses = [access_of(entry) for entry in entries]
    for entry, access in zip(entries, accesses, strict=True):
        if access is None:
            raise refuse(
                f"{show(entry)} is not a resource",
                "list resources or parts of them, such as reads=[lake / 'raw']",
                "BUN109",
            )
    return tuple(accesses)


def _requirements(value: object) -> object:
    if isinstance(value, str):
        raise refuse(f"requirements={value!r} is one string", f"write requirements=[{value!r}]", "BUN110")
    for one in value if isinstance(value, list | tuple) else ():
        if not isinstance(one, str) or not _REQUIREMENT.fullmatch(one):
            raise refuse(f"{one!r} is not a requirement", "write PEP 508, such as 'polars>=1.30,<2'", "BUN110")
    return value


A_YEAR = 31_536_000
"""Seconds that an execution may take at most (AWS Step Functions quotas)."""

TRANSIENT_ATTEMPTS = 6
TRANSIENT_DELAYS = 2 * (2**TRANSIENT_ATTEMPTS - 1)
"""How often an error of the service itself is retried, and seconds that this waits altogether."""

_TARGETS: set[type] = set()
"""Classes that were found to speak the protocol; asking takes long."""


def _target(value: object) -> object:
    if isinstance(value, type):
        raise refuse(f"runs={value.__name__} is a class", f"write runs={value.__name__}()")
    if type(value) not in _TARGETS and not isinstance(value, Target):
        raise refuse(f"runs={show(value)} is not a target", "write runs=Lambda(memory=1024)")
    _TARGETS.add(type(value))
    return value


def _text(value: object) -> object:
    if callable(value):
        raise refuse(
            f"handler={show(value)} is the function itself",
            "write handler='package.module:function', or decorate the function with @operation",
            "BUN106",
        )
    return value


Accesses = Annotated[tuple[Access, ...], BeforeValidator(_accesses)]
Requirements = Annotated[tuple[str, ...], BeforeValidator(_requirements)]


class Operation(Step):
    """One processing unit; its description is by default the first line of the handler's docstring.

    Attributes:
        handler: `package.module:function`.
        runs: the target, such as `Lambda(memory=1024)`.
        reads, writes: resources or parts of them.
        retry: policy for the operation's own errors; the target's transient errors are always retried.
        requirements: PEP 508 requirements packed with the code, besides the pipeline's.
        returns: type of the result; by default the handler's annotation.
    """

    handler: Annotated[str, BeforeValidator(_text)]
    runs: Annotated[SkipValidation[Target], BeforeValidator(_target)]
    reads: Accesses = ()
    writes: Accesses = ()
    retry: Retry | None = None
    requirements: Requirements = ()
    returns: Kind = None

    _function: Callable[..., Any] | None = PrivateAttr(default=None)
    _signature: signature.Signature | None = PrivateAttr(default=None)

    def __init__(self, name: str, /, **data: Any) -> None:
        super().__init__(name, **data)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What it reads and what it writes."""
        return (*self.reads, *self.writes)

    @property
    def title(self) -> str:
        """The handler, as Python writes it."""
        return self.handler.replace(":", ".")

    @property
    def longest(self) -> int:
        """Every attempt's time, the delays between them, and those after the service's own errors."""
        attempts, delays = (self.retry.attempts, self.retry.delays) if self.retry is not None else (1, 0.0)
        return int(min(A_YEAR, (TRANSIENT_ATTEMPTS + attempts) * self.runs.longest + delays + TRANSIENT_DELAYS))

    def signature(self) -> signature.Signature:
        """What the handler takes and gives.

        Raises:
            DeclarationError: BUN105, BUN106; see bunsui.model.signature.
        """
        if self._signature is None:
            subject = f"operation {self.name!r}"
            self._signature = (
                signature.of_function(self._function, subject)
                if self._function is not None
                else signature.of_handler(self.handler, subject, self.where)
            )
        return self._signature

    def result_type(self) -> Any:
        """The type of the result: `returns`, else the handler's annotation."""
        return self.signature().returns if self.returns is None else self.returns

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the decorated function here and now, as a unit test does."""
        if self._function is None:
            raise TypeError(f"operation {self.name!r} is declared by its handler; import {self.handler} and call that")
        return self._function(*args, **kwargs)


class Settings(TypedDict, total=False):
    """What `@operation` takes: the fields of `Operation`, but the handler."""

    runs: Required[Target]
    name: str
    inputs: dict[str, Any]
    reads: Any
    writes: Any
    retry: Retry | None
    when: Condition | Reference | None
    on_error: OnError | None
    requirements: Iterable[str]
    description: str


def operation(*bare: Any, **settings: Unpack[Settings]) -> Callable[[Callable[..., Any]], Operation]:
    """Declare the decorated function as an operation; the fields are those of `Operation`.

    Args:
        bare: nothing; so that `@operation` without parentheses can be explained.
        settings: see `Operation`.

    Raises:
        DeclarationError: BUN101 a wrong setting, BUN106 the decorated thing cannot be imported by name where it runs.
    """
    if bare:
        raise DeclarationError(
            "BUN101",
            f"@operation on {show(bare[0])} says not where it runs",
            where=_where(bare[0]) if inspect.isfunction(bare[0]) else caller(),
            hint="write @operation(runs=Lambda())",
        )

    def declare(function: Callable[..., Any]) -> Operation:
        where = _where(function) if inspect.isfunction(function) else caller()
        _check_function(function, where)
        fields: dict[str, Any] = {"description": (inspect.getdoc(function) or "").partition("\n")[0], **settings}
        name = fields.pop("name", function.__name__)
        handler = f"{_module_name(function.__module__)}:{function.__qualname__}"
        declared = Operation(name, **fields, handler=handler, where=where)
        declared._function = function
        return declared

    return declare


def _where(function: Callable[..., Any]) -> Where:
    code = inspect.unwrap(function).__code__
    return Where(code.co_filename, code.co_firstlineno)


def _check_function(function: object, where: Where) -> None:
    if isinstance(function, Operation):
        message, hint = f"{show(function)} is an operation already", "decorate a function once"
    elif not inspect.isfunction(function) or not function.__qualname__.isidentifier():
        name = getattr(function, "__qualname__", show(function))
        message = f"{name} cannot be imported by its name where it runs"
        hint = "decorate a function that is defined with def at the top level of a module"
    elif inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        message, hint = f"{function.__name__} is asynchronous", "write def, and call asyncio.run in it"
    elif inspect.isgeneratorfunction(function):
        message, hint = f"{function.__name__} yields its result piece by piece", "return a list"
    else:
        return
    raise DeclarationError("BUN106", message, where=where, hint=hint)


def _module_name(module: str) -> str:
    """A script is imported by its file's name where it runs."""
    if module != "__main__":
        return module
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    return str(spec.name) if spec is not None else Path(str(getattr(main, "__file__", "main"))).stem
