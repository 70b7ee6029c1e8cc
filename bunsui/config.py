"""The project's configuration: bunsui.toml, or `[tool.bunsui]` of pyproject.toml."""

from __future__ import annotations

import difflib
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
            hint=f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known)}; add [environments.{name}] to {FILE}",
        )

    def folder(self, pipeline: str, environment: Environment) -> Path:
        """Where the assembly of a pipeline lies."""
        return self.root / self.output.replace("{environment}", environment.name) / pipeline


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
        raise UsageError(
            "BUN401", f"{file.name} is not valid TOML: {invalid}", where=Where(str(file), 1), hint="correct it"
        ) from None
    for key in section:
        content = content.get(key, {})
    named = content.get("environments", {})
    if isinstance(named, dict):
        content = {**content, "environments": {k: {"name": k, **v} if isinstance(v, dict) else v for k, v in named.items()}}
    try:
        return Config(root=root, file=file, **{key: value for key, value in content.items() if key not in ("root", "file")})
    except ValidationError as invalid:
        raise_all(_explain(error, file, text) for error in invalid.errors(include_url=False))
        raise AssertionError from invalid


def _explain(error: Any, file: Path, text: str) -> BunsuiError:
    path = [str(part) for part in error["loc"]]
    where = Where(str(file), _line(text, path))
    name = ".".join(path)
    if error["type"] == "extra_forbidden":
        fields = Environment.model_fields if path[0] == "environments" and len(path) > 1 else Config.model_fields
        near = difflib.get_close_matches(path[-1], list(fields), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(set(fields) - {'root', 'file'}))}"
        return UsageError("BUN401", f"{file.name}: there is no setting {name!r}", where=where, hint=hint)
    reason = error["msg"][0].lower() + error["msg"][1:]
    return UsageError("BUN401", f"{file.name}: {name} = {error['input']!r}: {reason}", where=where, hint=f"correct {name}")


def _line(text: str, path: list[str]) -> int:
    """The line that most likely holds the key: the last part of the path, behind the heading of its table."""
    lines = text.splitlines()
    start = 0
    if len(path) > 1:
        start = next((i for i, line in enumerate(lines) if line.strip().strip("[]").endswith(".".join(path[:2]))), 0)
    for number in range(start, len(lines)):
        if lines[number].split("=")[0].strip().strip('"') == path[-1]:
            return number + 1
    return start + 1
