"""Names in AWS: within their limits, and never the same for two things."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunsui.model.environment import Environment
from bunsui.model.names import Names, execution_name, shorten
from bunsui.model.titles import title

PREFIXES = st.from_regex(r"([A-Za-z][A-Za-z0-9-]{0,15})?", fullmatch=True)
PIPELINES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,39}", fullmatch=True)
IDENTIFIERS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,127}", fullmatch=True)
IDS = st.from_regex(r"[a-z][a-z0-9-]{0,29}", fullmatch=True)


@given(PREFIXES, PIPELINES, PIPELINES, IDENTIFIERS, IDS)
def test_names_are_within_the_limits_of_aws(prefix: str, pipeline: str, job: str, function: str, id: str) -> None:
    names = Names(pipeline, prefix)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", names.stack)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", names.machine)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", names.job(job))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", names.function(function))
    assert re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", names.table(id))
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", names.bucket(id, "123456789012", "ap-southeast-1"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", execution_name("s" * 40, 99999, job))


@given(st.sets(IDENTIFIERS, min_size=2, max_size=20), PREFIXES, PIPELINES)
def test_functions_keep_apart(functions: set[str], prefix: str, pipeline: str) -> None:
    names = Names(pipeline, prefix)
    assert len({names.function(one) for one in functions}) == len(functions)


@given(st.sets(st.one_of(IDENTIFIERS, PIPELINES), min_size=2, max_size=20))
def test_titles_keep_apart(names: set[str]) -> None:
    words = {re.sub("-", "_", name) for name in names}
    kinds = ("WorkerRole", "Function", "JobMachine", "JobMachineRole", "Bucket", "BucketPolicy", "Table", "Stack")
    made = [title(name, kind) for name in words for kind in kinds]
    assert len(made) == len(set(made))
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", one) for one in made)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [("clean_flights", "Function", "CleanFlightsFunction"), ("flight-delays", "Table", "FlightDelaysTable")],
)
def test_plain_names_stay_readable(name: str, kind: str, expected: str) -> None:
    assert title(name, kind) == expected


def test_shorten() -> None:
    assert shorten("abc", 3) == "abc"
    short = shorten("a" * 100, 20)
    assert len(short) == 20
    assert short.startswith("aaaaaaaaaaa-")
    assert short != shorten("a" * 101, 20)


def test_default_environment_is_the_embedded_aws() -> None:
    assert Environment().is_local
    assert not Environment(name="prod").is_local
    assert not Environment(endpoint_url="http://127.0.0.1:4566").is_local
