"""Declaring operations: by decorator and by object."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from bunsui import Bucket, Fallback, Lambda, Operation, Retry, Table, operation
from bunsui.errors import Where
from bunsui.model.resource import Access

lake = Bucket("lake")


@operation(
    runs=Lambda(memory=1024, timeout=120), reads=[lake / "raw"], writes=[lake / "clean"], retry=Retry(attempts=3)
)
def clean_flights(month: int, raw: dict[str, int], limit: int = 5, *, day: str = "") -> list[int]:
    """Cleans what came in.

    The rest is not for the console.
    """
    return [month, limit]


def test_decorated_function() -> None:
    assert clean_flights.name == "clean_flights"
    assert clean_flights.handler == f"{__name__}:clean_flights"
    assert clean_flights.runs == Lambda(memory=1024, timeout=120)
    assert clean_flights.reads == (Access(lake, "raw"),)
    assert clean_flights.writes == (Access(lake, "clean"),)
    assert clean_flights.retry == Retry(attempts=3)
    assert clean_flights.description == "Cleans what came in."


def test_decorated_function_is_called_as_before() -> None:
    assert clean_flights(1, {}) == [1, 5]
    assert clean_flights(month=2, raw={}, limit=1) == [2, 1]


def line_of(beginning: str) -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(beginning))


def test_place_is_the_line_of_the_decorator() -> None:
    assert clean_flights.where == Where(__file__, line_of("@operation"))


def test_signature() -> None:
    signature = clean_flights.signature()
    assert [(one.name, one.annotation, one.optional) for one in signature.parameters] == [
        ("month", int, False),
        ("raw", dict[str, int], False),
        ("limit", int, True),
        ("day", str, True),
    ]
    assert signature.returns == list[int]
    assert clean_flights.result_type() == list[int]
    assert signature.where == clean_flights.where
    assert signature.place("day") == Where(__file__, line_of("def clean_flights"))


def test_name_may_differ_from_the_function() -> None:
    def made() -> int:
        return 1

    made.__qualname__ = "made"
    assert operation(runs=Lambda(), name="other")(made).name == "other"


def test_variable_parameters_are_fed_by_nobody() -> None:
    def made(one: int, *rest: int, **options: int) -> int:
        return 1

    made.__qualname__ = "made"
    declared = operation(runs=Lambda())(made)
    assert [one.name for one in declared.signature().parameters] == ["one"]


@pytest.fixture
def handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    name = f"handlers_{abs(hash(request.node.name))}"
    source = """
        raise SystemExit("a declaration must not import the code")

        def strange(
            a: print("a declaration must not run code"),
            b: input, c: "list[int]", d: int("5"), e: "(", f: list["int"]) -> None: ...

        def main(rows: int, names: list[str], frame: pandas.DataFrame, *, day="x", last: Unknown = None) -> dict: ...
        """
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return name


def test_object_reads_the_signature_without_importing(handlers: str) -> None:
    declared = Operation("clean", handler=f"{handlers}:main", runs=Lambda())
    assert [(one.name, one.annotation, one.optional) for one in declared.signature().parameters] == [
        ("rows", int, False),
        ("names", list[str], False),
        ("frame", Any, False),
        ("day", Any, True),
        ("last", Any, True),
    ]
    assert declared.result_type() is dict
    assert declared.signature().where.line == 8
    assert handlers not in sys.modules


def test_annotations_of_objects_are_not_run(handlers: str, capsys: pytest.CaptureFixture[str]) -> None:
    signature = Operation("clean", handler=f"{handlers}:strange", runs=Lambda()).signature()
    assert [one.annotation for one in signature.parameters] == [Any, Any, list[int], Any, Any, Any]
    assert signature.returns is None
    assert capsys.readouterr().out == ""


def test_what_it_returns_can_be_declared(handlers: str) -> None:
    declared = Operation("clean", handler=f"{handlers}:main", runs=Lambda(), returns=dict[str, int])
    assert declared.result_type() == dict[str, int]


def test_object_cannot_be_called(handlers: str) -> None:
    declared = Operation("clean", handler=f"{handlers}:main", runs=Lambda())
    with pytest.raises(TypeError, match=f"import {handlers}:main and call that"):
        declared(1)


def test_both_ways_make_the_same_model() -> None:
    by_object = Operation(
        "clean_flights",
        handler=f"{__name__}:clean_flights",
        runs=Lambda(memory=1024, timeout=120),
        reads=[lake / "raw"],
        writes=[lake / "clean"],
        retry=Retry(attempts=3),
        description="Cleans what came in.",
    )
    assert by_object == clean_flights
    assert by_object.where != clean_flights.where


def test_declarations_are_frozen() -> None:
    from bunsui.errors import BunsuiError

    with pytest.raises((BunsuiError, ValueError), match="frozen"):
        clean_flights.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("given", [lake, [lake], (lake,), {lake}, (one for one in [lake])], ids=type)
def test_reads_may_be_one_or_many(given: Any) -> None:
    assert Operation("x", handler="a:b", runs=Lambda(), reads=given).reads == (Access(lake),)


def test_accesses() -> None:
    table = Table("t", partition_key="k")
    made = Operation("x", handler="a:b", runs=Lambda(), writes=[lake / "a" / "b", lake / "/c/d/", table]).writes
    assert [access.label for access in made] == ["lake / 'a/b'", "lake / 'c/d'", "t"]


@pytest.mark.parametrize(
    ("wider", "inner", "covers"),
    [("", "a", True), ("a", "a", True), ("a", "a/b", True), ("a", "ab", False), ("a/b", "a", False), ("a", "", False)],
)
def test_access_covers(wider: str, inner: str, covers: bool) -> None:
    assert Access(lake, wider).covers(Access(lake, inner)) is covers
    assert not Access(lake, wider).covers(Access(Bucket("pond"), inner))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (ValueError, ("ValueError",)),
        ("Sandbox.Timedout", ("Sandbox.Timedout",)),
        ([ValueError, "Own"], ("ValueError", "Own")),
        (Exception, ("States.ALL",)),
        ([ValueError, "States.ALL"], ("States.ALL",)),
    ],
)
def test_errors_are_named(given: Any, names: tuple[str, ...]) -> None:
    assert Retry(on=given).on == names
    assert Fallback(None, on=given).on == names


REQUIREMENTS = [
    "polars",
    "polars==1.30.0",
    "polars>=1.30,<2",
    "polars ~= 1.30",
    "polars[timezone,excel]>=1; python_version < '3.14'",
    "own @ https://example.com/own-1.0-py3-none-any.whl",
    "ruamel.yaml===0.18",
    "numpy!=2.0.*",
]


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_requirements(requirement: str) -> None:
    declared = Operation("x", handler="a:b", runs=Lambda(), requirements=[requirement])
    assert declared.requirements == (requirement,)


def test_output_names_its_fields() -> None:
    assert repr(clean_flights.output.rows["in all"]) == "clean_flights.output.rows.in all"
