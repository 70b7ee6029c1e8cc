import enum
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import BaseModel, SecretStr

from bunsui.errors import BunsuiErrors, UsageError
from bunsui.session.parameters import parse_assignments, resolve


@dataclass
class Window:
    first: int
    last: int = 12


class Carrier(BaseModel):
    code: str


class Size(enum.Enum):
    SMALL = "small"


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, "5", 5),
        (int, "-5", -5),
        (float, "1e3", 1000.0),
        (str, "5", "5"),
        (str, "a=b", "a=b"),
        (str, "", ""),
        (bool, "yes", True),
        (bool, "OFF", False),
        (date, "2026-01-31", "2026-01-31"),
        (datetime, "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
        (timedelta, "PT1H", "PT1H"),
        (Decimal, "1.50", "1.50"),
        (int | None, "null", None),
        (int | None, "3", 3),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, 2], "2", 2),
        (Size, "small", "small"),
        (list[int], "[1, 2]", [1, 2]),
        (dict[str, float], '{"a": 1}', {"a": 1.0}),
        (tuple[int, str], '[1, "a"]', [1, "a"]),
        (Window, '{"first": 1}', {"first": 1, "last": 12}),
        (Carrier, '{"code": "UA"}', {"code": "UA"}),
        (list[date], '["2026-01-31"]', ["2026-01-31"]),
    ],
)
def test_text_becomes_json(annotation, text, value):
    found = resolve({"p": annotation}, texts={"p": text})
    assert found == {"p": value}
    assert type(found["p"]) is type(value)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("annotation", "text", "says"),
    [
        (int, "x", "'x' is not int"),
        (int, "1.5", "'1.5' is not int"),
        (int, "true", "'true' is not int"),
        (float, "nan", "JSON has no NaN"),
        (bool, "perhaps", "is not bool"),
        (date, "20260131", "is not date"),
        (date, "0", "ISO 8601"),
        (datetime, "1767225600", "ISO 8601"),
        (list[int], "1,2", "is not list[int]"),
        (list[int], '[1, "2"]', "1: input should be a valid integer"),
        (dict[str, int], '{"a": 1.5}', "a: input should be a valid integer"),
        (Window, '{"first": "1"}', "first: input should be a valid integer"),
        (Literal["a", "b"], "c", "'a' or 'b'"),
        (Size, "large", "is not Size"),
    ],
)
def test_text_that_does_not_fit_names_parameter_value_and_type(annotation, text, says):
    with pytest.raises(UsageError) as caught:
        resolve({"month": annotation}, texts={"month": text})
    assert caught.value.code == "BUN405"
    assert "'month'" in caught.value.message
    assert says in caught.value.message
    assert caught.value.hint.startswith("write ")


@pytest.mark.parametrize(
    ("annotation", "given", "value"),
    [
        (int, 5, 5),
        (float, 1, 1.0),
        (date, date(2026, 1, 31), "2026-01-31"),
        (date, "2026-01-31", "2026-01-31"),
        (list[int], (1, 2), [1, 2]),
        (Window, Window(1), {"first": 1, "last": 12}),
        (Window, {"first": 1}, {"first": 1, "last": 12}),
        (Carrier, Carrier(code="UA"), {"code": "UA"}),
        (Size, Size.SMALL, "small"),
        (Decimal, Decimal("1.5"), "1.5"),
        (int | None, None, None),
    ],
)
def test_python_values_become_json(annotation, given, value):
    assert resolve({"p": annotation}, values={"p": given}) == {"p": value}


@pytest.mark.parametrize(
    ("annotation", "given"),
    [(int, "5"), (int, True), (int, 1.5), (str, 5), (bool, 1), (float, float("inf")), (int, None), (date, 0)],
)
def test_python_values_are_not_converted(annotation, given):
    with pytest.raises(UsageError, match="is not") as caught:
        resolve({"p": annotation}, values={"p": given})
    assert caught.value.code == "BUN405"


def test_defaults_fill_in_and_order_is_that_of_the_declaration():
    found = resolve({"a": int, "b": int, "c": date}, texts={"b": "2"}, defaults={"a": 1, "b": 9, "c": date(2026, 1, 1)})
    assert list(found.items()) == [("a", 1), ("b", 2), ("c", "2026-01-01")]


def test_all_problems_are_told_together():
    with pytest.raises(BunsuiErrors) as caught:
        resolve({"month": int, "year": int, "day": int}, texts={"mnth": "1", "year": "x"})
    messages = [error.message for error in caught.value.errors]
    assert messages[0] == "the pipeline has no parameter 'mnth'"
    assert caught.value.errors[0].hint == "did you mean month?"
    assert messages[1] == "parameter 'month' (int) has no value"
    assert messages[2].startswith("parameter 'year': 'x' is not int")
    assert messages[3] == "parameter 'day' (int) has no value"
    assert {error.code for error in caught.value.errors} == {"BUN405"}
    assert caught.value.exit_code == 2


def test_a_name_like_no_other_lists_what_there_is():
    with pytest.raises(UsageError) as caught:
        resolve({"month": int}, texts={"zzz": "1", "month": "1"})
    assert caught.value.hint == "the pipeline has: month"


def test_a_name_given_as_text_and_value_is_refused():
    with pytest.raises(UsageError, match="given twice"):
        resolve({"month": int}, texts={"month": "1"}, values={"month": 1})


def test_secrets_are_refused_and_never_shown():
    with pytest.raises(UsageError) as caught:
        resolve({"key": SecretStr}, texts={"key": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "Secrets Manager" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        resolve({"api_token": int}, texts={"api_token": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_long_values_are_cut():
    with pytest.raises(UsageError) as caught:
        resolve({"p": int}, texts={"p": "x" * 5000})
    assert len(caught.value.message) < 300


def test_types_that_json_cannot_carry_are_refused():
    class Handle:
        pass

    with pytest.raises(UsageError, match="values of type Handle cannot be read"):
        resolve({"p": Handle}, texts={"p": "x"})


def test_assignments():
    assert parse_assignments(["month=1", "where=a=b", "empty="]) == {"month": "1", "where": "a=b", "empty": ""}


def test_wrong_assignments_are_told_together():
    with pytest.raises(BunsuiErrors) as caught:
        parse_assignments(["month", "=1", "a=1", "a=2"])
    assert [error.message for error in caught.value.errors] == [
        "'month' is not of the form name=value",
        "'=1' is not of the form name=value",
        "parameter 'a' is given twice",
    ]
