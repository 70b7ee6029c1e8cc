"""What a handler takes and gives: read from the function itself, or from its source where only its name is declared."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib.util
import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bunsui.errors import DeclarationError, Where


class Parameter(NamedTuple):
    """One parameter of a handler."""

    name: str
    annotation: Any
    optional: bool


class Signature(NamedTuple):
    """Parameters that may be fed by name, and the type of the result (`Any` where it is not annotated)."""

    parameters: tuple[Parameter, ...]
    returns: Any
    where: Where

    def place(self, parameter: str) -> Where:
        """The line of a parameter, which the function's own line stands for where the source cannot be read."""
        try:
            tree = ast.parse(Path(self.where.file).read_bytes())
        except (OSError, SyntaxError, ValueError):
            return self.where
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _first_line(node) == self.where.line:
                for argument in (*node.args.args, *node.args.kwonlyargs):
                    if argument.arg == parameter:
                        return Where(self.where.file, argument.lineno)
        return self.where


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min(node.lineno, *(decorator.lineno for decorator in node.decorator_list), node.lineno)


def of_function(function: Callable[..., Any], subject: str) -> Signature:
    """The signature of a function.

    Raises:
        DeclarationError: BUN105 an annotation cannot be resolved, BUN106 a parameter cannot be given by name.
    """
    code = inspect.unwrap(function).__code__
    where = Where(code.co_filename, code.co_firstlineno)
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError) as unresolved:
        raise DeclarationError(
            "BUN105",
            f"{subject}: its annotations cannot be resolved: {unresolved}",
            where=where,
            hint="define or import the type at module level, not only under TYPE_CHECKING; inputs are decoded to it",
        ) from None
    parameters = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise _positional(subject, name, where)
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            optional = parameter.default is not parameter.empty
            parameters.append(Parameter(name, hints.get(name, Any), optional))
    return Signature(tuple(parameters), hints.get("return", Any), where)


def of_handler(handler: str, subject: str, where: Where) -> Signature:
    """The signature of `module:function`, read from its source without importing the module.

    Raises:
        DeclarationError: BUN106 there is no such module or function.
    """
    module, _, name = handler.partition(":")
    if not module or not name.isidentifier():
        raise DeclarationError(
            "BUN106",
            f"{subject}: handler={handler!r} is not 'module:function'",
            where=where,
            hint="such as 'etl.clean:main'",
        )
    found = _source_of(module)
    if found is None:
        raise DeclarationError(
            "BUN106",
            f"{subject}: there is no module {module!r}",
            where=where,
            hint="modules are looked up from the project's folder; correct handler= or add the module",
        )
    try:
        functions = _functions(found)
    except SyntaxError as invalid:
        raise DeclarationError(
            "BUN106",
            f"{subject}: {module} cannot be read: {invalid.msg}",
            where=Where(str(found), invalid.lineno or 1),
            hint="correct the syntax of the handler's module",
        ) from None
    if name not in functions:
        raise DeclarationError(
            "BUN106",
            f"{subject}: {module} has no function {name!r}",
            where=where,
            hint=f"it has {', '.join(functions) or 'none at its top level'}",
        )
    return _of_node(functions[name], found, subject)


@functools.cache
def _source_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


@functools.cache
def _functions(source: Path) -> Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(source.read_bytes())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _of_node(node: ast.FunctionDef | ast.AsyncFunctionDef, source: Path, subject: str) -> Signature:
    where = Where(str(source), _first_line(node))
    arguments = node.args
    if isinstance(node, ast.AsyncFunctionDef):
        raise DeclarationError(
            "BUN106",
            f"{subject}: its handler {node.name} is asynchronous",
            where=where,
            hint="write def, and call asyncio.run in it",
        )
    if arguments.posonlyargs:
        raise _positional(subject, arguments.posonlyargs[0].arg, where)
    first_default = len(arguments.args) - len(arguments.defaults)
    parameters = [
        Parameter(argument.arg, _builtin(argument.annotation), position >= first_default)
        for position, argument in enumerate(arguments.args)
    ]
    parameters += [
        Parameter(argument.arg, _builtin(argument.annotation), default is not None)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return Signature(tuple(parameters), _builtin(node.returns), where)


_TYPES = {name: value for name, value in vars(builtins).items() if isinstance(value, type)} | {"None": None}


_SPELLING = (ast.Name, ast.Subscript, ast.Tuple, ast.BinOp, ast.BitOr, ast.Load, ast.Constant)
"""What the spelling of a type is made of, as far as it needs no import."""


def _builtin(annotation: ast.expr | None) -> Any:
    """Types that are told by their spelling alone; everything else would need the import that is being avoided."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _builtin(_parsed(annotation.value))
    if annotation is None or not all(map(_is_spelling, ast.walk(annotation))):
        return Any
    try:
        return eval(ast.unparse(annotation), {"__builtins__": _TYPES})  # noqa: S307 - names of types and nothing that runs
    except Exception:  # whatever the spelling needs, it is not a builtin
        return Any


def _is_spelling(node: ast.AST) -> bool:
    """Text within a type is the name of another one, which only its module knows."""
    return isinstance(node, _SPELLING) and not (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _positional(subject: str, name: str, where: Where) -> DeclarationError:
    return DeclarationError(
        "BUN106",
        f"{subject}: parameter {name!r} is positional-only and cannot be fed by name",
        where=where,
        hint="remove the '/' from the signature",
    )
