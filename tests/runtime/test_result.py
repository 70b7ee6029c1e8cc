import json

import pytest

from bunsui.runtime.failures import ResultTooLarge

ROWS = "def main(): return {'rows': [{'id': 'é'}, {'id': 'b'}], 'none': None, 'note': 'né'}"


@pytest.mark.parametrize(
    ("path", "fact"),
    [
        (["rows", 1, "id"], "b"),
        (["rows", "#"], 2),
        (["rows", 0, "#"], 1),
        (["note", "#"], 2),
        (["#"], 3),
        (["none"], None),
        ([], {"rows": [{"id": "é"}, {"id": "b"}], "none": None, "note": "né"}),
    ],
)
def test_facts_stand_beside_the_value(invoke, path, fact):
    envelope = invoke(ROWS, facts={"f": path})
    assert envelope["facts"] == {"f": fact}
    assert envelope["value"]["note"] == "né"


@pytest.mark.parametrize("path", [["absent"], ["rows", 2], ["none", "x"], ["none", "#"], ["note", 0], ["rows", "id"]])
def test_a_field_that_is_not_there_makes_no_fact(invoke, path):
    assert invoke(ROWS, facts={"f": path, "n": ["rows", "#"]})["facts"] == {"n": 2}


def test_no_facts_where_none_are_wanted(invoke):
    assert "facts" not in invoke(ROWS)


def test_facts_stand_beside_a_value_in_s3(invoke, artefacts):
    envelope = invoke("def main(): return ['x' * 500] * 3", inline=100, facts={"n": ["#"]})
    assert envelope == {"pointer": "sessions/dev-flights/s1/2/ingest/clean.json", "facts": {"n": 3}}


def test_a_large_fact_is_told(invoke):
    source = "def main(): return {'small': 'é' * 511, 'large': 'é' * 512}"
    assert len(invoke(source, facts={"f": ["small"]})["facts"]["f"]) == 511
    with pytest.raises(
        ResultTooLarge,
        match=r"^operation 'clean': field 'large' of its result has 1026 bytes of JSON, and what .* 1024",
    ):
        invoke(source, facts={"f": ["large"]})


def test_a_result_that_is_always_passed_by_reference(invoke, artefacts):
    envelope = invoke("def main(): return []", apart=True)
    assert envelope == {"pointer": "sessions/dev-flights/s1/2/ingest/clean.json"}
    assert artefacts == {"sessions/dev-flights/s1/2/ingest/clean.json": b"[]"}


def test_a_result_that_is_always_stored(invoke, artefacts):
    envelope = invoke("def main(): return 1", store=True, facts={"f": []})
    assert envelope == {"stored": "clean", "job": "ingest", "facts": {"f": 1}}
    assert artefacts == {"sessions/dev-flights/s1/2/ingest/clean.json": b"1"}
    assert invoke.lines()[-1]["spilled_bytes"] == 1


@pytest.mark.parametrize(
    ("about", "envelope"),
    [
        ({"part": 0}, {"stored": "clean/0", "job": "ingest"}),
        ({"part": 12, "turn": "3"}, {"stored": "clean/3/12", "job": "ingest"}),
        ({"turn": 3}, {"pointer": "sessions/dev-flights/s1/2/ingest/clean/3.json"}),
    ],
)
def test_what_is_made_more_than_once_has_a_place_for_each_time(invoke, artefacts, about, envelope):
    result = ["x" * 200]
    assert invoke(f"def main(): return {result}", inline=1, **about) == envelope
    (key, data), *others = artefacts.items()
    assert not others
    assert json.loads(data) == result
    assert key == envelope.get("pointer", f"sessions/dev-flights/s1/2/ingest/{envelope.get('stored')}.json")


def test_a_stored_result_is_the_input_of_another(invoke, artefacts):
    stored = invoke("def main(): return {'rows': [1, 2]}", store=True)
    where = {"ingest": "sessions/dev-flights/s1/2/ingest"}
    inputs = {"rows": {**stored, "path": ["rows"]}}
    assert invoke("def main(rows: set[int]): return sum(rows)", inputs, raw=False, stored=where) == {"value": 3}


def test_parts_are_the_input_of_another(invoke, artefacts):
    for part in (0, 2):
        invoke(f"def main(): return {part}", part=part)
    inputs = {"all": {"parts": "sessions/dev-flights/s1/2/ingest/clean", "count": 3}}
    assert invoke("def main(all: list[int | None]): return all", inputs, raw=False) == {"value": [0, None, 2]}


def test_what_was_skipped_is_none_where_the_annotation_allows_it(invoke):
    source = "def main(a: {}): return a is None"
    inputs = {"a": {"skipped": "its condition did not hold"}}
    assert invoke(source.format("int | None"), inputs, raw=False) == {"value": True}
    with pytest.raises(Exception, match="operation 'clean', parameter 'a': expected int, found null"):
        invoke(source.format("int"), inputs, raw=False)


def test_a_default_stands_for_what_was_skipped(invoke):
    inputs = {"a": {"skipped": "its condition did not hold"}, "b": {"value": 1}}
    assert invoke("def main(b: int, a: int = 7): return a + b", inputs, raw=False, optional=["a"]) == {"value": 8}
    assert invoke.again({"a": {"value": 2}, "b": {"value": 1}}, raw=False, optional=["a"]) == {"value": 3}


def test_a_function_that_may_not_use_the_bucket_says_so(invoke, monkeypatch):
    monkeypatch.delenv("BUNSUI_BUCKET", raising=False)
    with pytest.raises(Exception, match=r"parameter 'a': its value cannot be read: .* needs the artefact bucket"):
        invoke("def main(a): return a", {"a": {"pointer": "k"}}, raw=False)
