"""Wrong declarations, each with code, place and hint: the cases lie in cases/*.cases.

A case is a module. `#: CODE text` is an error that it must raise, `#: hint text` its hint, `#: other label` a place
that takes part in the first one. `# here` marks the line of the first error, `# here 2` of the second, `# other` of
that place.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bunsui.errors import CODES, BunsuiError, BunsuiErrors, ExitCode
from bunsui.loading import load

FOLDER = Path(__file__).parent / "cases"
PUBLIC = (
    "Bucket, Csv, Dataset, Distributed, Fallback, Job, Lambda, Map, Nested, Objects, Operation, Parameter, Pipeline, "
    "Retry, Table, operation"
)


@dataclass
class Expected:
    code: str
    message: str
    hint: str = ""
    other: str = ""


@dataclass
class Case:
    name: str
    source: str
    expected: list[Expected] = field(default_factory=list)

    def line(self, mark: str) -> int:
        found = [number for number, line in enumerate(self.module(), 1) if re.search(rf"# {mark}( #|$)", line)]
        assert len(found) == 1, f"{self.name}: {mark!r} marks lines {found}"
        return found[0]

    def module(self) -> list[str]:
        return [f"from bunsui import {PUBLIC}", *self.source.splitlines()]


def read(path: Path) -> list[Case]:
    cases = []
    for section in path.read_text().split("### ")[1:]:
        name, _, source = section.partition("\n")
        case = Case(f"{path.stem}: {name}", source)
        for line in source.splitlines():
            kind, _, text = line.removeprefix("#: ").partition(" ")
            if not line.startswith("#: "):
                continue
            if kind in ("hint", "other"):
                setattr(case.expected[-1], kind, text)
            else:
                case.expected.append(Expected(kind, text))
        cases.append(case)
    return cases


CASES = [case for path in sorted(FOLDER.glob("*.cases")) for case in read(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_wrong_declaration(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "bad_" + re.sub(r"\W+", "_", case.name)
    file = tmp_path / f"{module}.py"
    file.write_text("\n".join(case.module()).replace("MODULE", module))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, module, raising=False)

    with pytest.raises((BunsuiError, BunsuiErrors)) as raised:
        load(f"{module}:pipeline", tmp_path)

    assert raised.value.exit_code is ExitCode.USAGE
    found = raised.value.errors if isinstance(raised.value, BunsuiErrors) else (raised.value,)
    assert [error.code for error in found] == [expected.code for expected in case.expected]
    for number, (error, expected) in enumerate(zip(found, case.expected, strict=True), 1):
        assert expected.message.replace("MODULE", module) in error.message
        assert expected.hint
        assert expected.hint.replace("MODULE", module) in error.hint
        assert error.where is not None
        assert error.where.file == str(file)
        assert error.where.line == case.line("here" if number == 1 else f"here {number}")
        if expected.other:
            assert (expected.other, str(file), case.line("other")) in [
                (label, where.file, where.line) for label, where in error.related
            ]


def test_cases_are_many_and_known() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.expected and expected.code in CODES for case in CASES for expected in case.expected)


def test_every_code_of_a_declaration_has_a_case() -> None:
    seen = {expected.code for case in CASES for expected in case.expected}
    assert {code for code in CODES if code[:4] in ("BUN1", "BUN2")} <= seen
