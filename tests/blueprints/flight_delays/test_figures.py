"""Every figure against the naive computation, for a month and for the year."""

from __future__ import annotations

import dataclasses

import pytest

from tests.blueprints.flight_delays import naive

TOTALS = {1: (27_004, 31, 5), 0: (336_776, 365, 53)}
"""Month -> flights in the data, days, ISO weeks; from the data's own documentation and the calendar."""


def close(value, digits=2):
    """A rounded figure: equal within half of the last digit, and a little for binary fractions."""
    return None if value is None else pytest.approx(value, abs=0.5 * 10**-digits + 1e-9)


def check(row, expected, digits=2):
    assert {name: getattr(row, name) for name in expected} == {
        name: close(value, digits) if isinstance(value, float) else value for name, value in expected.items()
    }


def test_nothing_is_lost(covered):
    records, days, weeks = TOTALS[covered.month]
    assert covered.raw.records == covered.flights.records == len(covered.naive.rows) == records
    assert covered.flights.accepted + sum(covered.flights.rejected.values()) == records
    assert (len(covered.figures.days), len(covered.figures.weeks)) == (days, weeks)
    assert sum(day.flights for day in covered.figures.days) == covered.flights.accepted


def test_rejected_by_reason(covered):
    assert covered.figures.quality.rejected_by_reason == covered.naive.rejected
    assert covered.flights.accepted == len(covered.naive.good)
    assert covered.flights.cancelled == covered.naive.cancelled()
    assert covered.flights.midnights == covered.naive.midnights()


def test_rejected_rows_are_kept_with_reason_and_line(covered):
    label = covered.flights.label
    lines = covered.folders.clean.objects[f"rejected/{label}.csv"].decode().splitlines()
    assert len(lines) - 1 == sum(covered.naive.rejected.values())
    reason, line, *row = lines[1].split(",")
    first = next(row for row in covered.naive.rows if naive.reason(row))
    assert (reason, row) == (naive.reason(first), list(first.values()))
    assert int(line) == covered.naive.rows.index(first) + 2


def test_joins_lose_no_flight_and_count_the_unmatched(covered):
    good, weather = covered.naive.good, covered.naive.weather()
    planes = {row["tailnum"] for row in naive.read("planes")}
    airlines = {row["carrier"] for row in naive.read("airlines")}
    expected = {
        "flights": len(good),
        "without_weather": sum((row["origin"], row["time_hour"]) not in weather for row in good),
        "without_carrier": sum(row["carrier"] not in airlines for row in good),
        "without_plane": sum(row["tailnum"] not in planes for row in good),
        "without_tail_number": sum(row["tailnum"] == "NA" for row in good),
    }
    check(covered.enriched, expected)
    assert covered.enriched.without_weather > 0
    assert covered.figures.quality.weather_percent == close(100 - 100 * expected["without_weather"] / len(good))
    assert covered.figures.quality.plane_percent == close(100 - 100 * expected["without_plane"] / len(good))


def test_weather_quality(covered):
    hours = [row for row in naive.read("weather") if covered.month in (0, int(row["month"]))]
    quality = covered.figures.quality
    assert quality.weather_records == len(hours)
    for name in ("temp", "wind_speed", "wind_gust", "pressure", "visib", "precip"):
        assert quality.weather_missing.get(name, 0) == sum(row[name] == "NA" for row in hours)
    storms = sum(row["wind_speed"] != "NA" and float(row["wind_speed"]) > 1000 for row in hours)
    assert quality.weather_impossible == ({"wind_speed": storms} if storms else {})


def test_days(covered):
    weather = covered.naive.weather()
    groups = covered.naive.group(naive.date_of)
    assert [day.day for day in covered.figures.days] == [day.isoformat() for day in sorted(groups)]
    for day, rows in zip(covered.figures.days, (groups[key] for key in sorted(groups)), strict=True):
        check(day, naive.punctuality(rows) | naive.weather_of(rows, weather))


def test_weeks(covered):
    groups = covered.naive.group(lambda row: "{}-W{:02}".format(*naive.date_of(row).isocalendar()))
    assert [week.week for week in covered.figures.weeks] == sorted(groups)
    for week in covered.figures.weeks:
        rows = groups[week.week]
        check(week, naive.punctuality(rows) | {"days": len({row["day"] for row in rows})})


def test_carriers(covered):
    names = {row["carrier"]: row["name"] for row in naive.read("airlines")}
    years = {row["tailnum"]: row["year"] for row in naive.read("planes")}
    groups = covered.naive.group(lambda row: row["carrier"])
    found = covered.figures.carriers
    assert {trend.carrier: trend.name for trend in found} == {code: names[code] for code in groups}
    assert [trend.flights for trend in found] == sorted((len(rows) for rows in groups.values()), reverse=True)
    for trend in found:
        rows = groups[trend.carrier]
        expected = naive.punctuality(rows)
        del expected["departure_delay"]
        built = [int(years[row["tailnum"]]) for row in rows if years.get(row["tailnum"], "NA") not in ("NA", "0")]
        check(trend, expected | {"plane_age": naive.average(2013 - year for year in built)})
        assert trend.trend == close(naive.trend(rows), 3)


def test_worst_days(covered):
    def badness(rows):
        figures = naive.punctuality(rows)
        return figures["disrupted"], figures["arrival_delay"]

    groups = covered.naive.group(naive.date_of)
    ten = sorted(groups, key=lambda day: badness(groups[day]), reverse=True)[:10]
    worst = covered.figures.worst_days
    assert [(day.rank, day.day, day.weekday) for day in worst] == [
        (rank, day.isoformat(), f"{day:%A}") for rank, day in enumerate(ten, 1)
    ]
    for one in worst:
        days = {day.day: day for day in covered.figures.days}
        shared = {field.name for field in dataclasses.fields(one)} - {"rank", "weekday"}
        assert all(getattr(one, name) == getattr(days[one.day], name) for name in shared)
