"""Invoices in three formats, and files that are none."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest

from blueprints.invoices import rates, reading
from blueprints.invoices.reading import MalformedInvoice
from blueprints.invoices.records import Invoice, Line
from tests.blueprints.invoices.conftest import DAY, OBJECTS

GOOD = "nordlicht-2026-0327.json"


def found(file: str) -> Invoice:
    return reading.read(file, OBJECTS[f"inbox/{file}"])


def changed(**fields: Any) -> bytes:
    """The good file with other fields; None takes one away."""
    given = json.loads(OBJECTS[f"inbox/{GOOD}"]) | fields
    return json.dumps({name: value for name, value in given.items() if value is not None}).encode()


def test_json() -> None:
    assert found(GOOD) == Invoice(
        file=GOOD,
        number="2026-0327",
        supplier="S-1001",
        issued=datetime.date(2026, 3, 27),
        due=datetime.date(2026, 4, 26),
        currency="EUR",
        order="PO-26-0102",
        iban="DE24830654080004711001",
        bic="NOLIDE8JXXX",
        net=Decimal("2361.60"),
        tax=Decimal("448.70"),
        gross=Decimal("2810.30"),
        lines=[Line("Quartz window 25 mm", Decimal(96), Decimal("24.60"), Decimal(19))],
    )


def test_xml() -> None:
    one = found("lumen-F2026-118.xml")
    assert (one.number, one.supplier, one.order) == ("F2026-118", "S-2001", "PO-26-0108")
    assert (one.net, one.tax, one.gross) == (Decimal("7415.00"), Decimal("0.00"), Decimal("7415.00"))
    assert (one.iban, one.bic) == ("FR9830066109720001020030067", "ATLUFRPPXXX")
    assert [(line.text, line.quantity, line.price, line.vat) for line in one.lines] == [
        ("Fibre coupler 50/50", 40, 128, 0),
        ("Light guide 2 m", 30, Decimal("76.5"), 0),
    ]


def test_csv_has_decimal_commas() -> None:
    one = found("wisla-FV-03-214.csv")
    assert (one.number, one.currency, one.gross) == ("FV/03/214", "PLN", Decimal("23502.50"))
    assert [line.price for line in one.lines] == [Decimal("264.10"), Decimal("12.40")]


def test_amounts_are_never_binary() -> None:
    text = changed().replace(b"24.6,", b"24.6000000000000000001,")
    assert reading.read(GOOD, text).lines[0].price == Decimal("24.6000000000000000001")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("brenner-r4802.json", "brenner-r4802.json cannot be read: Expecting property name"),
        ("zuerichsee-10240.xml", "zuerichsee-10240.xml has no number"),
    ],
)
def test_files_of_the_delivery_that_are_none(file: str, why: str) -> None:
    with pytest.raises(MalformedInvoice, match=why):
        found(file)


@pytest.mark.parametrize(
    ("file", "data", "why"),
    [
        ("a.pdf", b"%PDF", "a.pdf is none of json, xml, csv"),
        ("a.json", b"[1]", "cannot be read"),
        ("a.json", b"\xff", "cannot be read"),
        ("a.json", changed(lines=[]), "a.json has no lines"),
        ("a.json", changed(lines=[1]), "has Decimal\\('1'\\) where fields belong"),
        ("a.json", changed(gross=None), "a.json has no gross"),
        ("a.json", changed(gross="much"), "gross is no number: 'much'"),
        ("a.json", changed(gross="NaN"), "gross is out of range: 'NaN'"),
        ("a.json", changed(gross=1e12), "gross is out of range"),
        ("a.json", changed(due="31.03.2026"), "due is no day: '31.03.2026'"),
        ("a.json", changed(number=" "), "number is no text: ' '"),
        ("a.xml", b"<Invoice>", "cannot be read"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>', "a document type of its own"),
        ("a.csv", b"number;supplier\n1;S-1\n", "has no lines"),
        ("a.csv", b"", "has no lines"),
        ("a.csv", b"number\n1\n\ntext;quantity;price;vat\nscrew;1\n", "cannot be read"),
    ],
)
def test_what_is_no_invoice(file: str, data: bytes, why: str) -> None:
    with pytest.raises(MalformedInvoice, match=why):
        reading.read(file, data)


RATES = OBJECTS["rates/eurofxref-daily.xml"]


def test_rates_of_the_day() -> None:
    one = rates.read(RATES, DAY)
    assert (one.day, one.source, one.per_euro["CHF"], len(one.per_euro)) == (
        DAY,
        "European Central Bank",
        Decimal("0.9531"),
        8,
    )


@pytest.mark.parametrize("late", [0, 5])
def test_rates_are_good_over_a_weekend(late: int) -> None:
    assert rates.read(RATES, DAY + datetime.timedelta(late)).day == DAY


@pytest.mark.parametrize("late", [-1, 6])
def test_rates_of_another_time_are_none(late: int) -> None:
    with pytest.raises(rates.NoRates, match="has the rates of 2026-03-31, not of"):
        rates.read(RATES, DAY + datetime.timedelta(late))


@pytest.mark.parametrize("data", [b"", b"<html/>", RATES.replace(b"0.9531", b"-1"), RATES.replace(b"0.9531", b"n/a")])
def test_what_holds_no_rates(data: bytes) -> None:
    with pytest.raises(rates.NoRates, match="holds no rates"):
        rates.read(data, DAY)
