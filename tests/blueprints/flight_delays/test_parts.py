"""The smaller parts, with made-up data where the real data has no such case."""

from __future__ import annotations

from fractions import Fraction

import pytest

from blueprints.flight_delays import enrich, periods, quality, raw, reference, sheets, source, trends, weather
from blueprints.flight_delays.clean import RAW_COLUMNS, clean_flights
from blueprints.flight_delays.periods import flights_of, period


def test_periods():
    assert period(7) == periods.Period("2013-07", (7,))
    assert period(0) == periods.Period("2013", tuple(range(1, 13)))


@pytest.mark.parametrize("month", [-1, 13, 2013])
def test_what_is_no_month_is_refused(month):
    with pytest.raises(ValueError, match=f"month={month} is not a month; give 1 to 12, or 0"):
        period(month)


def test_the_source_is_cut_into_months_without_loss():
    objects = dict(source.raw_objects((1, 2, 12)))
    assert set(objects) == {"weather.csv", "planes.csv", "airlines.csv", *map(flights_of, (1, 2, 12))}
    lines = {month: objects[flights_of(month)].splitlines() for month in (1, 2, 12)}
    assert {month: len(found) - 1 for month, found in lines.items()} == {1: 27_004, 2: 24_951, 12: 28_135}
    assert all(found[0].decode().split(",") == list(RAW_COLUMNS) for found in lines.values())


def test_raw_flights_without_rows_are_refused(memory):
    with pytest.raises(ValueError, match="has no flights"):
        raw.raw_flights(memory({flights_of(1): b"year,month\n"}), 1, period(1))


def test_the_last_line_counts_without_its_line_end(memory):
    found = raw.raw_flights(memory({flights_of(1): b"year\n2013\n2013"}), 1, period(1))
    assert (found.records, found.bytes, found.days) == (2, 14, 31)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="no column name, wind; the header is a,b"):
        list(sheets.rows(b"a,b\n1,2\n", "a", "name", "wind"))


def test_a_short_row_is_told_by_its_line():
    with pytest.raises(ValueError, match="line 3 has 1 fields, the header 2"):
        list(sheets.rows(b"a,b\n1,2\n3\n", "a", "b"))


WEATHER = b"""origin,month,temp,wind_speed,wind_gust,precip,pressure,visib,time_hour
EWR,1,39,1048.36,NA,0,1012,10,T1
EWR,1,39,12,NA,0,1012,10,T1
JFK,1,NA,12,20,0,700,10,T1
JFK,2,39,12,NA,0,1012,10,T9
"""


def test_weather_is_blanked_where_impossible_and_kept_to_the_period(memory):
    folder = memory()
    found = weather.clean_weather(memory({"weather.csv": WEATHER}), folder, period(1))
    assert folder.objects[found.name].decode().splitlines()[1:] == ["EWR,T1,39,,,0,1012,10", "JFK,T1,,12,20,0,,10"]
    assert (found.records, found.duplicates) == (2, 1)
    assert found.impossible == dict.fromkeys(weather.LIMITS, 0) | {"wind_speed": 1, "pressure": 1}
    assert found.missing == dict.fromkeys(weather.LIMITS, 0) | {"temp": 1, "wind_gust": 1}


def test_a_carrier_code_must_be_unique(memory):
    with pytest.raises(ValueError, match=r"carrier UA is in airlines\.csv twice"):
        reference.carriers(memory({"airlines.csv": b"carrier,name\nUA,United\nUA,Other\n"}))


def test_impossible_years_of_planes_are_blanked(memory):
    folder = memory()
    planes = b"tailnum,year\nN3,2031\nN1,1998\nN2,NA\nN4,0\n"
    found = reference.fleet(memory({"planes.csv": planes}), folder, 2013)
    assert (found.planes, found.unknown_age) == (4, 3)
    assert folder.objects[found.name] == b"plane,year\nN1,1998\nN2,\nN3,\nN4,\n"


def test_a_flight_of_an_unknown_carrier_stays(memory):
    row = "2013,1,5,2355,2350,5,2400,2355,5,XX,1545,NA,EWR,BOS,35,200,23,50,T1"
    clean = memory({"planes.csv": b"plane,year\n"})
    flights = clean_flights(memory({flights_of(1): f"{','.join(RAW_COLUMNS)}\n{row}\n".encode()}), clean, period(1))
    hours = weather.clean_weather(memory({"weather.csv": WEATHER}), clean, period(1))
    enriched = memory()
    found = enrich.enrich(clean, enriched, flights, hours, {"UA": "United"}, reference.Fleet("planes.csv", 0, 0))
    assert (found.flights, found.without_carrier, found.without_plane, found.without_tail_number) == (1, 1, 1, 1)
    assert found.without_weather == 0
    (values,) = sheets.rows(enriched.objects[flights_of(1)], "carrier", "carrier_name", "plane_year", "temp")
    assert values == ("XX", "", "", "39")


@pytest.mark.parametrize(
    ("points", "slope"),
    [
        ([], None),
        ([(3, 5)], None),
        ([(1, 2), (2, 4), (3, 6)], 2.0),
        ([(1, 1), (2, 1)], 0.0),
        ([(0, 0), (3, -1)], -0.333),
    ],
)
def test_slope(points, slope):
    assert trends.slope([(x, Fraction(y)) for x, y in points]) == slope


def test_lost_records_are_an_error(january):
    days = january.figures.days[1:]
    with pytest.raises(quality.Inconsistent, match=r"27004 records in the raw files, .* daily summary"):
        quality.quality(january.raw, january.flights, january.weather, january.fleet, january.enriched, days)
