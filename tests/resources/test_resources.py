"""Buckets and tables as declarations: what they refuse, and what their parts are."""

from __future__ import annotations

import pytest

from bunsui import Bucket, BunsuiError, Table
from bunsui.model.calls import Condition, Why
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.resource import Access

NAMES = Names("p")
WHY = Why("work", "testing")


def test_parts_of_a_bucket() -> None:
    lake = Bucket("lake")
    assert (lake / "raw").access == (lake / "raw/").access == (lake / "/raw").access == Access(lake, "raw")
    assert (lake / "raw" / "flights").access == (lake / "raw/flights").access
    assert (lake / "year=2013").access.path == "year=2013"


@pytest.mark.parametrize("path", ["", "/", "a//b", ".", "..", "a/../b", "*", "a?", "${x}", None, 3])
def test_paths_that_are_no_prefix(path: str) -> None:
    with pytest.raises(BunsuiError, match=r"BUN109: Bucket 'lake': .* is not a prefix of a bucket"):
        Bucket("lake") / path


def test_calls_below_a_prefix_are_listed_below_it_only() -> None:
    calls = Bucket("lake").calls("reads", "raw", NAMES, WHY)
    listing = [call for call in calls if call.action == "s3:ListBucket"]
    assert [call.conditions for call in listing] == [(Condition("StringLike", "s3:prefix", ("raw", "raw/*")),)]


def test_calls_of_a_whole_bucket() -> None:
    calls = Bucket("lake", existing="the-lake").calls("reads", "", NAMES, WHY)
    assert {(call.action, call.resource, call.conditions) for call in calls} == {
        ("s3:GetObject", "arn:${AWS::Partition}:s3:::the-lake/*", ()),
        ("s3:ListBucket", "arn:${AWS::Partition}:s3:::the-lake", ()),
    }


def test_writing_does_not_allow_reading() -> None:
    for resource in (Bucket("lake"), Table("t", partition_key="k")):
        reads, writes = ({call.action for call in resource.calls(mode, "", NAMES, WHY)} for mode in ("reads", "writes"))
        assert not reads & writes


def test_what_exists_makes_no_resources() -> None:
    assert Bucket("lake", existing="the-lake").stack(NAMES, Environment()) == ()
    assert Table("t", partition_key="k", existing="Ttt").stack(NAMES, Environment()) == ()


def test_place_is_not_part_of_the_value() -> None:
    one = Bucket("lake")
    two = Bucket("lake")
    assert one == two
    assert one.where != two.where
    assert one != Bucket("lake", noncurrent_days=1)


def test_kinds() -> None:
    assert (Bucket("a").kind, Table("a", partition_key="k").kind) == ("Bucket", "Table")
