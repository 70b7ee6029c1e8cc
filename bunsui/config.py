"""The project's configuration: bunsui.toml, or `[tool.bunsui]` of pyproject.toml."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bunsui.errors import BunsuiError, UsageError, Where, raise_all
from bunsui.model.environment import LOCAL, Environment

FILE = "bunsui.toml"


class Config(BaseModel):
    """What bunsui.toml says.

    Attributes:
        root: the project's folder; it holds the file, and modules are imported from it.
        file: where it was read from, None where there is none.
        pipelines: `package.module:object` of each pipeline.
        output: folder that synth writes to, below `root`; `{environment}` in it stands for the environment's name.
        format: of the templates that synth writes.
        exclude: glob patterns of files that are not packed with the code, relative to the code's folder.
        default_environment: the one that is meant when none is named.
        environments: by name; `local`, the embedded AWS, is always there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    root: Path
    file: Path | None = None
    pipelines: tuple[str, ...] = ()
    output: str = "cfn-out"
    format: Literal["json", "yaml"] = "json"
    exclude: tuple[str, ...] = ()
    default_environment: str = LOCAL
    environments: Mapping[str, Environment] = Field(default={})

    def environment(self, name: str | None = None) -> Environment:
        """An environment by name, or the default one.

        Raises:
            UsageError: BUN404.
        """
        name = name or self.default_environment
        if name in self.environments:
            return self.environments[name]
        if name == LOCAL:
            return Environment(name=LOCAL)
        known = sorted({LOCAL, *self.environments})
        near = difflib.get_close_matches(name, known, n=1)
        raise UsageError(
            "BUN404",
            f"there is no environment {name!r}",
            where=Where(str(self.file), 1) if self.file else None,
            hint=f"did you mean {near[0]!r}?"
            if near
            else f"there is {', '.join(known)}; add [environments.{name}] to {FILE}",
        )

    def folder(self, pipeline: str, environment: Environment) -> Path:
        """Where the assembly of a pipeline lies."""
        return self.root / self.output.replace("{environment}", environment.name) / pipeline


def replaced(environment: Environment, changes: Mapping[str, str]) -> Environment:
    """The environment with other values for some of its settings.

    Raises:
        UsageError, BunsuiErrors: BUN401 when a value is wrong.
    """
    try:
        return Environment(**{**environment.model_dump(), **changes})
    except ValidationError as invalid:
        raise_all(
            UsageError(
                "BUN401",
                f"{error['loc'][0]}={error['input']!r}: {_reason(error)}",
                hint=f"correct {error['loc'][0]}",
            )
            for error in invalid.errors(include_url=False)
        )
        raise AssertionError from invalid


def find(start: Path) -> Config:
    """Read the configuration of the project that `start` lies in; defaults where there is none.

    Raises:
        UsageError, BunsuiErrors: BUN401 with the line of the key at fault.
    """
    for folder in (start, *start.parents):
        own, shared = folder / FILE, folder / "pyproject.toml"
        if own.is_file():
            return _read(own, folder, ())
        if shared.is_file() and "[tool.bunsui" in shared.read_text(encoding="utf-8"):
            return _read(shared, folder, ("tool", "bunsui"))
    return Config(root=start)


def _read(file: Path, root: Path, section: tuple[str, ...]) -> Config:
    text = file.read_text(encoding="utf-8")
    try:
        content: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as invalid:
        line = re.search(r"at line (\d+)", str(invalid))
        where = Where(str(file), int(line[1]) if line else 1)
        message = f"{file.name} is not valid TOML: {invalid}"
        raise UsageError("BUN401", message, where=where, hint="correct the syntax") from None
    for key in section:
        content = content.get(key, {})
    own = [_unknown(file, text, [key]) for key in _OURS if key in content]
    named = content.get("environments", {})
    if isinstance(named, dict):
        named = {name: {**one, "name": name} if isinstance(one, dict) else one for name, one in named.items()}
        content = {**content, "environments": named}
    try:
        config = Config(**{**content, "root": root, "file": file})
    except ValidationError as invalid:
        raise_all([*own, *(_explain(error, file, text) for error in invalid.errors(include_url=False))])
        raise AssertionError from invalid
    raise_all(own)
    return config


_OURS = {"root", "file"}
"""Attributes of a configuration that are no settings."""


def _explain(error: Any, file: Path, text: str) -> BunsuiError:
    path = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        return _unknown(file, text, path)
    name, where = ".".join(path), Where(str(file), _line(text, path))
    message = f"{file.name}: {name} = {error['input']!r}: {_reason(error)}"
    return UsageError("BUN401", message, where=where, hint=f"correct {name}")


def _reason(error: Any) -> str:
    """What pydantic says, in the words of TOML."""
    message: str = error["msg"].replace("a valid tuple", "an array").replace("dictionary", "table")
    return message[0].lower() + message[1:]


def _unknown(file: Path, text: str, path: list[str]) -> BunsuiError:
    fields = Environment.model_fields if path[0] == "environments" and len(path) > 1 else Config.model_fields
    known = sorted(fields.keys() - _OURS - {"name"})
    near = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    where = Where(str(file), _line(text, path))
    return UsageError("BUN401", f"{file.name}: there is no setting {'.'.join(path)!r}", where=where, hint=hint)


def _line(text: str, path: list[str]) -> int:
    """The line that most likely holds the key: the last part of the path, behind the heading of its table."""
    lines = [line.strip() for line in text.splitlines()]
    names = [part for part in path if not part.isdigit()]
    heading = ".".join(names[:2]) if len(names) > 1 else "tool.bunsui"
    start = next((number for number, line in enumerate(lines) if _is_heading(line, heading)), 0)
    for number in range(start, len(lines)):
        if lines[number].split("=")[0].strip().strip('"') == names[-1]:
            return number + 1
    return start + 1


def _is_heading(line: str, name: str) -> bool:
    return line.startswith("[") and f".{line.strip('[]')}".endswith(f".{name}")
