"""What is paid in a run: what is due, by supplier, with the discounts that are to be had."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal

from blueprints.invoices import money
from blueprints.invoices.records import EURO, Claim, Due, Item, Payment, Rates, Terms

AHEAD = datetime.timedelta(days=7)
"""Until the next run."""

Account = tuple[str, str, str, str, str]
"""Supplier, its name, IBAN, BIC, currency."""


def terms(data: bytes) -> dict[str, Terms]:
    """The discounts that suppliers grant, from a table `supplier;percent;days`.

    Raises:
        ValueError, KeyError: it is no such table.
    """
    rows = csv.DictReader(data.decode().splitlines(), delimiter=";")
    return {row["supplier"]: Terms(Decimal(row["percent"]), int(row["days"])) for row in rows}


def run_of(day: datetime.date) -> str:
    """What a run is called: there is one a day, and doing it again is the same run."""
    return f"{day:%Y%m%d}"


def due(claims: Iterable[Claim], day: datetime.date, rates: Rates, discounts: Mapping[str, Terms]) -> Due:
    """The payments of a day."""
    items: dict[Account, list[Item]] = {}
    later = []
    for claim in claims:
        discount = _discount(claim, day, discounts)
        if claim.due > day + AHEAD and not discount:
            later.append(claim.number)
            continue
        account = (claim.supplier, claim.name, claim.iban, claim.bic, claim.currency)
        items.setdefault(account, []).append(Item(claim.number, claim.gross - discount, discount))
    payments = [_payment(account, found, rates) for account, found in sorted(items.items())]
    return Due(
        run=run_of(day),
        day=day,
        total=sum((one.euros for one in payments), Decimal(0)),
        suppliers=len({one.supplier for one in payments}),
        foreign=sum(one.currency != EURO for one in payments),
        payments=payments,
        later=later,
    )


def _discount(claim: Claim, day: datetime.date, discounts: Mapping[str, Terms]) -> Decimal:
    """What is taken off when it is paid on a day."""
    granted = discounts.get(claim.supplier)
    if granted is None or day > claim.issued + datetime.timedelta(days=granted.days):
        return Decimal(0)
    return money.percent(claim.gross, granted.percent)


def _payment(account: Account, items: list[Item], rates: Rates) -> Payment:
    supplier, name, iban, bic, currency = account
    amount = sum((item.amount for item in items), Decimal(0))
    return Payment(supplier, name, iban, bic, currency, amount, money.euros(amount, currency, rates), items)
