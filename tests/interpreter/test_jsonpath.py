"""JSONPath against the answers of the library that Step Functions uses."""

import json

import pytest

from bunsui.interpreter.jsonpath import PathNotFound, PathSyntaxError, compiled

KNOWN = {
    # the oracle's Jayway was told to answer null where Step Functions fails
    "dot_notation_with_key_named_length_on_array",
}


def answer(selector, document):
    try:
        return compiled(selector).find(document)
    except PathSyntaxError:
        return "NOT_SUPPORTED"
    except PathNotFound:
        return "NOT_FOUND"


def same(case, found):
    expected = case["jayway"]
    if expected is None and found == "NOT_FOUND":
        return True
    if not case["ordered"] and isinstance(expected, list) and isinstance(found, list):
        canon = lambda items: sorted(json.dumps(item, sort_keys=True) for item in items)  # noqa: E731
        return canon(found) == canon(expected)
    return found == expected


def test_oracle(shared_data):
    cases = json.loads((shared_data / "jsonpath-oracle.json").read_text("utf-8"))
    differ = []
    for case in cases:
        found = answer(case["selector"], case["document"])
        if not same(case, found):
            differ.append(f"{case['selector']}: {found!r} is not {case['jayway']!r}")
    assert len(cases) > 250
    assert differ == []


@pytest.mark.parametrize(
    ("path", "message"),
    [("$.a.b", "Missing property in path $['a']"), ("$.x", "No results for path: $['x']")],
)
def test_the_message_names_the_path(path, message):
    with pytest.raises(PathNotFound) as caught:
        compiled(path).find({})
    assert str(caught.value) == message
