"""Checks, what is due, and the bank's file; nothing here knows AWS."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from blueprints.invoices import bank, checking, due, iban, money, rates, reading
from blueprints.invoices.reading import MalformedInvoice
from blueprints.invoices.records import Checked, Due, Invoice, Kind, Line, Order, Rejection, Terms
from tests.blueprints.invoices.conftest import DAY, OBJECTS

RATES = rates.read(OBJECTS["rates/eurofxref-daily.xml"], DAY)
TERMS = due.terms(OBJECTS["terms/discounts.csv"])


def read(file: str) -> Invoice:
    return reading.read(file, OBJECTS[f"inbox/{file}"])


def delivered() -> list[Invoice | Rejection]:
    found: list[Invoice | Rejection] = []
    for key in OBJECTS:
        file = key.removeprefix("inbox/")
        if file in (key, "delivery.json"):
            continue
        try:
            found.append(read(file))
        except MalformedInvoice as wrong:
            found.append(Rejection(file, str(wrong), None))
    return found


@pytest.fixture
def checked(orders: Mapping[str, Order]) -> Checked:
    return checking.check(delivered(), orders, (), RATES)


@pytest.fixture
def owed(checked: Checked) -> Due:
    return due.due(checked.claims, DAY, RATES, TERMS)


def problems(
    invoice: Invoice, orders: Mapping[str, Order], *before: Invoice, paid: tuple[checking.Key, ...] = ()
) -> list[tuple[Kind, str]]:
    """What is wrong with the last of some invoices."""
    found = checking.check([*before, invoice], orders, paid, RATES).refused
    return [(one.kind, one.detail) for refusal in found if refusal.file == invoice.file for one in refusal.problems]


@pytest.mark.parametrize(
    "account",
    [
        "DE89370400440532013000",
        "GB82WEST12345698765432",
        "NO9386011117947",
        "CH9300762011623852957",
        "FI2112345600000785",
    ],
)
def test_accounts_of_the_standard_are_right(account: str) -> None:
    """Examples of the IBAN Registry."""
    assert iban.fault(account) == ""
    for place in range(4, len(account)):
        other = str((int(account[place], 36) + 1) % 10)
        assert "check digits" in iban.fault(account[:place] + other + account[place + 1 :])


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ("DE8937040044053201300", "has 21 characters, and those of DE have 22"),
        ("XK051212012345678906", "of a country whose accounts are not paid to"),
        ("de89370400440532013000", "is no IBAN"),
        ("", "is no IBAN"),
    ],
)
def test_accounts_that_are_none(account: str, why: str) -> None:
    assert why in iban.fault(account)


def test_tax_is_rounded_once_for_each_rate() -> None:
    """Each line alone would be rounded down to 0.00; together they owe a cent (EN 16931, BR-CO-17)."""
    lines = [Line("screw", Decimal(1), Decimal("0.02"), Decimal(19))] * 2
    assert (money.net(lines), money.tax(lines)) == (Decimal("0.04"), Decimal("0.01"))
    assert money.cents(Decimal("0.125")) == Decimal("0.13")
    assert money.cents(Decimal("-0.125")) == Decimal("-0.13")


def test_the_delivery(checked: Checked) -> None:
    assert len(checked.claims) == 15
    assert {one.file: [problem.kind for problem in one.problems] for one in checked.refused} == {
        "alpenlaser-R-5541.xml": [Kind.ORDER],
        "brenner-r4711.json": [Kind.DUPLICATE],
        "dewit-26-0092.xml": [Kind.IBAN],
        "harrow-INV-7790.csv": [Kind.CURRENCY],
        "lumen-F2026-119.xml": [Kind.IBAN],
        "papier-882.json": [Kind.ARITHMETIC],
        "wisla-FV-03-220.csv": [Kind.ORDER],
    }
    assert [one.file for one in checked.rejected] == ["brenner-r4802.json", "zuerichsee-10240.xml"]


def test_an_invoice_that_was_paid_before_is_refused(orders: Mapping[str, Order]) -> None:
    invoice = read("lumen-F2026-118.xml")
    assert problems(invoice, orders) == []
    assert problems(invoice, orders, paid=(("S-2001", "F2026-118"),)) == [
        (Kind.DUPLICATE, "F2026-118 of S-2001 is paid already")
    ]


def test_the_same_number_of_two_suppliers_is_no_duplicate(orders: Mapping[str, Order]) -> None:
    other = replace(read("dewit-26-0091.xml"), number="F2026-118")
    assert problems(other, orders, read("lumen-F2026-118.xml")) == []


def test_an_account_that_is_not_the_suppliers(orders: Mapping[str, Order]) -> None:
    assert problems(read("lumen-F2026-119.xml"), orders) == [
        (Kind.IBAN, "FR1510278060410002345678911 is not the account of Atelier Lumen SARL")
    ]


def test_sums_that_do_not_add_up(orders: Mapping[str, Order]) -> None:
    invoice = replace(read("nordlicht-2026-0327.json"), net=Decimal("2361.61"))
    assert problems(invoice, orders) == [
        (Kind.ARITHMETIC, "net is 2361.61, and comes to 2361.60"),
        (Kind.ARITHMETIC, "gross is 2810.30, and comes to 2810.31"),
    ]


def test_tax_of_suppliers_abroad_is_owed_by_the_buyer(orders: Mapping[str, Order]) -> None:
    invoice = read("alpenlaser-R-5540.xml")
    lines = [replace(line, vat=Decimal(20)) for line in invoice.lines]
    taxed = replace(invoice, lines=lines, tax=money.tax(lines), gross=invoice.net + money.tax(lines))
    assert problems(taxed, orders) == [(Kind.VAT, "20 % is no rate for a supplier in AT")]


@pytest.mark.parametrize(("net", "right"), [("2448.00", True), ("2448.01", False)])
def test_two_percent_over_the_order_are_tolerated(orders: Mapping[str, Order], net: str, right: bool) -> None:
    lines = [Line("Quartz window", Decimal(1), Decimal(net), Decimal(0))]
    invoice = replace(
        read("nordlicht-2026-0327.json"), lines=lines, net=Decimal(net), tax=Decimal(0), gross=Decimal(net)
    )
    kinds = [kind for kind, _ in problems(invoice, orders)]
    assert kinds == [Kind.VAT, *(() if right else (Kind.ORDER,))]


def test_invoices_of_one_order_are_added_up(orders: Mapping[str, Order]) -> None:
    first = read("saaletal-20260228.json")
    again = replace(first, file="again.json", number="again")
    assert problems(again, orders, first) == [(Kind.ORDER, "8248.94 EUR are billed on order PO-26-0104 of 5600.00")]


def test_a_currency_without_rate(orders: Mapping[str, Order]) -> None:
    order = replace(orders["PO-26-0118"], currency="HUF")
    invoice = replace(read("wisla-FV-03-214.csv"), currency="HUF")
    assert problems(invoice, {order.number: order}) == [(Kind.CURRENCY, "there is no rate for HUF")]


def test_what_is_due(owed: Due) -> None:
    assert (owed.total, owed.suppliers, owed.foreign) == (Decimal("63828.43"), 11, 4)
    assert owed.later == ["1217", "2026-0311", "RE-881", "20260331"]
    assert {one.supplier: one.euros for one in owed.payments if one.currency != "EUR"} == {
        "S-3001": Decimal("9065.16"),  # 8640.00 / 0.9531
        "S-3002": Decimal("5152.02"),  # 4314.30 / 0.8374
        "S-3003": Decimal("5665.04"),  # 61460.00 / 10.849
        "S-3004": Decimal("5612.81"),  # 23502.50 / 4.1873
    }


def test_discounts_are_taken_while_they_are_to_be_had(checked: Checked) -> None:
    def item(day: datetime.date) -> tuple[Decimal, Decimal] | None:
        paid = due.due(checked.claims, day, RATES, {"S-2003": Terms(Decimal(2), 10)}).payments
        return next(
            ((item.amount, item.discount) for one in paid for item in one.items if item.number == "R-5540"), None
        )

    assert item(datetime.date(2026, 4, 3)) == (Decimal("12586.14"), Decimal("256.86"))
    assert item(datetime.date(2026, 4, 4)) is None
    assert item(datetime.date(2026, 4, 16)) == (Decimal("12843.00"), 0)


def test_a_supplier_is_paid_at_once_for_all_its_invoices(checked: Checked) -> None:
    paid = due.due(checked.claims, datetime.date(2026, 4, 20), RATES, {}).payments
    (one,) = [payment for payment in paid if payment.supplier == "S-1001"]
    assert [item.number for item in one.items] == ["2026-0311", "2026-0327"]
    assert one.amount == sum(item.amount for item in one.items)
    assert bank.remittance(one) == "2026-0311, 2026-0327"


def test_nothing_is_due_early(checked: Checked) -> None:
    none = due.due(checked.claims, datetime.date(2026, 3, 1), RATES, {})
    assert (none.total, none.suppliers, none.payments, len(none.later)) == (0, 0, [], 15)


NAMES = {"": bank.NAMESPACE}


def test_the_international_file(owed: Due) -> None:
    root = ElementTree.fromstring(bank.international(owed))
    groups = root.findall("CstmrCdtTrfInitn/PmtInf", NAMES)
    found = {
        group.findtext("PmtInfId", "", NAMES): (
            group.findtext("PmtTpInf/SvcLvl/Cd", "", NAMES),
            group.findtext("ChrgBr", "", NAMES),
            int(group.findtext("NbOfTxs", "", NAMES)),
            len(group.findall("CdtTrfTxInf", NAMES)),
        )
        for group in groups
    }
    assert found == {
        "20260331-EUR": ("SEPA", "SLEV", 7, 7),
        **{f"20260331-{one}": ("NURG", "SHAR", 1, 1) for one in ("CHF", "GBP", "PLN", "SEK")},
    }
    amounts = {(one.get("Ccy"), one.text) for one in root.iter(f"{{{bank.NAMESPACE}}}InstdAmt")}
    assert amounts == {(one.currency, str(one.amount)) for one in owed.payments}
    references = [one.text for one in root.iter(f"{{{bank.NAMESPACE}}}EndToEndId")]
    assert len(set(references)) == len(references) == 11


def test_the_domestic_file_takes_euros_only(owed: Due) -> None:
    euros = replace(owed, payments=[one for one in owed.payments if one.currency == "EUR"])
    root = ElementTree.fromstring(bank.domestic(euros))
    assert root.findtext("CstmrCdtTrfInitn/GrpHdr/CtrlSum", "", NAMES) == "38333.40"
    assert len(root.findall("CstmrCdtTrfInitn/PmtInf", NAMES)) == 1
    with pytest.raises(ValueError, match="S-3001, S-3002, S-3003, S-3004: not in euros"):
        bank.domestic(owed)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Zürichsee Präzision AG", "Zuerichsee Praezision AG"),
        ("Wisła Elektronika", "Wisla Elektronika"),
        ("Papier & Form", "Papier + Form"),
        ("Crème_Brûlée №1", "Creme.Brulee No1"),
        ("水", "."),
    ],
)
def test_names_in_letters_that_every_bank_takes(name: str, told: str) -> None:
    assert bank.latin(name) == told
