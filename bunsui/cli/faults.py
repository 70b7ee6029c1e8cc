"""Errors as people read them and as programs do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from click import style

from bunsui.errors import BunsuiError, ExitCode, Where


def as_text(error: BunsuiError) -> Iterator[str]:
    """Code, message, place with the line of source, other places, hint."""
    yield f"{style(f'error {error.code}', fg='red', bold=True)}: {error.message}"
    if error.where is not None:
        yield f"  at {style(place(error.where), bold=True)}"
        source = source_line(error.where)
        if source:
            yield f"  {style(f'{error.where.line} |', dim=True)} {source}"
    for label, where in error.related:
        yield f"  {label}: {place(where)}"
    if error.hint:
        yield f"  {style('hint:', fg='cyan')} {error.hint}"


def as_json(errors: Sequence[BunsuiError], code: ExitCode) -> dict[str, Any]:
    """What `--json` prints instead of a result (docs/schemas/errors.json)."""
    return {"errors": [_one(error) for error in errors], "exit_code": int(code)}


def unexpected_as_json(error: BaseException) -> dict[str, Any]:
    """The same for an error that bunsui did not foresee, which has no code."""
    told: dict[str, Any] = {"code": None, "message": in_words(error), "where": None, "hint": REPORT, "related": []}
    return {"errors": [told], "exit_code": int(ExitCode.FAILED)}


REPORT = "this is a defect of bunsui; BUNSUI_DEBUG=1 shows the traceback, please report it with that"


def in_words(error: BaseException) -> str:
    """Class and message of any exception."""
    message = str(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def place(where: Where) -> str:
    """`path:line` that an editor or terminal can open: relative below the working directory, absolute elsewhere."""
    return f"{path_of(where.file)}:{where.line}"


def path_of(file: str | Path) -> str:
    """A path, relative below the working directory."""
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else os.fspath(path)


def source_line(where: Where) -> str:
    """The line of source, without its indentation; empty when it cannot be read."""
    try:
        lines = Path(where.file).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[where.line - 1].strip() if where.line > 0 else ""
    except (OSError, IndexError, ValueError):
        return ""


def _one(error: BunsuiError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "where": {"file": path_of(error.where.file), "line": error.where.line} if error.where else None,
        "hint": error.hint,
        "related": [
            {"label": label, "file": path_of(where.file), "line": where.line} for label, where in error.related
        ],
    }
