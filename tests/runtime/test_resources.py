import json

import pytest

from bunsui.resources.bucket import Bucket as RealBucket
from bunsui.resources.table import Table as RealTable
from bunsui.runtime import declarations, resources
from bunsui.runtime.dataset import Dataset
from bunsui.runtime.failures import OutsideFunction, UndeclaredAccess

both_buckets = pytest.mark.parametrize("bucket", [declarations.Bucket, RealBucket], ids=["stub", "library"])
both_tables = pytest.mark.parametrize("table", [declarations.Table, RealTable], ids=["stub", "library"])


@pytest.fixture
def declare(monkeypatch):
    def set_to(**entries):
        monkeypatch.setenv("BUNSUI_RESOURCES", json.dumps(entries))

    return set_to


@both_buckets
def test_a_declared_prefix_covers_what_is_below_it(bucket, declare):
    declare(lake={"name": "the-lake", "reads": ["raw"], "writes": []})
    lake = bucket("lake")
    assert (lake / "raw").uri == "s3://the-lake/raw"
    assert (lake / "raw" / "2013/01").key == "raw/2013/01"
    assert (lake / "raw").bucket == "the-lake"
    assert lake.name == "the-lake"
    assert lake.uri == "s3://the-lake"


@both_buckets
@pytest.mark.parametrize("path", ["clean", "rawest"])
def test_an_undeclared_prefix_says_what_to_add(bucket, path, declare):
    declare(lake={"name": "b", "reads": ["raw"], "writes": ["out"]})
    with pytest.raises(UndeclaredAccess) as caught:
        _ = (bucket("lake") / path).uri
    assert str(caught.value) == (
        f"this code uses lake / '{path}', but declares reads=[lake / 'raw'], writes=[lake / 'out'];"
        f" add lake / '{path}' to reads= or writes="
    )


@both_buckets
def test_all_of_a_bucket_covers_everything(bucket, declare):
    declare(lake={"name": "b", "reads": [], "writes": [""]})
    assert (bucket("lake") / "any" / "where").uri == "s3://b/any/where"


@both_tables
def test_tables_resolve_where_declared(table, declare):
    declare(delays={"name": "the-table", "reads": [], "writes": [""]})
    assert table("delays", partition_key="day").name == "the-table"
    with pytest.raises(UndeclaredAccess, match=r"uses other, but declares reads=\[\], writes=\[delays\]; add other to"):
        _ = table("other", partition_key="day").name


@both_buckets
def test_outside_a_function_the_error_says_how_to_test(bucket, monkeypatch):
    monkeypatch.delenv("BUNSUI_RESOURCES", raising=False)
    monkeypatch.delenv("BUNSUI_HANDLER", raising=False)
    with pytest.raises(OutsideFunction, match=r"in a unit test write: with bunsui\.runtime\.resources\.resources_at"):
        _ = bucket("lake").name


def test_a_function_that_declares_nothing_is_still_a_function(monkeypatch):
    monkeypatch.delenv("BUNSUI_RESOURCES", raising=False)
    monkeypatch.setenv("BUNSUI_HANDLER", "m:f")
    with pytest.raises(UndeclaredAccess, match=r"declares reads=\[\], writes=\[\]"):
        resources.resolve_bucket("lake")


def test_unit_tests_set_names_and_leave_nothing_behind(monkeypatch):
    monkeypatch.delenv("BUNSUI_RESOURCES", raising=False)
    monkeypatch.delenv("BUNSUI_HANDLER", raising=False)
    with resources.resources_at({"data-lake": "a"}, delays="t"):
        assert (RealBucket("data-lake") / "x").uri == "s3://a/x"
        with resources.resources_at(delays="other"):
            assert resources.resolve_table("delays") == "other"
        assert resources.resolve_table("delays") == "t"
    with pytest.raises(OutsideFunction):
        resources.resolve_table("delays")


def test_objects_are_read_written_and_listed_below_a_prefix(declare, s3):
    declare(lake={"name": "b", "reads": ["raw"], "writes": ["raw/new"]})
    lake = declarations.Bucket("lake")
    written = (lake / "raw/new").write_bytes("a.csv", b"x,y", format="csv", rows=1)
    assert written == Dataset("s3://b/raw/new/a.csv", "csv", 1, 3)
    assert written.read_bytes() == (lake / "raw" / "new").read_bytes("a.csv") == b"x,y"
    assert written.read_text() == "x,y"
    with written.open() as stream:
        assert stream.read(1) == b"x"
    s3.objects["b", "rawest/z"] = b""
    assert (lake / "raw").list() == ["new/a.csv"]
    with pytest.raises(UndeclaredAccess, match=r"writes lake / 'raw/b.csv', but declares writes=\[lake / 'raw/new'\]"):
        (lake / "raw").write_bytes("b.csv", b"")


@pytest.mark.parametrize("uri", ["", "http://b/k", "s3:///k", None])
def test_a_dataset_is_in_s3(uri):
    with pytest.raises(ValueError, match="write s3://bucket/key"):
        Dataset(uri)
