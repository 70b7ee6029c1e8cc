from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest

from bunsui.errors import UsageError
from bunsui.session.ids import PATTERN, check_session_id, new_session_id


def test_an_id_tells_its_time_in_utc():
    there = datetime(2026, 11, 21, 19, 15, 30, tzinfo=timezone(timedelta(hours=9)))
    id = new_session_id(lambda: there, Random(1))
    assert id.startswith("20261121-101530-")
    assert len(id) == 20
    assert PATTERN.fullmatch(id)


def test_ids_sort_by_time_and_differ_within_a_second():
    dice, moment = Random(7), datetime(2026, 1, 1, tzinfo=UTC)
    ids = {new_session_id(lambda: moment, dice) for _ in range(50)}
    assert len(ids) == 50
    assert max(ids) < new_session_id(lambda: moment + timedelta(seconds=1), dice)


def test_ids_of_ones_own_are_allowed():
    assert check_session_id("nightly_2026-11") == "nightly_2026-11"


@pytest.mark.parametrize("id", ["", "a b", "a/b", "x" * 41, "ü", "a#b", "a\n"])
def test_other_ids_are_refused(id):
    with pytest.raises(UsageError) as caught:
        check_session_id(id)
    assert caught.value.code == "BUN702"
    assert "1 to 40" in caught.value.hint
