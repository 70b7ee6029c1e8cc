import json
import threading
import time

import pytest

from bunsui.runtime.envelope import THREADS, read
from bunsui.runtime.failures import MissingInput, UnreadableInput


class Bucket:
    """Objects by key; remembers what was asked for."""

    def __init__(self, **objects):
        self.objects = {key: json.dumps(value).encode() for key, value in objects.items()}
        self.got = []

    def get(self, key):
        self.got.append(key)
        if key not in self.objects:
            raise FileNotFoundError(f"there is no {key}")
        return self.objects[key]

    def keys(self, prefix):
        return [key for key in self.objects if key.startswith(prefix)]


def value(envelope, objects=None, **stored):
    (found,) = read([("x", envelope)], objects or Bucket(), stored)
    return found


@pytest.fixture
def parts():
    """A distributed map over five items, the third of which failed."""
    return Bucket(
        **{"p/0.json": {"n": 0}, "p/1.json": {"n": 1}, "p/3.json": {"n": 3}, "p/4.json": {"n": 4}, "p/x/7.json": 7}
    )


@pytest.fixture
def batches():
    """The same in batches of two, the second of which failed."""
    return Bucket(**{"p/0.json": [{"n": 0}, {"n": 1}], "p/4.json": [{"n": 4}]})


def test_a_value_and_the_facts_beside_it():
    assert value({"value": [1, {"a": None}], "facts": {"#": 2}}) == [1, {"a": None}]


@pytest.mark.parametrize("path", [["reason"], [0, "x"], []])
def test_what_was_skipped_is_none(path):
    assert value({"skipped": "its condition did not hold", "path": path}) is None


def test_paths_go_through_objects_and_lists():
    assert value({"value": {"rows": [{"id": 4}, {"id": 5}]}, "path": ["rows", 1, "id"]}) == 5


@pytest.mark.parametrize("path", [["rows", 2], ["rows", -1], ["rows", "id"], ["rows", 0, 0], ["n", 0]])
def test_a_path_that_leads_nowhere_is_told(path):
    with pytest.raises(MissingInput, match=f"x: the value has no field '{'.'.join(map(str, path))}'"):
        value({"value": {"rows": [{}, {}], "n": "text"}, "path": path})


def test_an_operations_stored_result():
    objects = Bucket(**{"s/ingest/clean.json": {"rows": 3}, "s/ingest/score/2.json": 7})
    assert value({"stored": "clean", "job": "ingest", "path": ["rows"]}, objects, ingest="s/ingest") == 3
    assert value({"stored": "score/2", "job": "ingest"}, objects, ingest="s/ingest") == 7


def test_a_stored_result_of_a_job_that_nobody_named_is_told():
    with pytest.raises(MissingInput, match="x: the event does not say where the results of job 'load' lie"):
        value({"stored": "clean", "job": "load"}, ingest="s/ingest")


def test_a_list_of_envelopes():
    objects = Bucket(k={"a": 1})
    envelopes = [{"value": 1}, {"pointer": "k", "path": ["a"]}, {"skipped": ""}, {"list": [{"pointer": "k"}]}]
    assert value({"list": envelopes}, objects) == [1, 1, None, [{"a": 1}]]
    assert objects.got == ["k"]
    assert value({"list": envelopes, "path": [3, 0, "a"]}, objects) == 1
    assert value({"list": []}) == []
    with pytest.raises(MissingInput, match="has no field '4'"):
        value({"list": envelopes, "path": [4]})


def test_an_element_of_a_list_says_which_it_is():
    with pytest.raises(MissingInput, match="x, item 1: the value has no field 'a'"):
        value({"list": [{"value": 1}, {"value": {}, "path": ["a"]}]})


def test_an_object_of_envelopes():
    objects = Bucket(k={"a": 1})
    envelope = {"object": {"n": {"value": 3}, "rows": {"pointer": "k"}, "none": {"skipped": ""}}}
    assert value(envelope, objects) == {"n": 3, "rows": {"a": 1}, "none": None}
    assert value({**envelope, "path": ["rows", "a"]}, objects) == 1
    assert value({**envelope, "path": ["none", "a"]}) is None
    with pytest.raises(MissingInput, match="x: the value has no field 'm'"):
        value({**envelope, "path": ["m"]})
    with pytest.raises(UnreadableInput, match="x, field 'rows'"):
        value(envelope)


def test_parts_are_in_order_and_a_missing_one_is_none(parts):
    found = value({"parts": "p", "count": 5}, parts)
    assert found == [{"n": 0}, {"n": 1}, None, {"n": 3}, {"n": 4}]


