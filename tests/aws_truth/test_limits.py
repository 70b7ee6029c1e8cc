"""Limits as AWS measures them, and texts as AWS reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bunsui import Bucket, Lambda
from bunsui.compile.states import constant
from bunsui.errors import DeclarationError, UsageError
from bunsui.model.calls import Why
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.resource import Access
from bunsui.model.target import Code, Work, Worker
from bunsui.session.failure import explain
from bunsui.session.start import INPUT_LIMIT, check_size


def worker(target: Lambda, *reads: Access) -> Worker:
    return Worker("work", Work(target, Code("m:f", "a" * 64), reads, (), False, ()), (Why("work", "invoke"),))


def variables(made: Worker) -> dict[str, Any]:
    (function,) = made.work.target.stack(made, Names("p"), Environment(), "Role")
    found: dict[str, Any] = function.to_dict()["Properties"]["Environment"]["Variables"]
    return found


def measured(found: dict[str, Any]) -> int:
    """As Lambda does: "String measured: {…}"."""
    return len(json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())


def test_environment_variables_are_measured_as_json() -> None:
    lake = Bucket("lake", existing="the-lake")
    few = variables(worker(Lambda(), *(Access(lake, f"{number:03}") for number in range(400))))
    assert measured(few) <= 4096
    prefixes = [Access(lake, f"{number:03}") for number in range(520)]
    told = {"BUNSUI_HANDLER": "m:f", "BUNSUI_RESOURCES": "x"}
    plain = sum(len(f'"{one.path}",') for one in prefixes) + sum(len(name) for name in told)
    assert plain < 4096
    with pytest.raises(DeclarationError, match="Lambda allows 4096") as raised:
        variables(worker(Lambda(), *prefixes))
    assert raised.value.code == "BUN301"


@pytest.mark.parametrize("over", [0, 1])
def test_the_largest_environment(over: int) -> None:
    base = measured({"A1": "", "BUNSUI_HANDLER": "m:f"})
    made = worker(Lambda(environment={"A1": "x" * (4096 - base + over)}))
    if over:
        with pytest.raises(DeclarationError):
            variables(made)
    else:
        assert measured(variables(made)) == 4096


@pytest.mark.parametrize("text", ["{% only opened", "only closed %}", "{%", "%}", "{% both %}"])
def test_text_that_opens_or_closes_jsonata_is_quoted(text: str) -> None:
    found = constant(text)
    assert found.startswith("{% ")
    assert found.endswith(" %}")
    assert json.loads(found.removeprefix("{% ").removesuffix(" %}")) == text
    assert constant({"a": [text]}) == {"a": [found]}


@pytest.mark.parametrize("text", ["plain", "{ % }", "a {% b %} c", ""])
def test_other_text_stays(text: str) -> None:
    assert constant(text) == text


def test_parameters_have_to_fit_the_record() -> None:
    fits = {"session": "s", "attempt": 1, "parameters": {"names": "x" * 200_000}}
    check_size(fits)
    quotes = {"session": "s", "attempt": 1, "parameters": {"names": ["x"] * 50_000}}
    assert len(json.dumps(quotes, separators=(",", ":"))) < INPUT_LIMIT
    with pytest.raises(UsageError, match="too large") as raised:
        check_size(quotes)
    assert raised.value.code == "BUN405"


@pytest.mark.parametrize("call", ["GetObject", "HeadObject"])
def test_what_is_not_there_may_look_like_what_is_not_allowed(call: str) -> None:
    message = f"An error occurred (AccessDenied) when calling the {call} operation: Access Denied"
    told = explain("ClientError", json.dumps({"errorType": "ClientError", "errorMessage": message}))
    assert told.kind == "access"
    assert "does the object exist" in told.message
