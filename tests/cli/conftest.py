from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from bunsui.__main__ import main
from bunsui.cli.options import App

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"

PIPELINE = """\
from bunsui import Bucket, Job, Lambda, Pipeline, operation

lake = Bucket("lake")


@operation(runs=Lambda(memory=256, timeout=20), writes=[lake / "raw"])
def numbers(count: int) -> list[int]:
    return list(range(count))


@operation(runs=Lambda(memory=256, timeout=20))
def total(numbers: list[int]) -> int:
    if len(numbers) > 5:
        raise ValueError("too many numbers: [bold]")
    return sum(numbers)


pipeline = Pipeline("sums", parameters={"count": int}, jobs=[Job("make", numbers), Job("add", total)])
"""

_numbers = itertools.count()


@dataclass
class Result:
    """What a run came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def json_as(self, name: str) -> Any:
        """The one JSON object on stdout, after it was checked against a schema of docs/schemas/."""
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(self.json, schema, format_checker=jsonschema.FormatChecker())
        return self.json


Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "BUNSUI_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command line in this process."""

    def run(*words: str) -> Result:
        capsys.readouterr()
        code = main(list(words))
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def write_project(folder: Path, source: str = PIPELINE, more: str = "") -> str:
    """Write bunsui.toml and a module of its own name, which is returned."""
    module = f"stub_{next(_numbers)}"
    (folder / f"{module}.py").write_text(source)
    (folder / "bunsui.toml").write_text(f'pipelines = ["{module}:pipeline"]\n{more}')
    return module


@pytest.fixture
def loading() -> Iterator[None]:
    """Nothing that a test makes bunsui import is seen by the next test."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("stub_"):
            del sys.modules[name]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loading: None) -> Path:
    """A project with the pipeline `sums`, which is the working directory."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class FakeWorkspace:
    """Answers each method with what a test wants, and remembers with what it was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}

    def family(self, name: str) -> tuple[SimpleNamespace, ...]:
        """Nothing is deployed together with it."""
        return (SimpleNamespace(name=name),)

    def __getattr__(self, name: str) -> Any:
        def method(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((name, args, kwargs))
            answer = self.answers[name]
            if isinstance(answer, BaseException):
                raise answer
            return answer(*args, **kwargs) if callable(answer) else answer

        return method


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    fake = FakeWorkspace()
    monkeypatch.setattr(App, "workspace", fake)
    return fake
