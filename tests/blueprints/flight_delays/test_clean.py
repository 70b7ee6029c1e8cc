from __future__ import annotations

import csv
import io
import time

import pytest

from blueprints.flight_delays import clean, source
from blueprints.flight_delays.periods import flights_of, period

LINE = "2013,1,5,2355,2350,5,2400,2355,5,UA,1545,N14228,EWR,BOS,35,200,23,50,2013-01-06T04:00:00Z"
GOOD = dict(zip(clean.RAW_COLUMNS, LINE.split(","), strict=True))


def raw_csv(*changes: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, clean.RAW_COLUMNS)
    writer.writeheader()
    writer.writerows(GOOD | change for change in changes)
    return text.getvalue().encode()


def cleaned(memory, data: bytes):
    folder = memory()
    counts = clean.clean_flights(memory({flights_of(1): data}), folder, period(1))
    return counts, folder


def test_a_good_flight_is_tidied(memory):
    counts, folder = cleaned(memory, raw_csv({}))
    assert (counts.accepted, counts.midnights, sum(counts.rejected.values())) == (1, 1, 0)
    header, row = csv.reader(io.StringIO(folder.objects[flights_of(1)].decode()))
    assert dict(zip(header, row, strict=True)) == {
        "day": "2013-01-05",
        "hour_utc": "2013-01-06T04:00:00Z",
        "carrier": "UA",
        "number": "1545",
        "plane": "N14228",
        "origin": "EWR",
        "dest": "BOS",
        "scheduled_departure": "1430",
        "departure": "1435",
        "departure_delay": "5",
        "scheduled_arrival": "1435",
        "arrival": "0",
        "arrival_delay": "5",
        "air_time": "35",
        "distance": "200",
    }


def test_a_cancelled_flight_is_accepted_and_counted(memory):
    nothing = dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"), "NA")
    counts, _ = cleaned(memory, raw_csv(nothing))
    assert (counts.accepted, counts.cancelled) == (1, 1)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("missing value", {"carrier": "NA"}),
        ("missing value", {"sched_dep_time": "NA"}),
        ("missing value", {"distance": ""}),
        ("not a number", {"distance": "far"}),
        ("not a number", {"day": "5th"}),
        ("impossible date", {"month": "2", "day": "30"}),
        ("impossible time", {"dep_time": "2360"}),
        ("impossible time", {"arr_time": "2401"}),
        ("impossible time", {"dep_time": "-5"}),
        ("another month", {"month": "2"}),
        ("no arrival time", {"arr_time": "NA", "arr_delay": "NA"}),
        ("no arrival delay", {"arr_delay": "NA"}),
        ("departed without delay", {"dep_delay": "NA"}),
        ("arrived without departing", {"dep_time": "NA", "dep_delay": "NA"}),
        ("departure contradicts delay", {"dep_delay": "6"}),
        ("arrival contradicts delay", {"arr_delay": "-5"}),
        ("impossible speed", {"distance": "400"}),
        ("impossible distance", {"distance": "17"}),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(memory, reason, change):
    counts, folder = cleaned(memory, raw_csv({}, change))
    assert {name: count for name, count in counts.rejected.items() if count} == {reason: 1}
    assert (counts.accepted, counts.records) == (1, 2)
    _, rejected = csv.reader(io.StringIO(folder.objects["rejected/2013-01.csv"].decode()))
    assert rejected == [reason, "3", *(GOOD | change).values()]


def test_the_second_of_two_equal_flights_is_a_duplicate(memory):
    counts, _ = cleaned(memory, raw_csv({}, {"tailnum": "N1"}, {"origin": "JFK"}))
    assert (counts.accepted, counts.rejected["duplicate"]) == (2, 1)


def test_a_rejected_row_makes_no_duplicate_of_a_good_one(memory):
    counts, _ = cleaned(memory, raw_csv({"arr_delay": "NA"}, {}))
    assert (counts.accepted, counts.rejected["duplicate"]) == (1, 0)


def test_a_short_row_is_rejected(memory):
    counts, _ = cleaned(memory, raw_csv({}) + b"2013,1,6\n")
    assert counts.rejected["wrong number of fields"] == 1


def test_every_reason_is_counted_even_if_it_never_occurs(memory):
    counts, _ = cleaned(memory, raw_csv({}))
    assert set(counts.rejected) == set(clean.REASONS)


def test_other_columns_are_refused(memory):
    with pytest.raises(ValueError, match="expected year,month,day"):
        cleaned(memory, b"a,b\n1,2\n")


def test_a_missing_month_is_a_missing_file(memory):
    with pytest.raises(FileNotFoundError):
        clean.clean_flights(memory(), memory(), period(1))


def test_cleaning_the_same_bytes_twice_gives_the_same_bytes(memory):
    data = dict(source.raw_objects((2,)))[flights_of(2)]
    made = []
    for _ in range(2):
        folder = memory()
        clean.clean_flights(memory({flights_of(2): data}), folder, period(2))
        made.append(folder.objects)
    assert made[0] == made[1]


def test_cleaning_is_fast_enough(memory):
    """The aim is 30,000 records a second of processor time."""
    data = dict(source.raw_objects((2,)))[flights_of(2)]
    started = time.process_time()
    counts = clean.clean_flights(memory({flights_of(2): data}), memory(), period(2))
    assert counts.records / (time.process_time() - started) > 30_000
