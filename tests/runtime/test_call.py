import datetime as dt
import json

import pytest

from bunsui.runtime.failures import DecodeError, MissingInput

DOUBLE = "def main(x: int, by: int = 2): return x * by"


def values(*found):
    return [{"value": one} for one in found]


def test_a_batch_is_a_list_of_results(invoke):
    assert invoke(DOUBLE, {"by": 3}, items=values(1, 2), batch=True, item="x") == {"value": [3, 6]}
    assert invoke(DOUBLE, items=[], batch=True, item="x") == {"value": []}


def test_a_batch_of_a_distributed_map_is_stored_at_its_first_index(invoke, artefacts):
    told = invoke(DOUBLE, items=values(1, 2), batch=True, item="x", part=4)
    assert told == {"stored": "clean/4", "job": "ingest"}
    assert artefacts == {"sessions/dev-flights/s1/2/ingest/clean/4.json": b"[2,4]"}


def test_items_may_be_references(invoke, artefacts):
    artefacts["k"] = b'{"rows": [5, 6]}'
    items = [{"pointer": "k", "path": ["rows", number]} for number in (0, 1)]
    assert invoke(DOUBLE, items=items, batch=True, item="x") == {"value": [10, 12]}


def test_items_may_be_plain_values(invoke):
    source = "def main(x): return x"
    plain = [{"value": 1}, {"pointer": "no"}, 3]
    assert invoke(source, items=plain, batch=True, item="x", plain=True) == {"value": plain}


def test_no_item_sees_what_another_did_to_a_common_input(invoke):
    source = """
        def main(x, seen):
            seen.append(x)
            return seen
    """
    found = invoke(source, {"seen": []}, items=values(1, 2), batch=True, item="x")
    assert found == {"value": [[1], [2]]}


def test_one_item_that_fails_fails_the_batch_and_is_named(invoke):
    source = """
        class Refused(ValueError): pass
        def main(x):
            if x > 1:
                try:
                    raise KeyError("inner")
                except KeyError as inner:
                    raise Refused("bad row", x) from inner
    """
    with pytest.raises(Exception, match=r"^item 6: \('bad row', 2\)$") as caught:
        invoke(source, items=values(1, 2), batch=True, item="x", part=5)
    assert type(caught.value).__name__ == "Refused"
    assert [entry.name for entry in caught.traceback][-1] == "main"
    failed = invoke.lines()[-1]
    assert (failed["error"], failed["message"]) == ("Refused", "item 6: ('bad row', 2)")
    assert "KeyError: 'inner'\n\nThe above exception was the direct cause" in failed["traceback"]
    assert "call.py" not in failed["traceback"]


def test_an_item_of_the_wrong_type_is_named(invoke):
    with pytest.raises(Exception, match="item 1: operation 'clean', parameter 'x': expected int, found text") as caught:
        invoke(DOUBLE, items=values(1, "a"), batch=True, item="x")
    assert type(caught.value).__name__ == DecodeError.__name__
    with pytest.raises(MissingInput, match="parameter 'x', item 8: the value has no field 'a'"):
        invoke(DOUBLE, items=[{"value": {}, "path": ["a"]}], batch=True, item="x", part=8)


def test_the_functions_of_a_batch_may_be_asynchronous_and_keep_their_promise(invoke):
    source = "async def main(x: int) -> int: {}"
    assert invoke(source.format("return x"), items=values(1, 2), batch=True, item="x") == {"value": [1, 2]}
    with pytest.raises(Exception, match="item 0: operation 'clean' returned None, but its annotation says int"):
        invoke(source.format("pass"), items=values(1), batch=True, item="x")


LISTING = {"Etag": '"d41d8"', "Key": "raw/1.csv", "LastModified": 1668699881, "Size": 34910, "StorageClass": "STANDARD"}


def test_an_object_of_a_listing_is_read_as_the_annotation_says(invoke):
    source = """
        from dataclasses import dataclass
        @dataclass
        class Listed:
            Key: str
            Size: int
        def main(x: {}): return [{}]
    """
    batch = {"items": [LISTING], "batch": True, "item": "x", "plain": True}
    assert invoke(source.format("Listed", "x.Key, x.Size"), **batch) == {"value": [["raw/1.csv", 34910]]}
    assert invoke(source.format("dict", 'x["Etag"]'), **batch) == {"value": [['"d41d8"']]}


ROW = """
    import datetime as dt
    from typing import TypedDict
    class Row(TypedDict):
        day: dt.date
        rows: int
        late: bool
        mean: float | None
        code: str
    def main(x: Row, n): return [type(one).__name__ for one in x.values()] + [x["rows"], n]
"""
CELLS = {"day": "2013-01-31", "rows": "12", "late": "True", "mean": "", "code": "007"}


def test_the_text_of_a_row_becomes_what_the_annotation_asks_for(invoke):
    told = {"value": ["date", "int", "bool", "NoneType", "str", 12, "5"]}
    about = {"item": "x", "text": True}
    assert invoke(ROW, {"x": CELLS, "n": "5"}, **about) == told
    found = invoke(ROW, {"n": "5"}, items=[CELLS], batch=True, plain=True, **about)
    assert found == {"value": [told["value"]]}


def test_text_stays_text_where_the_event_does_not_say_otherwise(invoke):
    with pytest.raises(DecodeError, match="parameter 'x', at rows: expected int, found text"):
        invoke(ROW, {"x": CELLS, "n": 1})


def test_common_inputs_are_decoded_for_each_item(invoke):
    source = "import datetime as dt\ndef main(x: int, day: dt.date): return day + dt.timedelta(days=x)"
    found = invoke(source, {"day": "2013-01-31"}, items=values(0, 1), batch=True, item="x")
    assert found == {"value": ["2013-01-31", str(dt.date(2013, 2, 1))]}
    assert json.dumps(found)
