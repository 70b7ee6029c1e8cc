from __future__ import annotations

import pytest

from bunsui.local.traits.anchor import AnchorError, substitute, wrap
from bunsui.local.traits.logs import json_pattern

LINE = {
    "session": "s-1",
    "attempt": 2,
    "ratio": 0.5,
    "error": None,
    "done": True,
    "where": {"job": "ingest", "path": ["a", "b"]},
    "odd key": 1,
}


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.session = "s-1" }',
        "{ $.session = s-1 }",
        '{$.session="s-1"}',
        '{ $.session = "s-*" }',
        '{ $.session != "s-2" }',
        "{ $.attempt = 2 }",
        "{ $.attempt >= 2 && $.attempt < 3 }",
        "{ $.ratio > 0.4 }",
        '{ $.where.job = "ingest" }',
        '{ $.where.path[1] = "b" }',
        '{ $["odd key"] = 1 }',
        "{ $.error IS NULL }",
        "{ $.done IS TRUE }",
        "{ $.missing NOT EXISTS }",
        "{ $.session EXISTS }",
        '{ ($.session = "other") || ($.attempt = 2 && $.where.job = "ing*") }',
    ],
)
def test_matches(pattern: str) -> None:
    assert json_pattern(pattern)(LINE)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.session = "s-" }',
        '{ $.session = "S-1" }',
        '{ $.session = "s-?" }',
        '{ $.missing = "x" }',
        '{ $.missing != "x" }',
        "{ $.attempt > 2 }",
        "{ $.session > 1 }",
        "{ $.session IS NULL }",
        "{ $.session NOT EXISTS }",
        '{ $.session = "s-1" && ($.attempt = 1 || $.attempt = 3) }',
        '{ $.where.path[7] = "b" }',
    ],
)
def test_does_not_match(pattern: str) -> None:
    assert not json_pattern(pattern)(LINE)


@pytest.mark.parametrize("pattern", ["{ $.a = }", "{ a = 1 }", "{ ($.a = 1 }", "{ $.a = 1 $.b = 2 }", "{ $.a = 1"])
def test_is_not_a_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|selector|parenthesis"):
        json_pattern(pattern)


class Module:
    __name__ = "somewhere"
    text = "one two two"


def test_an_internal_that_has_moved_is_named() -> None:
    with pytest.raises(AnchorError, match=r"somewhere\.gone is not there"):
        wrap(Module(), "gone", lambda original: original)
    with pytest.raises(AnchorError, match=r"somewhere\.text is not as it was"):
        substitute(Module(), "text", "two", "three")
