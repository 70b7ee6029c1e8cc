"""What the operations hand on: amounts are Decimal, days are dates, and travel as such."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bunsui import Dataset

EURO = "EUR"
"""The currency that the books are kept in."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the delivery note announces: the names of the files below `inbox/`."""

    files: list[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invoice; `price` of one piece without tax, `vat` in percent."""

    text: str
    quantity: Decimal
    price: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as its supplier wrote it: `net`, `tax` and `gross` are what it claims."""

    file: str
    number: str
    supplier: str
    issued: datetime.date
    due: datetime.date
    currency: str
    order: str
    iban: str
    bic: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that is no invoice, why, and where it was filed; nowhere when there was no such file."""

    file: str
    reason: str
    filed: Dataset | None


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase order: from whom, for how much without tax, and to which account its supplier is paid."""

    number: str
    supplier: str
    name: str
    country: str
    currency: str
    net: Decimal
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """What came of a page of purchase orders: `next` is the page after it, `orders` counts those of all so far."""

    next: str | None
    orders: int


@dataclass(frozen=True, slots=True)
class Rates:
    """What a euro costs in other currencies, on which day, and who says so."""

    day: datetime.date
    source: str
    per_euro: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Terms:
    """Percent that a supplier takes off what is paid within so many days."""

    percent: Decimal
    days: int


class Kind(StrEnum):
    """What may be wrong with an invoice."""

    ARITHMETIC = "arithmetic"
    CURRENCY = "currency"
    DUPLICATE = "duplicate"
    IBAN = "iban"
    ORDER = "order"
    VAT = "vat"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an invoice."""

    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An invoice that is not paid as it is."""

    file: str
    number: str
    supplier: str
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice that is right: what is owed to whom, and until when."""

    number: str
    supplier: str
    name: str
    issued: datetime.date
    due: datetime.date
    currency: str
    gross: Decimal
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The invoices of a delivery."""

    claims: list[Claim]
    refused: list[Refusal]
    rejected: list[Rejection]


@dataclass(frozen=True, slots=True)
class Item:
    """One invoice in a payment: what is paid for it, and the discount that was taken off before."""

    number: str
    amount: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """What one supplier is paid: `amount` in its currency, `euros` by the day's rate."""

    supplier: str
    name: str
    iban: str
    bic: str
    currency: str
    amount: Decimal
    euros: Decimal
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid in one run; `total` is in euros, `foreign` counts the payments in other currencies.

    `later` are the invoices that another run will pay.
    """

    run: str
    day: datetime.date
    total: Decimal
    suppliers: int
    foreign: int
    payments: list[Payment]
    later: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run; `unpaid` says why nothing was paid, and is empty when something was."""

    run: str
    files: int
    due: Decimal
    paid: Decimal
    unpaid: str
    approved: str
    entry: str
    file: Dataset | None
    rates: str
    refused: list[Refusal]
    rejected: list[Rejection]
    later: list[str]
