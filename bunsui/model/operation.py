"""An operation: one processing unit, declared by decorating a function or by naming its handler."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr

from bunsui.errors import DeclarationError, Where
from bunsui.model import signature
from bunsui.model.declaration import Identifier, caller, refuse
from bunsui.model.order import Ordered
from bunsui.model.references import Output
from bunsui.model.resource import Access, access_of
from bunsui.model.retry import Fallback, Retry
from bunsui.model.target import Target


def _accesses(value: object) -> object:
    entries = value if isinstance(value, list | tuple | set) else [value]
    accesses = [access_of(entry) for entry in entries]
    for entry, access in zip(entries, accesses, strict=True):
        if access is None:
            raise refuse(
                f"{entry!r} is not a resource",
                "list resources or parts of them, such as reads=[lake / 'raw']",
                "BUN109",
            )
    return tuple(accesses)


def _requirements(value: object) -> object:
    if isinstance(value, str):
        raise refuse(f"requirements={value!r} is one string", f"write requirements=[{value!r}]", "BUN110")
    return value


Accesses = Annotated[tuple[Access, ...], BeforeValidator(_accesses)]
Requirements = Annotated[tuple[str, ...], BeforeValidator(_requirements)]


class Operation(Ordered):
    """One processing unit.

    Attributes:
        name: unique in its pipeline; other operations' parameters refer to it.
        handler: `package.module:function`.
        runs: the target, such as `Lambda(memory=1024)`.
        inputs: parameter -> constant, `Parameter`, operation, `operation.output` or a field of it; parameters that are not
            listed are fed by name.
        reads, writes: resources or parts of them.
        retry: policy for the operation's own errors; the target's transient errors are always retried.
        on_error: what stands in when it failed for good.
        requirements: PEP 508 requirements packed with the code, besides the pipeline's.
        returns: type of the result; by default the handler's annotation.
        description: for people; by default the first line of the handler's docstring.
    """

    name: Identifier
    handler: str
    runs: Target
    inputs: dict[str, Any] = Field(default={})
    reads: Accesses = ()
    writes: Accesses = ()
    retry: Retry | None = None
    on_error: Fallback | None = None
    requirements: Requirements = ()
    returns: Any = None
    description: str = ""

    _function: Callable[..., Any] | None = PrivateAttr(default=None)
    _signature: signature.Signature | None = PrivateAttr(default=None)

    def __init__(self, name: str, /, **data: Any) -> None:
        super().__init__(name=name, **data)

    @property
    def output(self) -> Output:
        """Its result, to be fed to an input."""
        return Output(self)

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


def operation(
    *,
    runs: Target,
    name: str | None = None,
    inputs: dict[str, Any] | None = None,
    reads: Iterable[Any] = (),
    writes: Iterable[Any] = (),
    retry: Retry | None = None,
    on_error: Fallback | None = None,
    requirements: Iterable[str] = (),
    description: str = "",
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare the decorated function as an operation; the fields are those of `Operation`.

    Raises:
        DeclarationError: BUN106 when the decorated thing cannot be imported by name where it runs.
    """

    def declare(function: Callable[..., Any]) -> Operation:
        where = caller() if not inspect.isfunction(function) else _where(function)
        declared = Operation(
            name or getattr(function, "__name__", ""),
            handler=_handler(function, where),
            runs=runs,
            inputs=inputs or {},
            reads=reads,
            writes=writes,
            retry=retry,
            on_error=on_error,
            requirements=requirements,
            description=description or (inspect.getdoc(function) or "").partition("\n")[0],
            where=where,
        )
        declared._function = function
        return declared

    return declare


def _where(function: Callable[..., Any]) -> Where:
    code = inspect.unwrap(function).__code__
    return Where(code.co_filename, code.co_firstlineno)


def _handler(function: Callable[..., Any], where: Where) -> str:
    if not inspect.isfunction(function) or function.__name__ == "<lambda>" or "<locals>" in function.__qualname__:
        raise DeclarationError(
            "BUN106",
            f"{getattr(function, '__qualname__', function)!s} cannot be imported by its name where it runs",
            where=where,
            hint="decorate a function that is defined with def at the top level of a module",
        )
    return f"{_module_name(function.__module__)}:{function.__qualname__}"


def _module_name(module: str) -> str:
    """A script is imported by its file's name where it runs."""
    if module != "__main__":
        return module
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    return str(spec.name) if spec is not None else Path(str(getattr(main, "__file__", "main"))).stem
