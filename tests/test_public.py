"""What `import bunsui` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bunsui

ROOT = Path(__file__).parents[1]
HEAVY = ("pydantic", "troposphere", "awacs", "boto3", "botocore", "rich", "click", "cfnlint", "yaml", "packaging")

SYNTH = """
import sys, tempfile, pathlib
from bunsui import Workspace
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "cheap_etl.py").write_text('''
from bunsui import Bucket, Lambda, Pipeline, operation
lake = Bucket("lake")
@operation(runs=Lambda(), reads=[lake / "raw"])
def work() -> int:
    return 1
pipeline = Pipeline("p", operations=[work])
''')
(folder / "bunsui.toml").write_text("pipelines = ['cheap_etl:pipeline']")
assert Workspace.load(folder).synth().changed
assert Workspace.load(folder).check().same
"""


def imported(code: str) -> set[str]:
    """Top-level modules that a process of its own has imported after `code`."""
    report = "\nimport sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", code + report], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(found.stdout.split())


def test_all_is_sorted_and_whole() -> None:
    assert bunsui.__all__ == sorted(bunsui.__all__)
    assert set(bunsui.__all__) == set(bunsui._HOMES) == set(dir(bunsui))


@pytest.mark.parametrize("name", bunsui.__all__)
def test_every_public_name_is_there_and_told(name: str) -> None:
    value = getattr(bunsui, name)
    assert value is getattr(bunsui, name)
    assert name == "__version__" or value.__doc__


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'bunsui' has no attribute 'Pipline'"):
        bunsui.Pipline  # noqa: B018


def test_star_import() -> None:
    names: dict[str, object] = {}
    exec("from bunsui import *", names)
    assert set(bunsui.__all__) <= names.keys()


def test_importing_costs_nothing() -> None:
    modules = imported("import bunsui")
    assert not modules & set(HEAVY)


def test_declaring_needs_no_aws_library() -> None:
    modules = imported("from bunsui import Bucket, Job, Lambda, Operation, Pipeline, Table, operation")
    assert not modules & (set(HEAVY) - {"pydantic"})


def test_synth_needs_no_aws_library() -> None:
    assert not imported(SYNTH) & {"boto3", "botocore", "rich", "click", "cfnlint"}


def test_typing_information_is_shipped() -> None:
    assert (ROOT / "bunsui" / "py.typed").is_file()