def test_batches_are_in_order_and_a_missing_one_is_none_for_each(batches):
    found = value({"parts": "p", "count": 5, "batch": 2}, batches)
    assert found == [{"n": 0}, {"n": 1}, None, None, {"n": 4}]


def test_batches_may_be_smaller_than_they_might():
    """Step Functions also cuts them by their size."""
    objects = Bucket(**{"p/0.json": [0, 1, 2], "p/3.json": [3], "p/6.json": [6]})
    assert value({"parts": "p", "count": 7, "batch": 5}, objects) == [0, 1, 2, 3, None, None, 6]
    alone = [value({"parts": "p", "count": 7, "batch": 5, "path": [index]}, objects) for index in range(7)]
    assert alone == [0, 1, 2, 3, None, None, 6]


def test_a_part_is_read_alone(parts, batches):
    assert value({"parts": "p", "count": 5, "path": [3, "n"]}, parts) == 3
    assert value({"parts": "p", "count": 5, "path": [2, "n"]}, parts) is None
    assert parts.got == ["p/3.json"]
    assert value({"parts": "p", "count": 5, "batch": 2, "path": [1, "n"]}, batches) == 1
    assert value({"parts": "p", "count": 5, "batch": 2, "path": [3, "n"]}, batches) is None
    assert value({"parts": "gone", "count": 5, "batch": 2, "path": [3]}, batches) is None
    with pytest.raises(MissingInput, match="has no field '5'"):
        value({"parts": "p", "count": 5, "path": [5]}, parts)


def test_more_results_than_items_are_told(parts, batches):
    with pytest.raises(MissingInput, match="x: there is a result of item 4, of 3 in all"):
        value({"parts": "p", "count": 3}, parts)
    batches.objects["p/4.json"] = b"[4, 5]"
    with pytest.raises(MissingInput, match="x, item 4: its batch has 2 results, of 5 in all"):
        value({"parts": "p", "count": 5, "batch": 2}, batches)


def test_an_object_that_cannot_be_read_names_the_input():
    with pytest.raises(UnreadableInput, match=r"^rows: its value cannot be read: there is no k$") as caught:
        read([("n", {"value": 1}), ("rows", {"pointer": "k"})], Bucket())
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_one_of_many_that_cannot_be_read_names_the_input(parts):
    parts.keys = lambda prefix: [f"p/{number}.json" for number in range(5)]
    with pytest.raises(UnreadableInput, match=r"^x, item 2: its value cannot be read: there is no p/2\.json$"):
        value({"parts": "p", "count": 5}, parts)


@pytest.mark.parametrize("path", [[], [0]])
def test_keys_that_may_not_be_listed_name_the_input(parts, path):
    def refuse(prefix):
        raise PermissionError("AccessDenied")

    parts.keys = refuse
    with pytest.raises(UnreadableInput, match=r"^x: its value cannot be read: AccessDenied$"):
        value({"parts": "p", "count": 5, "path": path}, parts)


def test_no_two_inputs_share_a_value():
    objects = Bucket(k=[1])
    first, second = read([("a", {"pointer": "k"}), ("b", {"pointer": "k"})], objects)
    first.append(2)
    assert second == [1]
    assert objects.got == ["k"]


def test_many_objects_are_read_at_the_same_time_but_not_all():
    running, most, lock = 0, 0, threading.Lock()

    class Slow(Bucket):
        def get(self, key):
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.002)
            with lock:
                running -= 1
            return super().get(key)

    objects = Slow(**{f"s/o{number}.json": number for number in range(200)})
    wanted = [(f"i{number}", {"stored": f"o{number}", "job": "j"}) for number in range(200)]
    assert read(wanted, objects, {"j": "s"}) == list(range(200))
    assert 1 < most <= THREADS


def test_only_the_wanted_part_of_an_object_is_kept():
    """A thousand inputs may each take one figure of an object that is large."""
    import tracemalloc

    class Large:
        def get(self, key):
            return json.dumps({"n": 1, "rows": ["x" * 100] * 2000}).encode()

        def keys(self, prefix):
            raise AssertionError

    wanted = [(str(number), {"pointer": f"k{number}", "path": ["n"]}) for number in range(300)]
    tracemalloc.start()
    try:
        assert read(wanted, Large()) == [1] * 300
        assert tracemalloc.get_traced_memory()[1] < 25_000_000  # all of them together have over 60,000,000
    finally:
        tracemalloc.stop()
