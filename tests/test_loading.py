"""Importing pipelines: what can go wrong is told with its place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bunsui import Pipeline
from bunsui.errors import BunsuiError, DeclarationError, UsageError, Where
from bunsui.loading import load

HEAD = "from bunsui import Lambda, Pipeline, operation\n@operation(runs=Lambda())\ndef work() -> int:\n    return 1\n"
CONFIGURED = Where("bunsui.toml", 3)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"loading_{abs(hash(request.node.nodeid))}"
    (tmp_path / f"{name}.py").write_text(f"{HEAD}pipeline = Pipeline('p', operations=[work])\nnumber = 1\n")
    return name


def refused(spec: str, root: Path) -> BunsuiError:
    with pytest.raises(UsageError) as raised:
        load(spec, root, CONFIGURED)
    assert raised.value.code == "BUN402"
    assert raised.value.hint
    return raised.value


def test_a_pipeline_is_found_below_the_root(module: str, tmp_path: Path) -> None:
    found = load(f"{module}:pipeline", tmp_path)
    assert isinstance(found, Pipeline)
    assert found.name == "p"
    assert found.where == Where(str(tmp_path / f"{module}.py"), 5)


@pytest.mark.parametrize("spec", ["etl.pipeline", ":pipeline", "etl:", ""])
def test_spec_without_module_or_object(spec: str, tmp_path: Path) -> None:
    error = refused(spec, tmp_path)
    assert error.message == f"{spec!r} names no pipeline"
    assert "package.module:object" in error.hint
    assert error.where == CONFIGURED


@pytest.mark.parametrize("spec", ["no_such_thing:pipeline", "no_such_thing.at_all:pipeline"])
def test_missing_module(spec: str, tmp_path: Path) -> None:
    error = refused(spec, tmp_path)
    assert error.message == f"there is no module 'no_such_thing' for {spec!r}"
    assert f"looked up from the project's folder {tmp_path.name}/" in error.hint
    assert error.where == CONFIGURED


def test_module_that_is_missing_in_a_module(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("import os\nimport no_such_library\n")
    error = refused(f"{module}:pipeline", tmp_path)
    assert error.message == f"importing {module!r} failed: there is no module 'no_such_library'"
    assert error.hint == "install 'no_such_library' here, or import it inside the function that needs it"
    assert error.where == Where(str(tmp_path / f"{module}.py"), 2)


def test_missing_object(module: str, tmp_path: Path) -> None:
    error = refused(f"{module}:pipelin", tmp_path)
    assert error.message == f"module {module!r} has no 'pipelin'"
    assert error.hint == f"did you mean '{module}:pipeline'?"
    assert error.where == CONFIGURED


def test_object_of_another_kind(module: str, tmp_path: Path) -> None:
    error = refused(f"{module}:number", tmp_path)
    assert error.message == f"{module}:number is a int and no Pipeline"
    assert error.hint == f"there is '{module}:pipeline'"


def test_module_without_pipelines(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("x = 1\n")
    assert refused(f"{module}:pipeline", tmp_path).hint == "the module has no Pipeline at its top level"


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("def broken(:\n", 1, "SyntaxError: invalid syntax"),
        ("import json\n\njson.loads('nothing')\n", 3, "JSONDecodeError"),
        (f"{HEAD}work.rows\n", 5, "AttributeError"),
        (f"{HEAD}Pipeline('p', [work])\n", 5, "TypeError"),
        ("raise SystemExit('no')\n", 1, "SystemExit: no"),
    ],
    ids=["error", "syntax", "in a library", "attribute", "signature", "exit"],
)
def test_module_that_fails(source: str, line: int, says: str, module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text(source)
    error = refused(f"{module}:pipeline", tmp_path)
    assert error.message.startswith(f"importing {module!r} failed: {says}")
    assert error.where == Where(str(tmp_path / f"{module}.py"), line)


def test_wrong_declarations_come_through_as_they_are(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text(f"{HEAD}pipeline = Pipeline('no_such_name', operations=[work])\n")
    with pytest.raises(DeclarationError) as raised:
        load(f"{module}:pipeline", tmp_path)
    assert raised.value.code == "BUN102"
    assert raised.value.where == Where(str(tmp_path / f"{module}.py"), 5)
